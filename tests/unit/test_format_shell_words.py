"""The commands of a shell text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.formats.shell_words import commands, words


def found(text: str) -> list[tuple[str, ...]]:
    return [command.words for command in commands(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("node dist/main.js", [("node", "dist/main.js")]),
        ("a && b || c; d | e & f\ng", [("a",), ("b",), ("c",), ("d",), ("e",), ("f",), ("g",)]),
        ("pnpm --filter '@x/api' run \"a b\"", [("pnpm", "--filter", "@x/api", "run", "a b")]),
        ('echo a\\ b \'c\\d\' "e\\"f\\x"', [("echo", "a b", "c\\d", 'e"f\\x')]),
        ('node --port=${PORT:-3000} $(get "a b") `now`', [("node", "--port=${PORT:-3000}", '$(get "a b")', "`now`")]),
        ("a > /dev/null 2>&1 < b >> c", [("a",)]),
        ("a 2>x b", [("a", "b")]),
        ("if [ -f x ]; then a; else b; fi", [("[", "-f", "x", "]"), ("a",), ("b",)]),
        ("(cd x && a) && b", [("cd", "x"), ("a",), ("b",)]),
        ("a # b && c\nd", [("a",), ("d",)]),
        ("a#b", [("a#b",)]),
        ("a && \\\n  b", [("a",), ("b",)]),
        ("cat <<EOF > /x\nb && c\nEOF\nd", [("cat",), ("d",)]),
        ("cat <<-'E'\n\tb\n\tE\nd", [("cat",), ("d",)]),
        ("cat <<< word; d", [("cat",), ("d",)]),
        ("a ''", [("a", "")]),
        ("'if' x", [("if", "x")]),
        ("a 'never closed", [("a", "never closed")]),
        ("", []),
        (" \n # only\n", []),
        ("A=1", [()]),
    ],
)
def test_a_text_is_taken_apart_as_a_shell_would(text: str, expected: list[tuple[str, ...]]) -> None:
    assert found(text) == expected


def test_variables_set_for_a_command_are_not_its_words() -> None:
    (command,) = commands("NODE_ENV=production A='b c' node --x=y")
    assert command.words == ("node", "--x=y")
    assert command.assignments == (("NODE_ENV", "production"), ("A", "b c"))


def test_a_command_knows_its_operator_and_its_place() -> None:
    text = "a b && (c) | cat <<E\nx\nE\nd 'e f'"
    assert [(each.after, text[each.start : each.end]) for each in commands(text)] == [
        ("", "a b"),
        ("&&", "c"),
        ("|", "cat"),
        ("\n", "d 'e f'"),
    ]


def test_the_words_of_a_text_are_those_of_its_first_command() -> None:
    assert words("node a.js && b") == ("node", "a.js")
    assert words("") == ()


@given(st.text(max_size=40) | st.text("ab '\"\\$(){}`;&|<>#\n=E", max_size=40))
def test_any_text_has_commands_at_places_inside_it(text: str) -> None:
    for command in commands(text):
        assert 0 <= command.start <= command.end <= len(text)
