"""Whatever stands in a repository: an error that names its place, or files in which hostile text is only text."""

import json
import os
import re
import shlex
import shutil
import signal
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayplan import passes, rules, writers
from bayplan.cli import main
from bayplan.errors import BayplanError
from bayplan.readers.config import read_config
from bayplan.readers.deployment import read_deployment
from bayplan.readers.workspace import read_workspace
from bayplan.tree import Tree

BASE = Path(__file__).parent.parent / "cases" / "rules" / "base"
PRIVATE = "belongs-elsewhere"
KNOWN_CODES = (0, 1, 2, 3, 75)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
INSTRUCTIONS = frozenset(("ARG", "CMD", "COPY", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "USER", "WORKDIR"))
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("plan", "--json"),
    ("check", "--format", "json"),
    ("write", "--check"),
    ("up", "--dry-run"),
)
Said = Callable[..., tuple[int, str]]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text(PRIVATE)
    return Path(shutil.copytree(BASE, tmp_path / "shop"))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nothing hang on a pipe or a device, and nothing wait for the disk."""

    def give_up(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise AssertionError("it hangs")

    monkeypatch.setattr(os, "fsync", lambda _: None)
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def said(shop: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    def run(*argv: str) -> tuple[int, str]:
        code = main(["-C", str(shop), *argv])
        captured = capsys.readouterr()
        text = captured.out + captured.err
        assert code in KNOWN_CODES, text
        assert "Traceback" not in text
        assert PRIVATE not in text
        assert not CONTROL.search(text), text
        if code == 1 and argv[0] == "plan":
            assert "\nhelp: " in text
        return code, text

    return run


def edit(file: Path, **changes: object) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


DEEP_JSON = '{"a":' * 5000 + "1" + "}" * 5000
CONFLICT = '<<<<<<< HEAD\n{"name": "a"}\n=======\n{}\n>>>>>>> theirs\n'
YAML_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)

BROKEN = [
    ("package.json", "null", "package.json:1"),
    ("package.json", "[]", "package.json:1"),
    ("package.json", "", "package.json:1"),
    ("package.json", DEEP_JSON, "package.json:1"),
    ("apps/api/package.json", '{"name": ', "apps/api/package.json:1"),
    ("apps/api/package.json", CONFLICT, "both sides of a merge"),
    ("apps/api/package.json", b'{"name": "\xe9"}', "apps/api/package.json:1"),
    ("apps/api/package.json", '{"name": "x"}'.encode("utf-16"), "apps/api/package.json:1"),
    ("apps/api/package.json", '{"name": "a\\nUSER root"}', "apps/api/package.json:1"),
    ("apps/api/package.json", '{"name": "a\\u202eb"}', "apps/api/package.json:1"),
    ("pnpm-workspace.yaml", "packages: [a\n", "pnpm-workspace.yaml:"),
    ("pnpm-workspace.yaml", "packages: 5\n", "pnpm-workspace.yaml:1"),
    ("pnpm-workspace.yaml", "- apps/*\n", "pnpm-workspace.yaml:1"),
    ("pnpm-workspace.yaml", "packages:\n\t- apps/*\n", "pnpm-workspace.yaml:2"),
    ("pnpm-workspace.yaml", YAML_BOMB, "pnpm-workspace.yaml:"),
    ("pnpm-workspace.yaml", "packages: &a [*a]\n", "pnpm-workspace.yaml:1"),
    ("pnpm-workspace.yaml", "[" * 5000, "pnpm-workspace.yaml:"),
    ("pnpm-lock.yaml", f"lockfileVersion: '9.0'\n{CONFLICT}", "both sides of a merge"),
    ("pnpm-lock.yaml", "lockfileVersion: '99.0'\n", "pnpm install"),
    ("pnpm-lock.yaml", b"\x00\x00", "pnpm-lock.yaml:1"),
    ("apps/api/tsconfig.json", "{,}", "apps/api/tsconfig.json:1"),
    ("bayplan.yaml", "version: 1\nservices: {api: {port: 0}}\n", "from 1 to 65535"),
    ("bayplan.yaml", "version: 1\nservices: {api: {port: 70000}}\n", "from 1 to 65535"),
    ("bayplan.yaml", "version: 1\nservices: {api: {port: abc}}\n", "bayplan.yaml:2"),
    ("bayplan.yaml", "version: 1\nservices: {api: {publish: '999.1.1.1:80'}}\n", "bayplan.yaml:2"),
    ("bayplan.yaml", "version: 1\nservices: {api: {files: [../../etc/passwd]}}\n", "bayplan.yaml:2"),
    ("bayplan.yaml", "version: 1\nservices: {api: {files: [/etc/passwd]}}\n", "bayplan.yaml:2"),
    ("bayplan.yaml", "version: 1\nservices: {api: {package: ../outside}}\n", "bayplan.yaml:2"),
    ("bayplan.yaml", "version: 1\nservices: {api: {package: apps/nope}}\n", "apps/worker"),
    ("bayplan.yaml", "version: 1\nservices: {$(touch pwned): {}}\n", "bayplan.yaml:2"),
    ("bayplan.yaml", 'version: 1\nvariables: {JWT_SECRET: {purpose: "a\\nEVIL=1"}}\n', "bayplan.yaml:2"),
    ("bayplan.yaml", CONFLICT, "both sides of a merge"),
    (".bayplan/lock.json", "<<<<<<< HEAD\n", "restore it from git"),
]


@pytest.mark.parametrize(("path", "content", "told"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_file_is_named_with_its_place_and_a_remedy(
    shop: Path, said: Said, path: str, content: str | bytes, told: str
) -> None:
    (shop / path).parent.mkdir(exist_ok=True)
    (shop / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    command = "write" if path.startswith(".bayplan") else "plan"
    code, text = said(command)
    assert code in (1, 2)
    assert told in text
    assert f"--> {path}" in text
    assert "\nhelp: " in text
    for argv in COMMANDS:
        said(*argv)


ELSEWHERE = [
    ("docker-compose.yml", "services: [\n"),
    ("docker-compose.yml", YAML_BOMB),
    ("docker-compose.yml", CONFLICT),
    ("apps/api/Dockerfile", b"\xff\xfe"),
    ("apps/api/Dockerfile", "FROM a\nRUN x\nb...'\n"),
    ("fly.toml", "app = "),
    (".env.example", b"A=\xe9\n"),
    (".github/workflows/x.yml", "a: [\n"),
]


@pytest.mark.parametrize(("path", "content"), ELSEWHERE, ids=range(len(ELSEWHERE)))
def test_a_broken_deployment_file_is_a_finding_with_its_place(
    shop: Path, said: Said, path: str, content: str | bytes
) -> None:
    (shop / path).parent.mkdir(parents=True, exist_ok=True)
    (shop / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    code, text = said("check")
    assert code == 1
    assert f"--> {path}:" in text
    assert "help: " in text
    assert said("plan")[0] == 0


NAMES = [
    "$(touch pwned)",
    "`touch pwned`",
    'a"; rm -rf /',
    "it's",
    "@x/y z",
    "x:${JWT_SECRET}",
    "a\\b",
    "#c",
    "*",
    "&a",
    "-rf",
    "..",
    "../../x",
    "ünï-λ",
    "🚀",
    "null",
    "postgres",
    "x" * 300,
]


def test_hostile_names_of_packages_are_only_words(shop: Path, said: Said) -> None:
    for name in NAMES:
        edit(shop / "apps/api/package.json", name=name)
        assert said("write")[0] == 0, name
        assert f"{name}..." in filters(shop / "apps/api/Dockerfile"), name
        assert_sound(shop)


FOLDERS = [
    "a b",
    "it's",
    'q"q',
    "`touch pwned`",
    "$(touch pwned)",
    "$HOME",
    "*",
    "-rf",
    "#x",
    "a:b",
    "[x]",
    "🚀",
    "a,b",
]


def test_hostile_names_of_folders_are_only_words(shop: Path, said: Said) -> None:
    before = "api"
    for name in FOLDERS:
        (shop / "apps" / before).rename(shop / "apps" / name)
        before = name
        assert said("write", "--check")[0] == 1
        assert said("write")[0] == 0, name
        assert (shop / "apps" / name / "Dockerfile").is_file(), name
        assert_sound(shop)


@pytest.mark.parametrize("name", ["a\nRUN touch pwned", "a\x1b[2Jb"])
def test_a_line_break_or_an_escape_in_a_folder_gets_into_no_file(shop: Path, said: Said, name: str) -> None:
    (shop / "apps/api").rename(shop / "apps" / name)
    code, text = said("write")
    assert code == 2
    assert "which no Dockerfile can hold" in text
    assert not (shop / "docker-compose.prod.yml").exists()


SCRIPTS = [
    "node dist/main.js; touch pwned",
    "node dist/main.js && $(touch pwned)",
    "node 'dist/ma in.js' '$X' \"a\\\"b\"",
    "node dist/main.js\r\nUSER root",
    "FOO=$(touch pwned) node dist/main.js --x=${JWT_SECRET}",
    "node ../../../outside/secret.txt",
    "node \u202e dist/main.js",
    "'",
    "(" * 2000,
    "",
]


def test_hostile_scripts_stay_in_their_quotes(shop: Path, said: Said) -> None:
    for script in SCRIPTS:
        edit(shop / "apps/api/package.json", scripts={"build": script, "start": script})
        said("plan", "--why")
        if said("write")[0] == 0:
            assert_sound(shop)


SOURCE = r"""
import express from "express";
process.env["A B"]; process.env["$(touch pwned)"]; process.env["a\nb"]; process.env["\u001b[2J"]; process.env["A=B"];
process.env[""]; process.env["ü"]; process.env["__proto__"]; process.env["\ud800"]; process.env["a\0b"];
const x = process.env.GREETING ?? "$(touch pwned) `id` ${Y} \n EVIL=1 # ' \" \u001b[2J";
const app = express();
app.get("/health\n\u001b[2J$(touch pwned)\"'", (request, response) => response.json({}));
app.listen(Number(process.env.PORT ?? 99999));
"""


def test_what_steers_a_terminal_is_printed_as_an_escape(shop: Path, said: Said) -> None:
    (shop / "apps/api").rename(shop / "apps" / "a\u202eb")
    for argv in COMMANDS:
        said(*argv)
    assert r"apps/a\u202eb/Dockerfile" in said("build", "--dry-run")[1]


def test_hostile_code_gets_into_no_line_of_its_own(shop: Path, said: Said) -> None:
    (shop / "apps/api/src/main.ts").write_text(SOURCE)
    for argv in COMMANDS:
        said(*argv)
    assert said("write")[0] in (0, 1)
    assert_sound(shop)
    example = (shop / ".env.example").read_text()
    assert not re.search(r"^EVIL", example, re.MULTILINE)
    assert not CONTROL.search(example)


VALUES = """\
version: 1
services:
  api:
    command: "node dist/main.js; touch pwned $(id) `id` ${JWT_SECRET} $$"
    health: /$HOME/${JWT_SECRET}/$(touch)
    files: ['a b', '-x', '$(touch pwned)', "it's", '<<EOF', 'a"b']
