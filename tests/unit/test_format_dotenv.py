"""Env files, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.formats.dotenv import Group, Setting, parse, render
from bayplan.model.deployment import EnvLine
from bayplan.source import At, Why

WHY = Why("variables", "the code reads it")


def read(text: str) -> dict[str, str]:
    return {line.name: line.value for line in parse(text, ".env.example").lines}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("  A = 1  ", "1"),
        ("A=", ""),
        ("A", ""),
        ("A=x # comment", "x"),
        ("A=x#y", "x#y"),
        ("A= # comment", ""),
        ('A="x # y"', "x # y"),
        ("A='x \"y\" \\n'", 'x "y" \\n'),
        ('A="x \\"y\\" \\n" # z', 'x "y" \n'),
        ('A=`it\'s "x"`', 'it\'s "x"'),
        ('A="two\nlines"', "two\nlines"),
        ('A="never closed', '"never closed'),
        ("A=${B:-x}/y", "${B:-x}/y"),
        ("A=postgres://u:p@h:5432/d?x=y", "postgres://u:p@h:5432/d?x=y"),
        ("A=1\r\n", "1"),
        ("\ufeffA=1", "1"),
        ("A=a=b", "a=b"),
    ],
)
def test_a_value_is_what_its_readers_take_it_for(text: str, value: str) -> None:
    assert read(text) == {"A": value}


def test_the_comment_above_a_variable_belongs_to_it() -> None:
    file = parse("# Database\n\n# Where the data is.\n#  Ask the operator.\nURL=x\nOTHER=y\n", ".env.example")
    assert file.lines == (
        EnvLine("URL", "x", At(".env.example", 5, 1, 3, "URL"), "Where the data is.\nAsk the operator."),
        EnvLine("OTHER", "y", At(".env.example", 6, 1, 5, "OTHER")),
    )


def test_a_commented_variable_is_documented_only() -> None:
    first, second = parse("# Switch it on\n# DEBUG=1\n#export TRACE='x y'\n# see: a=b\n", "e").lines
    assert first == EnvLine("DEBUG", "1", At("e", 2, 3, 5, "DEBUG"), "Switch it on", documented_only=True)
    assert (second.name, second.value, second.at.column) == ("TRACE", "x y", 9)


def test_a_name_that_is_stated_twice_is_there_twice() -> None:
    assert [line.at.line for line in parse("A=1\nA=2\n", "e").lines] == [1, 2]


def test_lines_after_a_value_of_several_lines_keep_their_numbers() -> None:
    assert parse('A="1\n2\n3"\nB=2', "e").lines[1].at.line == 4


def test_what_is_no_variable_is_left_out() -> None:
    assert read("==== heading ====\n1A=2\nA B=3\n-\nC=4") == {"C": "4"}


def test_an_env_file_reads_as_if_written_by_hand() -> None:
    groups = [
        Group(
            "Database",
            (Setting("DB_USER", "app"), Setting("DB_PASSWORD", "", "Required.\nMake one with openssl.", WHY)),
        ),
        Group("Other", (Setting("TITLE", "My $hop"), Setting("DEBUG", "1", "Speaks more.", documented_only=True))),
    ]
    rendered = render(groups, "Copy this file to .env.\nThen fill it in.")
    assert rendered.text == (
        "# Copy this file to .env.\n# Then fill it in.\n\n"
        "# Database\n# --------\n\nDB_USER=app\n\n# Required.\n# Make one with openssl.\nDB_PASSWORD=\n\n"
        "# Other\n# -----\n\nTITLE='My $hop'\n\n# Speaks more.\n# DEBUG=1\n"
    )
    assert rendered.why(9) == rendered.why(11) == WHY
    assert rendered.why(7) is None


names = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text("ab$'\"\\#` \n{}", max_size=8)
prose = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="="), max_size=30)
settings = st.builds(Setting, names, texts, prose, documented_only=st.booleans())


@given(st.lists(st.builds(Group, prose, st.lists(settings, max_size=4).map(tuple)), max_size=3), prose)
def test_what_is_written_is_what_is_read(groups: list[Group], introduction: str) -> None:
    written = [setting for group in groups for setting in group.settings]
    lines = parse(render(groups, introduction).text, "e").lines
    assert [(line.name, line.value, line.documented_only) for line in lines] == [
        (setting.name, setting.value, setting.documented_only) for setting in written
    ]


@given(st.text(max_size=60) | st.text("A='\"\n#\\ x", max_size=40))
def test_any_text_is_an_env_file(text: str) -> None:
    for line in parse(text, "e").lines:
        assert line.name
        assert line.at.line >= 1
