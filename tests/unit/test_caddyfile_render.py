"""Caddyfiles that we write: laid out as `caddy fmt` does, any word whole, each line with its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.errors import UsageError
from bayplan.formats.caddyfile import Line, block, document, line, parse, render
from bayplan.source import Why

WHY = Why("proxy", "the api answers on port 3000")

WORDS = st.text(
    st.sampled_from("ab/*.:@-=,'\"`\\#<{}$ ()é%;") | st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]),
    max_size=8,
).filter(lambda text: text not in {"{", "}"} and "{$" not in text and not ("`" in text and "\\" in text))
NAMES = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(lambda name: name not in {"import", "route"})
ADDRESSES = st.from_regex(r"[a-z]{1,5}\.(com|net)(:[1-9][0-9]{1,3})?", fullmatch=True)


LINE_WORDS = st.builds(lambda name, rest: (name, *rest), NAMES, st.lists(WORDS, max_size=3))
LINES = st.recursive(
    st.builds(Line, LINE_WORDS),
    lambda inside: st.builds(Line, LINE_WORDS, st.lists(inside, max_size=3).map(tuple)),
    max_leaves=6,
)
DOCUMENTS = st.lists(
    st.builds(
        Line,
        st.lists(ADDRESSES, min_size=1, max_size=3).map(tuple),
        st.lists(LINES, max_size=4).map(tuple),
    ),
    max_size=3,
)


@given(DOCUMENTS)
def test_what_is_written_is_read_again(written: list[Line]) -> None:
    assert list(document(render(written).text, "Caddyfile")) == written


@given(st.text(max_size=12))
def test_any_word_is_written_whole_or_refused(word: str) -> None:
    try:
        text = render([block("example.com", lines=[line("respond", word)])]).text
    except UsageError as error:
        assert error.remedy  # noqa: PT017 - either will do
        return
    assert document(text, "Caddyfile")[0].block == (Line(("respond", word)),)


def test_a_document_reads_like_the_file() -> None:
    made = [
        block(lines=[line("auto_https", "off"), line("email", "{$EMAIL}")]),
        block("(safe)", lines=[line("header", "-Server")]),
        block(
            "example.com",
            "www.example.com",
            lines=[
                line("tls", "/certs/cert.pem", "/certs/key.pem"),
                line("import", "safe"),
                line("respond", "/metrics", "403", comment="only from inside", apart=True),
                block("handle", "/api/*", lines=[line("reverse_proxy", "api:3000", why=WHY)], apart=True),
                block("handle", lines=[line("root", "*", "/srv/my site"), line("file_server")]),
            ],
            comment="the shop",
        ),
    ]
    rendered = render(made)
    assert rendered.text == (
        "{\n"
        "\tauto_https off\n"
        "\temail {$EMAIL}\n"
        "}\n"
        "\n"
        "(safe) {\n"
        "\theader -Server\n"
        "}\n"
        "\n"
        "# the shop\n"
        "example.com, www.example.com {\n"
        "\ttls /certs/cert.pem /certs/key.pem\n"
        "\timport safe\n"
        "\n"
        "\t# only from inside\n"
        "\trespond /metrics 403\n"
        "\n"
        "\thandle /api/* {\n"
        "\t\treverse_proxy api:3000\n"
        "\t}\n"
        "\thandle {\n"
        '\t\troot * "/srv/my site"\n'
        "\t\tfile_server\n"
        "\t}\n"
        "}\n"
    )
    assert rendered.why(19) == WHY
    assert rendered.why(18) is None
    (api,) = parse(rendered.text, "Caddyfile").sites[0].answers("/api/users")
    assert api.upstreams[0].port == 3000


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("api:3000", "api:3000"),
        ("{$API:api}:3000", "{$API:api}:3000"),
        ("", '""'),
        ("two words", '"two words"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("#no-comment", '"#no-comment"'),
        ("has#hash", '"has#hash"'),
        ("<<EOF", '"<<EOF"'),
        ("C:\\", "`C:\\`"),
        ('\\"', '`\\"`'),
        ("`ls`", '"`ls`"'),
        ('{"json": 1}', '"{\\"json\\": 1}"'),
        ("{$A:b c}", '"{$A:b c}"'),
    ],
)
def test_a_word_has_quotes_where_it_needs_them(word: str, written: str) -> None:
    assert render([line("x", word)]).text == f"x {written}\n"


@pytest.mark.parametrize("word", ["{", "}", "a\nb", "a\rb", "a\0b", "{$OPEN", "x {$OPEN y", '`\\"', "\u2028"])
def test_a_word_that_would_become_something_else_is_refused(word: str) -> None:
    with pytest.raises(UsageError):
        render([line("respond", word)])
