"""Dockerfiles as bayplan writes them."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.errors import UsageError
from bayplan.formats.dockerfile import parse, pattern, render
from bayplan.model.deployment import Instruction
from bayplan.model.image import (
    Argument,
    Cache,
    Command,
    Copy,
    Environment,
    Expose,
    Healthcheck,
    Image,
    Run,
    Stage,
    Step,
    User,
    Workdir,
)
from bayplan.source import Why

WHY = Why("image", "one reason")
STORE = Cache("pnpm", "/pnpm/store")

IMAGE = Image(
    "apps/api/Dockerfile",
    ".",
    (
        Stage(
            "deps",
            "node:20-alpine",
            (
                Workdir("/repo", Why("image", "the repository's folders are kept, for links lead from one to another")),
                Run(("npm install -g pnpm@9.15.9",), WHY),
                Copy(("package.json", "pnpm-lock.yaml"), "./", WHY),
                Run(("pnpm fetch", "pnpm install --offline"), WHY, (STORE, Cache("turbo", "/turbo", exclusive=True))),
            ),
            Why(
                "image",
                "installs every dependency from the lockfile alone, so that a change of the sources installs nothing",
            ),
            native=True,
        ),
        Stage(
            "run",
            "node:20-alpine",
            (
                Argument("PUBLIC_URL", WHY),
                Argument("LOG_LEVEL", WHY, "info only"),
                Environment((("NODE_ENV", "production"), ("GREETING", "it costs $5")), WHY),
                Copy(("/repo/a b",), "/app/", WHY, "deps"),
                User("node", WHY),
                Expose(4000, WHY),
                Healthcheck(("node", "-e", 'fetch("http://127.0.0.1:4000")'), WHY),
                Command(("node", "dist/main.js"), WHY),
            ),
            Why("image", "what runs in production"),
        ),
    ),
)

TEXT = r"""# Installs every dependency from the lockfile alone, so that a change of the sources installs
# nothing
FROM --platform=$BUILDPLATFORM node:20-alpine AS deps
WORKDIR /repo
RUN npm install -g pnpm@9.15.9
COPY package.json pnpm-lock.yaml ./
RUN --mount=type=cache,id=pnpm,target=/pnpm/store \
    --mount=type=cache,id=turbo,target=/turbo,sharing=locked \
    pnpm fetch && \
    pnpm install --offline

# What runs in production
FROM node:20-alpine AS run
ARG PUBLIC_URL
ARG LOG_LEVEL="info only"
ENV NODE_ENV=production GREETING="it costs \$5"
COPY --from=deps ["/repo/a b", "/app/"]
USER node
EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --start-interval=1s \
    CMD ["node", "-e", "fetch(\"http://127.0.0.1:4000\")"]