variables:
  JWT_SECRET: { purpose: "${X} $(touch pwned) `id` # x", example: "${X}$(id)" }
  GREETING: { value: "a\\nb${X}$(touch pwned)$$'" }
"""


def test_hostile_values_of_bayplan_yaml_stay_values(shop: Path, said: Said) -> None:
    (shop / "apps/api/src/greeting.ts").write_text("export const greeting = process.env.GREETING;\n")
    (shop / "bayplan.yaml").write_text(VALUES)
    assert said("write")[0] == 0
    compose = assert_sound(shop)
    assert compose["services"]["api"]["environment"]["GREETING"] == "a\nb$${X}$$(touch pwned)$$$$'"
    (command,) = re.findall(r"^CMD (.*)$", (shop / "apps/api/Dockerfile").read_text(), re.MULTILINE)
    assert json.loads(command)[:4] == ["node", "dist/main.js;", "touch", "pwned"]


def assert_sound(shop: Path) -> "dict[str, dict[str, dict[str, dict[str, str]]]]":
    """Read the written files back: no instruction, service or file that is not meant to be there."""
    compose = yaml.safe_load((shop / "docker-compose.prod.yml").read_text())
    for service in compose["services"].values():
        build = service.get("build", {}).get("dockerfile")
        if build is not None:
            assert re.fullmatch(r"([^$]|\$\$)*", build), f"compose would replace something in {build}"
            assert (shop / build.replace("$$", "$")).is_file(), build
    for file in shop.rglob("Dockerfile"):
        assert set(instructions(file)) <= INSTRUCTIONS
    assert not list(shop.parent.rglob("*pwned"))
    assert [each.name for each in (shop.parent / "outside").iterdir()] == ["secret.txt"]
    return compose  # type: ignore[no-any-return]


def instructions(file: Path) -> Iterator[str]:
    text = re.sub(r"\\\n", " ", file.read_text())
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            yield line.split()[0]


def filters(file: Path) -> set[str]:
    """Return what the installs of a Dockerfile filter by, as its shell sees it."""
    lines = re.sub(r"\\\n", " ", file.read_text()).split("\n")
    found: set[str] = set()
    for line in lines:
        if line.startswith("RUN") and "--filter" in line:
            words = shlex.split(line)
            found |= {after for before, after in pairwise(words) if before.startswith("--filter")}
    return found


def test_nothing_is_kept_or_read_outside_through_a_link_in_bayplans_own_folder(shop: Path, said: Said) -> None:
    (shop / ".bayplan").mkdir()
    (shop / ".bayplan/replaced").symlink_to("../../outside")
    (shop / "apps/api/Dockerfile").write_text("FROM scratch\n")
    code, text = said("write", "--adopt-all")
    assert code == 1
    assert "--> .bayplan/replaced" in text
    assert (shop / "apps/api/Dockerfile").read_text() == "FROM scratch\n"
    assert [each.name for each in (shop.parent / "outside").iterdir()] == ["secret.txt"]


def test_values_are_read_from_files_only(shop: Path, said: Said) -> None:
    for make in (a_pipe, a_device, a_folder):
        make(shop / ".env")
        assert said("up", "--dry-run") == (
            2,
            "error: .env is not a file\nhelp: replace it with a file of lines such as NAME=value\n",
        )
        (shop / ".env").rmdir() if make is a_folder else (shop / ".env").unlink()
    (shop / ".bayplan/staging-x").mkdir(parents=True)
    (shop / ".bayplan/staging-x/journal.json").symlink_to("/dev/zero")
    assert said("write")[0] == 0


def a_pipe(place: Path) -> None:
    os.mkfifo(place)


def a_device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def a_loop(place: Path) -> None:
    place.symlink_to(place.name)


def a_link_elsewhere(place: Path) -> None:
    outside = next(each for each in place.parents if (each / "outside").is_dir()) / "outside"
    place.symlink_to(outside / "secret.txt")


def a_folder(place: Path) -> None:
    place.mkdir()


PLACES = [
    "package.json",
    "pnpm-workspace.yaml",
    "pnpm-lock.yaml",
    "bayplan.yaml",
    "docker-compose.prod.yml",
    "apps/api/Dockerfile",
    ".env.example",
    ".dockerignore",
]


@pytest.mark.parametrize("make", [a_pipe, a_device, a_loop, a_link_elsewhere, a_folder])
def test_what_is_no_file_is_named_and_never_waited_for(shop: Path, said: Said, make: Callable[[Path], None]) -> None:
    for path in PLACES:
        place = shop / path
        kept = place.read_bytes() if place.exists() else None
        place.unlink(missing_ok=True)
        make(place)
        code, text = said("write")
        assert code == 1, (path, text)
        assert path in text
        assert "help: " in text
        said("check")
        place.rmdir() if place.is_dir() and not place.is_symlink() else place.unlink()
        if kept is not None:
            place.write_bytes(kept)
    assert (shop.parent / "outside/secret.txt").read_text() == PRIVATE


@pytest.mark.parametrize(
    "patterns",
    ["['../*', '/**', '../../**', '/etc/*', '${HOME}/*', 'apps/*']", f"['{'{a,b}' * 40}', '{'**/' * 40}x', 'apps/*']"],
)
def test_patterns_that_leave_the_repository_or_explode_match_nothing(shop: Path, said: Said, patterns: str) -> None:
    (shop.parent / "outside/package.json").write_text('{"name": "belongs-elsewhere", "bin": "x.js"}')
    (shop / "pnpm-workspace.yaml").write_text(f"packages: {patterns}\n")
    assert said("plan")[0] == 0


def test_links_out_of_the_repository_and_back_into_it_are_not_followed(shop: Path, said: Said) -> None:
    shutil.rmtree(shop / "packages/db")
    (shop.parent / "outside/package.json").write_text('{"name": "@shop/db", "description": "belongs-elsewhere"}')
    (shop / "packages/db").symlink_to("../../outside")
    (shop / "packages/loop").symlink_to("..")
    (shop / "apps/self").symlink_to("self")
    assert said("plan")[0] == 0


def test_a_tsconfig_that_extends_out_of_the_repository_or_itself_reads_neither(shop: Path, said: Said) -> None:
    (shop.parent / "outside/tsconfig.json").write_text('{"compilerOptions": {"outDir": "belongs-elsewhere"}}')
    for parent in ('"../../../outside/tsconfig.json"', '"/etc/passwd"', '["./tsconfig.json", "\\u0000"]', "5"):
        (shop / "apps/api/tsconfig.json").write_text(f'{{"extends": {parent}}}')
        said("plan")


def test_packages_that_depend_on_each_other_in_a_circle_are_planned(shop: Path, said: Said) -> None:
    edit(shop / "packages/db/package.json", dependencies={"@shop/api": "workspace:*", "@shop/db": "workspace:*"})
    assert said("write")[0] == 0


@pytest.mark.parametrize("change", [lambda _: b"", lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")])
def test_every_file_empty_or_from_windows(shop: Path, said: Said, change: Callable[[bytes], bytes]) -> None:
    for file in shop.rglob("*"):
        if file.is_file():
            file.write_bytes(change(file.read_bytes()))
    for argv in COMMANDS:
        said(*argv)


@pytest.mark.parametrize("missing", ["pnpm-lock.yaml", "package.json", "pnpm-workspace.yaml"])
def test_a_missing_file_is_said(shop: Path, said: Said, missing: str) -> None:
    (shop / missing).unlink()
    code, text = said("plan")
    assert (code, "install" in text) == (0, True) if missing == "pnpm-lock.yaml" else code in (0, 1)


def test_an_empty_folder_is_said(shop: Path, said: Said) -> None:
    shutil.rmtree(shop)
    shop.mkdir()
    code, text = said("plan")
    assert code == 1
    assert "there is no package.json in shop" in text


def test_names_that_are_no_text_are_left_out(shop: Path, said: Said) -> None:
    folder = shop / "apps" / os.fsdecode(b"\xff\xfe")
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "lost", "scripts": {"start": "node x.js"}}')
    assert "lost" not in said("plan")[1]


@pytest.mark.parametrize("size", [40, 100])
def test_a_file_of_many_megabytes_is_refused_and_not_read(shop: Path, said: Said, size: int) -> None:
    with (shop / "pnpm-lock.yaml").open("ab") as file:
        file.truncate(size * 1_000_000)
    code, text = said("plan")
    assert code == 1
    assert f"pnpm-lock.yaml has {size} MB" in text


def test_nesting_of_thousands_of_levels_is_read_or_refused(shop: Path, said: Said) -> None:
    source = shop / "apps/api/src"
    (source / "a.ts").write_text("(" * 5000 + "1" + ")" * 5000)
    (source / "b.ts").write_text("{" * 5000 + "process.env.DEEP" + "}" * 5000)
    (source / "c.ts").write_text("`${" * 3000 + "x" + "}`" * 3000)
    assert said("plan")[0] == 0


FUZZED = [
    "package.json",
    "pnpm-workspace.yaml",
    "pnpm-lock.yaml",
    "apps/api/package.json",
    "apps/api/tsconfig.json",
    "apps/web/next.config.ts",
    "apps/api/src/main.ts",
]
ADDED = {
    "bayplan.yaml": "version: 1\nservices:\n  api: { port: 4000, files: [templates] }\nvariables:\n  X: { value: a }\n",
    "compose.yaml": "services:\n  api:\n    build: { dockerfile: apps/api/Dockerfile }\n    ports: [80:4000]\n",
    "apps/api/Dockerfile": 'FROM node:22 AS a\nCOPY --from=a a b\nRUN x && \\\n  y\nUSER node\nCMD ["node", "x"]\n',
    ".dockerignore": "**/node_modules\n!keep\n",
    ".env.example": "# why\nA=1\nB='x y'\n",
    "fly.toml": 'app = "x"\n[build]\ndockerfile = "apps/api/Dockerfile"\n[http_service]\ninternal_port = 4000\n',
    "railway.json": '{"build": {"dockerfilePath": "apps/api/Dockerfile"}, "deploy": {"startCommand": "node x"}}',
    ".github/workflows/x.yml": "on: push\njobs: {a: {runs-on: x, steps: [{uses: docker/build-push-action@v6}]}}\n",
    ".npmrc": "node-linker=hoisted\n",
}
HOSTILE = [
    "\0",
    "\x1b[2J",
    "\u202e",
    "$(x)",
    "'",
    '"',
    "`",
    "\\",
    "{",
    "[",
    "- ",
    ": ",
    "&a *a",
    "<<<<<<< a\n",
    "\n",
    "\t",
]


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 30)))
    put = draw(st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8"), max_size=5)))
    return text[:start] + put + text[end:]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_repository_is_planned_and_checked_or_refused(data: st.DataObject) -> None:
    texts = {**{path: (BASE / path).read_text() for path in FUZZED}, **ADDED}
    for path in data.draw(st.lists(st.sampled_from(sorted(texts)), min_size=1, max_size=3)):
        texts[path] = data.draw(damaged(texts[path]))
    tree = Tree(BASE, texts)
    try:
        workspace = read_workspace(tree)
        deployment = read_deployment(tree)
        rules.check(workspace, deployment, tree)
        files = writers.write(passes.plan(workspace, read_config(tree)))
    except BayplanError as error:
        assert error.message  # noqa: PT017 - both ends are right
        assert error.remedy, error.message  # noqa: PT017
        return
    yaml.safe_load(files["docker-compose.prod.yml"].text)
