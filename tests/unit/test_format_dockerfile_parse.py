"""Dockerfiles as builders read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.errors import BrokenFileError
from bayplan.formats.dockerfile import argument_at, options, parse
from bayplan.model.deployment import ImageFile, Instruction
from bayplan.source import At


def read(text: str) -> ImageFile:
    return parse(text, "Dockerfile")


def only(text: str) -> Instruction:
    """Return the one instruction below a FROM."""
    return read(f"FROM scratch\n{text}").final.instructions[0]


def broken(text: str) -> BrokenFileError:
    with pytest.raises(BrokenFileError) as caught:
        read(text)
    assert caught.value.remedy
    assert caught.value.at
    return caught.value


REAL = """\
# syntax=docker/dockerfile:1
ARG NODE_VERSION=20
ARG VARIANT

FROM --platform=$BUILDPLATFORM node:${NODE_VERSION:-18}-alpine AS Base
ENV PNPM_HOME="/pnpm" \\
    # a comment in the middle
    PATH=$PNPM_HOME:/bin

WORKDIR /repo
FROM base as build
RUN --mount=type=cache,id=pnpm,target=/pnpm/store --mount=type=secret,id=npmrc \\

    pnpm install --frozen-lockfile && \\
    pnpm build
FROM node:${NODE_VERSION}${VARIANT:+-}${VARIANT}
copy --from=BUILD --chown=node:node /repo/dist ./dist
COPY --from=0 --link a b /c/
HEALTHCHECK --interval=10s CMD wget -qO- http://127.0.0.1:4000/health || exit 1
CMD ["node", "dist/main.js"]
"""


def test_stages_are_known_by_name_in_lower_case_or_by_their_index() -> None:
    image = read(REAL)
    assert [stage.name for stage in image.stages] == ["base", "build", "2"]
    assert [stage.base.value for stage in image.stages] == ["node:20-alpine", "base", "node:20${VARIANT}"]
    assert image.stages[0].platform == "$BUILDPLATFORM"
    assert [argument.value for argument in image.arguments] == ["NODE_VERSION=20", "VARIANT"]
    assert image.lineage(image.stages[1]) == image.stages[:2]


def test_a_copy_names_the_stage_it_means_whatever_its_case_or_number() -> None:
    by_name, by_number = read(REAL).instructions(read(REAL).final, "COPY")
    assert by_name.flags == (("from", "build"), ("chown", "node:node"))
    assert by_number.flags == (("from", "base"), ("link", "true"))
    assert by_number.arguments == ("a", "b", "/c/")


def test_lines_are_joined_across_comments_and_empty_lines() -> None:
    env, _ = read(REAL).stages[0].instructions
    assert env.arguments == ("PNPM_HOME=/pnpm", "PATH=$PNPM_HOME:/bin")
    run = read(REAL).stages[1].instructions[0]
    assert run.shell
    assert run.arguments == ("pnpm install --frozen-lockfile &&     pnpm build",)
    assert [value for name, value in run.flags if name == "mount"] == [
        "type=cache,id=pnpm,target=/pnpm/store",
        "type=secret,id=npmrc",
    ]


def test_every_instruction_and_argument_has_its_place() -> None:
    image = read(REAL)
    env, workdir = image.stages[0].instructions
    assert env.at == At("Dockerfile", 6, 1, len('ENV PNPM_HOME="/pnpm"'))
    assert argument_at(env, 1) == At("Dockerfile", 8, 5, len("PATH=$PNPM_HOME:/bin"))
    assert argument_at(workdir, 0) == At("Dockerfile", 10, 9, 5)
    assert argument_at(workdir, 7) == workdir.at
    assert image.stages[0].base.at == At("Dockerfile", 5, 32, len("node:${NODE_VERSION:-18}-alpine"))
    command = image.final.instructions[-1]
    assert command.places == (At("Dockerfile", 20, 6, 6), At("Dockerfile", 20, 14, 14))
    assert image.final.instructions[0].flag_places[0] == At("Dockerfile", 17, 6, len("--from=BUILD"))


@pytest.mark.parametrize(
    ("text", "arguments", "shell"),
    [
        ('CMD ["node", "a b.js"]', ("node", "a b.js"), False),
        ("CMD ['node', 'main.js']", ("['node', 'main.js']",), True),
        ('CMD ["node", 1]', ('["node", 1]',), True),
        ("cmd node main.js", ("node main.js",), True),
        ("CMD []", (), False),
        ('ENTRYPOINT ["/bin/sh", "-c", "a\\u0020b"]', ("/bin/sh", "-c", "a b"), False),
        ("HEALTHCHECK none", ("NONE",), False),
        ("HEALTHCHECK CMD curl -f x || exit 1", ("CMD", "curl -f x || exit 1"), True),
        ('HEALTHCHECK --retries=2 cmd ["curl", "x"]', ("CMD", "curl", "x"), False),
        ("ONBUILD RUN npm ci", ("RUN npm ci",), False),
        ('SHELL ["/bin/bash", "-c"]', ("/bin/bash", "-c"), False),
        ('VOLUME ["/a b"]', ("/a b",), False),
        ("VOLUME /a /b", ("/a", "/b"), False),
        ("EXPOSE 80 443/tcp", ("80", "443/tcp"), False),
        ('COPY ["a b", "/c d/"]', ("a b", "/c d/"), False),
        ('WORKDIR "/a b"', ("/a b",), False),
        ("USER 1000:1000", ("1000:1000",), False),
        ("ENV ONE  two = three", ("ONE=two = three",), False),
        ("ENV A=1 B=\"x y\" C='$d' D=a\\ b E=\\$F", ("A=1", "B=x y", "C=$d", "D=a b", "E=$F"), False),
        ("LABEL a.b=c d=", ("a.b=c", "d="), False),
        ('ARG A B=2 C="x y"', ("A", "B=2", "C=x y"), False),
        ("MAINTAINER a b <c>", ("a b <c>",), False),
    ],
)
def test_each_instruction_is_read_in_its_own_way(text: str, arguments: tuple[str, ...], *, shell: bool) -> None:
    instruction = only(text)
    assert instruction.arguments == arguments
    assert instruction.shell == shell
    assert instruction.text == text


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("$A", "one"),
        ("${A}", "one"),
        ("x${A}y", "xoney"),
        ("${B:-two}", "two"),
        ("${EMPTY:-two}", "two"),
        ("${EMPTY-two}", ""),
        ("${A:+three}", "three"),
        ("${B:+three}", ""),
        ("${B:-${A}}", "one"),
        ("${A:?needed}", "one"),
        ("$B", "$B"),
        ("${B}", "${B}"),
        ("${B:?needed}", "${B:?needed}"),
        ("${A%e}", "${A%e}"),
        ("'$A'", "$A"),
        ('"$A"', "one"),
        ("\\$A", "$A"),
        ("a$", "a$"),
        ("$$A", "$$A"),
    ],
)
def test_variables_are_replaced_as_far_as_the_file_gives_their_values(word: str, value: str) -> None:
    last = read(f"FROM scratch\nARG A=one\nENV EMPTY=\nWORKDIR {word}").final.instructions[-1]
    assert last.arguments == (value,)


def test_a_stage_sees_the_variables_of_the_stage_it_is_built_on_and_env_wins_over_arg() -> None:
    image = read("ARG G=1\nFROM a AS x\nARG G\nENV P=3000\nARG P=1\nFROM x\nEXPOSE $P $G\nFROM b\nEXPOSE $P $G\n")
    assert image.stages[1].instructions[0].arguments == ("3000", "1")
    assert image.stages[2].instructions[0].arguments == ("$P", "$G")


def test_a_shell_text_keeps_its_variables() -> None:
    assert only('RUN echo $HOME "${A:-b}"').arguments == ('echo $HOME "${A:-b}"',)


def test_a_heredoc_is_the_script_of_its_run() -> None:
    run, after = read("FROM a\nRUN <<EOF\nset -e\n# no comment\nnpm ci\nEOF\nUSER node").final.instructions
    assert run.arguments == ("set -e\n# no comment\nnpm ci\n",)
    assert run.heredocs[0].name == "EOF"
    assert not run.heredocs[0].literal
    assert after.at.line == 7


def test_a_heredoc_may_be_quoted_indented_and_one_of_several() -> None:
    run = only("RUN cat <<-'A' 3<<B > /x\n\tone\n\tA\ntwo\nB\n")
    assert [(each.name, each.content, each.literal) for each in run.heredocs] == [
        ("A", "one\n", True),
        ("B", "two\n", False),
    ]
    assert run.arguments == ("cat <<-'A' 3<<B > /x\none\nA\ntwo\nB",)


def test_a_heredoc_can_be_copied() -> None:
    copy = only('COPY <<EOF <<"RAW" /etc/\na=$b\nEOF\nc\nRAW\n')
    assert copy.arguments == ("<<EOF", '<<"RAW"', "/etc/")
    assert [each.content for each in copy.heredocs] == ["a=$b\n", "c\n"]


def test_arrows_that_open_no_heredoc_are_left_alone() -> None:
    assert only("RUN echo $((1 << 2)) && cat <<< x").heredocs == ()
    assert only('CMD ["cat", "<<EOF"]').heredocs == ()
    assert only('RUN   --network=none  ["cat", "<<EOF"]').heredocs == ()
    assert only("RUN [ -f x ] && cat <<E\ny\nE").heredocs[0].content == "y\n"


def test_the_escape_directive_frees_the_backslash() -> None:
    image = read("# escape=`\nFROM a\nCOPY x `\n  c:\\\nUSER a\n")
    assert image.final.instructions[0].arguments == ("x", "c:\\")
    assert [each.word for each in image.final.instructions] == ["COPY", "USER"]


def test_a_directive_below_a_comment_is_a_comment() -> None:
    assert read("# hello\n# escape=`\nFROM a\nRUN b \\\n c").final.instructions[0].arguments == ("b  c",)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = "FROM a AS b\nRUN <<E\nx\nE\nENV A=1 \\\n  B=2\n"
    assert read("\ufeff" + text.replace("\n", "\r\n")) == read(text)


def test_two_backslashes_at_the_end_continue_nothing() -> None:
    assert [each.word for each in read("FROM a\nRUN echo \\\\\nRUN b").final.instructions] == ["RUN", "RUN"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "no FROM"),
        ("# nothing\n", 0, "no FROM"),
        ("ARG A=1\n", 0, "no FROM"),
        ("FROM a\n\nRNU x\n", 3, "unknown instruction: RNU"),
        ("RUN x\n", 1, "RUN before the first FROM"),
        ("FROM a b c d\n", 1, "cannot be read"),
        ("FROM a AS 1x\n", 1, "'1x'"),
        ("FROM\n", 1, "without arguments"),
        ("FROM a\nRUN <<EOF\nx\n", 2, "never ends the heredoc EOF"),
        ("FROM a\nENV A\n", 2, "without a value"),
        ("FROM a\nENV A=1 B\n", 2, "'B'"),
        ('FROM a\nENV A="x\n', 2, 'never closes "'),
        ("FROM a\nCOPY it's /x\n", 2, "never closes '"),
        ("FROM a\nWORKDIR ${A\n", 2, "never closes }"),
        ("FROM a\nCOPY x\n", 2, "without a target"),
        ("FROM a\nSHELL /bin/sh\n", 2, "no JSON list"),
        ("FROM a\nHEALTHCHECK\n", 2, "HEALTHCHECK"),
        ("FROM a\nHEALTHCHECK curl\n", 2, "HEALTHCHECK"),
        ("# escape=x\nFROM a\n", 1, "unknown escape"),
        ("# escape=`\n# escape=`\nFROM a\n", 2, "twice"),
    ],
)
def test_what_no_builder_accepts_is_said_with_its_line(text: str, line: int, said: str) -> None:
    error = broken(text)
    assert error.at is not None
    assert error.at.line == line
    assert said in error.message


def test_a_misspelt_instruction_gets_a_suggestion() -> None:
    assert broken("FROM a\nCOPPY a b").remedy == "did you mean COPY?"


def test_the_options_of_a_flag_are_a_mapping() -> None:
    assert options('type=cache,target=/x,"id=a,b",readonly,Sharing=locked') == {
        "type": "cache",
        "target": "/x",
        "id": "a,b",
        "readonly": "true",
        "sharing": "locked",
    }


pieces = st.sampled_from(
    [
        *(
            "FROM a",
            "RUN ",
            "COPY ",
            "ENV ",
            "ARG ",
            "HEALTHCHECK ",
            "ONBUILD ",
            "CMD",
            "--from=",
            "AS x",
            "# escape=`",
        ),
        *(
            "\n",
            "\\\n",
            "\r\n",
            " ",
            "\t",
            "\0",
            "<<E",
            "\nE\n",
            '"',
            "'",
            "`",
            "\\",
            "$",
            "{",
            "}",
            ":-",
            "[",
            "]",
            ",",
        ),
        *("=", "A", "🛳"),
    ]
)


def read_or_refused(text: str) -> ImageFile | None:
    try:
        return read(text)
    except BrokenFileError as error:
        return None if error.at and error.remedy else pytest.fail("an error without a place or a remedy")


@given(text=st.lists(pieces, max_size=25).map("".join) | st.text(max_size=40), rooted=st.booleans())
def test_whatever_the_text_it_is_read_or_refused(*, text: str, rooted: bool) -> None:
    image = read_or_refused("FROM a\n" * rooted + text)
    for stage in image.stages if image else ():
        for instruction in stage.instructions:
            assert len(instruction.places) == len(instruction.arguments)
            assert instruction.at.line >= stage.at.line > 0


@pytest.mark.parametrize("text", ["${A:-" * 5000, '"' * 5001, "$(" * 5000, "[" * 20000, "\\" * 5001, "<<" * 5000])
def test_a_hostile_text_does_not_exhaust_the_stack(text: str) -> None:
    for word in ("WORKDIR", "CMD", "COPY x", "ENV A="):
        image = read_or_refused(f"FROM scratch\n{word} {text}")
        assert image is None or image.final.instructions