CMD ["node", "dist/main.js"]
"""


def one_step(step: Step) -> str:
    stage = Stage("run", "scratch", (step,), Why("image", ""))
    return render(Image("Dockerfile", ".", (stage,))).text.removeprefix("FROM scratch AS run\n")


def test_a_dockerfile_reads_as_if_written_by_hand() -> None:
    assert render(IMAGE).text == TEXT


def test_every_line_knows_its_reason() -> None:
    rendered = render(IMAGE)
    lines = TEXT.splitlines()
    assert all(rendered.why(number) for number, line in enumerate(lines, 1) if line)
    assert rendered.why(lines.index("WORKDIR /repo") + 1) == IMAGE.stages[0].steps[0].why
    assert rendered.why(1) == rendered.why(3) == IMAGE.stages[0].why
    assert rendered.why(8) == WHY
    assert rendered.why(lines.index("") + 1) is None


def test_many_sources_are_folded_and_many_variables_stand_in_lines_of_their_own() -> None:
    text = one_step(Copy(tuple(f"packages/package-{number}/package.json" for number in range(9)), "./", WHY))
    assert len(text.splitlines()) == 3
    assert all(len(line) <= 120 for line in text.splitlines())
    assert all(line.startswith("    ") for line in text.splitlines()[1:])
    values = tuple((f"VARIABLE_{number}", "a-long-enough-value-to-fill-it") for number in range(4))
    assert one_step(Environment(values, WHY)).splitlines()[1] == "    VARIABLE_1=a-long-enough-value-to-fill-it \\"


def test_a_step_that_needs_no_network_gets_none() -> None:
    assert one_step(Run(("tsc",), WHY, needs_network=False)) == "RUN --network=none \\\n    tsc\n"


def test_a_comment_on_the_first_line_is_never_taken_for_a_directive() -> None:
    stage = Stage("run", "scratch", (), Why("image", "syntax=docker/dockerfile:1"))
    text = render(Image("Dockerfile", ".", (stage,))).text
    assert text == "#\n# Syntax=docker/dockerfile:1\nFROM scratch AS run\n"


def test_a_reason_with_line_breaks_stays_a_comment() -> None:
    stage = Stage("run", "scratch", (), Why("image", "one\nRUN rm -rf /\r\n\u2028two"))
    assert render(Image("Dockerfile", ".", (stage,))).text == "# One RUN rm -rf / two\nFROM scratch AS run\n"


@pytest.mark.parametrize(
    "step",
    [
        Environment((("A", "x\ny"),), WHY),
        Argument("A", WHY, "x\ry"),
        Workdir("/a\nRUN b", WHY),
        User("a\nb", WHY),
        Copy(("a",), "b", WHY, "c\nd"),
        Run(("pnpm -C 'a\nUSER root'",), WHY),
        Workdir("/a\x1b[2J", WHY),
    ],
)
def test_a_value_that_no_dockerfile_can_hold_is_refused(step: Step) -> None:
    with pytest.raises(UsageError, match="line break"):
        one_step(step)


def test_a_dollar_a_bracket_and_a_quote_in_a_path_mean_themselves() -> None:
    assert one_step(Copy(("app/[slug]/$x.ts", "it's"), "./", WHY)) == (
        'COPY ["app/[[]slug]/\\\\$x.ts", "it\\\\\'s", "./"]\n'
    )


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
paths = texts.map(lambda text: text.replace("\\", "/"))
names = st.from_regex(r"[A-Z][A-Z0-9_]{0,6}", fullmatch=True)
argvs = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4).map(tuple)
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Copy, st.lists(paths, min_size=1, max_size=9).map(tuple), paths, st.just(WHY)),
    st.builds(
        Environment, st.lists(st.tuples(names, st.just("") | texts), min_size=1, max_size=9).map(tuple), st.just(WHY)
    ),
    st.builds(Argument, names, st.just(WHY), st.none() | texts),
    st.builds(Workdir, texts.filter(str.strip), st.just(WHY)),
    st.builds(User, texts.filter(str.strip), st.just(WHY)),
    st.builds(Expose, st.integers(1, 65535), st.just(WHY)),
    st.builds(Command, argvs, st.just(WHY)),
    st.builds(Healthcheck, argvs, st.just(WHY), retries=st.integers(1, 9)),
    st.builds(Run, st.lists(st.sampled_from(["a b", "c"]), min_size=1).map(tuple), st.just(WHY), st.just((STORE,))),
)


def says(step: Step, instruction: Instruction) -> bool:
    match step:
        case Copy():
            return instruction.arguments == (*map(pattern, step.sources), step.target)
        case Environment():
            return instruction.arguments == tuple(f"{name}={value}" for name, value in step.values)
        case Argument():
            return instruction.arguments == (step.name if step.default is None else f"{step.name}={step.default}",)
        case Workdir():
            return instruction.arguments == (step.path,)
        case User():
            return instruction.arguments == (step.name,)
        case Expose():
            return instruction.arguments == (str(step.port),)
        case Command():
            return instruction.arguments == step.argv and not instruction.shell
        case Healthcheck():
            return instruction.arguments == ("CMD", *step.argv) and instruction.flag("start-interval") == "1s"
        case Run():
            assert instruction.flags == (("mount", "type=cache,id=pnpm,target=/pnpm/store"),)
            return instruction.arguments[0].split() == " && ".join(step.commands).split()


@given(st.lists(steps, max_size=6), texts)
def test_what_is_written_is_what_is_read(steps: list[Step], because: str) -> None:
    stage = Stage("run", "node:20-alpine", tuple(steps), Why("image", because))
    image = parse(render(Image("Dockerfile", ".", (stage,))).text, "Dockerfile")
    assert image.final.base.value == "node:20-alpine"
    assert len(image.final.instructions) == len(steps)
    assert all(says(step, instruction) for step, instruction in zip(steps, image.final.instructions, strict=True))


ODD_NAMES = (
    *(
        "it's",
        "a b",
        "$x",
        "${y",
        'q"q',
        "[slug]",
        "back\\slash",
        "-dash",
        "<<EOF",
        "1<<E",
        "#hash",
        "ü ☃",
        "tab\there",
    ),
    *(
        "new\nline",
        "a,b",
        "`tick`",
        "(x)",
        "{a,b}",
        "x\u00a0y",
        "%41",
        "--from=x",
        "[a",
        "]b",
        "~t",
        "e:f",
        "&&",
        "a;b",
    ),
)


@pytest.mark.engine
def test_a_builder_copies_files_with_odd_names(tmp_path: Path, engine: str) -> None:
    context = tmp_path / "context"
    context.mkdir()
    for name in ODD_NAMES:
        (context / name).write_text(name)
    values = (("A", "a b $x \"q\" 's' \\ ` # ü"), ("B", " $"), ("C", "<<EOF"))
    steps = (Environment(values, WHY), Workdir('/w x$y"z', WHY), Copy(ODD_NAMES, "./", WHY))
    stage = Stage("run", "scratch", steps, WHY)
    (context / "Dockerfile").write_text(render(Image("Dockerfile", ".", (stage,))).text)
    out = tmp_path / "out"
    command = [engine, "build", "--quiet", "--output", f"type=local,dest={out}", str(context)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {file.name for file in (out / 'w x$y"z').iterdir()} == set(ODD_NAMES)
