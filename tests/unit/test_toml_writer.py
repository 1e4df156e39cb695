"""TOML as it is written: what is read again is what was meant."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.formats import toml_nodes, toml_writer
from bayplan.formats.yaml_writer import Entry, plain
from bayplan.source import Why

WHY = Why("test", "a reason")
TABLE = Why("test", "the reason of a table")


def test_a_document_is_written_as_a_person_writes_it() -> None:
    document = Entry(
        {
            "app": "shop-api",
            "kill_timeout": Entry(30, comment="It may take so long to stop.", why=WHY),
            "build": Entry({"dockerfile": "apps/api/Dockerfile", "args": {"A.B": "1"}}, why=TABLE),
            "http_service": {
                "internal_port": 4000,
                "checks": [{"path": "/up"}, {"path": "/down", "headers": {"X-A": "b"}}],
                "force_https": True,
            },
            "list": ["a", 'b"c'],
        },
        comment="What it is.",
    )
    rendered = toml_writer.render(document)
    assert rendered.text == (
        "# What it is.\n"
        "\n"
        'app = "shop-api"\n'
        "# It may take so long to stop.\n"
        "kill_timeout = 30\n"
        'list = ["a", \'b"c\']\n'
        "\n"
        "[build]\n"
        'dockerfile = "apps/api/Dockerfile"\n'
        "\n"
        "[build.args]\n"
        '"A.B" = "1"\n'
        "\n"
        "[http_service]\n"
        "internal_port = 4000\n"
        "force_https = true\n"
        "\n"
        "[[http_service.checks]]\n"
        'path = "/up"\n'
        "\n"
        "[[http_service.checks]]\n"
        'path = "/down"\n'
        "\n"
        "[http_service.checks.headers]\n"
        'X-A = "b"\n'
    )
    assert rendered.why(5) == WHY
    assert rendered.why(12) == TABLE
    assert tomllib.loads(rendered.text) == plain(document)


def test_a_heading_that_only_holds_others_is_left_out() -> None:
    assert toml_writer.render({"checks": {"redis": {"port": 1}}}).text == "[checks.redis]\nport = 1\n"
    assert toml_writer.render({"build": {}}).text == "[build]\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", '"plain"'),
        ("sh -c 'a \"b\"'", '"sh -c \'a \\"b\\"\'"'),
        ('sh -c "a b"', "'sh -c \"a b\"'"),
        ("a\\b", "'a\\b'"),
        ("one\ntwo", '"""\none\ntwo"""'),
        ('one\n"two"', '"one\\n\\"two\\""'),
        ("\x00\x7f\u202e", '"\\u0000\\u007f\\u202e"'),
    ],
)
def test_a_text_stands_in_the_quotes_that_need_the_fewest_escapes(text: str, written: str) -> None:
    assert toml_writer.render({"a": text}).text == f"a = {written}\n"
    assert tomllib.loads(f"a = {written}") == {"a": text}


def test_a_long_list_takes_a_line_for_each_item() -> None:
    words = ["word" * 10] * 4
    text = toml_writer.render({"a": words}).text
    assert text.count("\n") == 6
    assert tomllib.loads(text) == {"a": words}


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.text("a'\"\\\n#[]=. ", max_size=8)
scalars = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=12
)


@given(st.dictionaries(texts, values, max_size=5))
def test_what_is_written_is_read_again(document: dict[str, object]) -> None:
    text = toml_writer.render(document).text  # type: ignore[arg-type]
    assert tomllib.loads(text) == document
    assert toml_nodes.load(text, "a.toml").data == document
