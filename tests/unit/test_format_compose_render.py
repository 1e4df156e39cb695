"""Compose files as bayplan writes them."""

import math

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from bayplan.formats import compose, yaml_nodes
from bayplan.formats.compose import Entry
from bayplan.formats.yaml_writer import Layout, Value, plain, render, scalar_text
from bayplan.source import Why

WEB = Why("ports", "the web application listens there")
SERVICE = Why("services", "apps/web has a start script")

STACK: Value = Entry(
    {
        "name": "shop",
        "services": {
            "web": Entry(
                {
                    "build": {"context": ".", "dockerfile": "apps/web/Dockerfile"},
                    "environment": {
                        "NODE_ENV": "production",
                        "PORT": "3000",
                        "TOKEN": "${TOKEN:?set it in .env}",
                        "URL": "postgres://u:${PW}@db:5432/x",
                    },
                    "ports": [Entry("${WEB_PORT:-3000}:3000", why=WEB), "4000:4000"],
                    "healthcheck": {"test": Entry(["CMD", "node", "-e", 'x("y")'], in_line=True), "interval": "10s"},
                    "depends_on": {"db": {"condition": "service_healthy"}},
                    "read_only": True,
                    "cpus": 0.5,
                    "volumes": [{"type": "bind", "source": "./a", "target": "/a"}],
                },
                comment="The web application.",
                why=SERVICE,
            ),
            "db": {"image": "postgres:15-alpine", "restart": "no", "volumes": ["data:/var/lib/postgresql/data"]},
        },
        "volumes": {"data": None, "other": {}},
    },
    comment="Everything that runs in production.\nStart it with `docker compose up`.",
)

TEXT = """\
# Everything that runs in production.
# Start it with `docker compose up`.

name: shop

services:
  # The web application.
  web:
    build:
      context: .
      dockerfile: apps/web/Dockerfile
    environment:
      NODE_ENV: production
      PORT: "3000"
      TOKEN: ${TOKEN:?set it in .env}
      URL: postgres://u:${PW}@db:5432/x
    ports:
      - "${WEB_PORT:-3000}:3000"
      - "4000:4000"
    healthcheck:
      test: ["CMD", "node", "-e", "x(\\"y\\")"]
      interval: 10s
    depends_on:
      db:
        condition: service_healthy
    read_only: true
    cpus: 0.5
    volumes:
      - type: bind
        source: ./a
        target: /a

  db:
    image: postgres:15-alpine
    restart: "no"
    volumes:
      - data:/var/lib/postgresql/data

volumes:
  data:
  other: {}
"""


def test_a_compose_file_reads_as_if_written_by_hand() -> None:
    assert compose.render(STACK).text == TEXT


def test_every_line_knows_its_narrowest_reason() -> None:
    rendered = compose.render(STACK)
    reasons = {line: rendered.why(number) for number, line in enumerate(TEXT.splitlines(), 1)}
    assert reasons['      - "${WEB_PORT:-3000}:3000"'] is WEB
    assert reasons["  # The web application."] is SERVICE
    assert reasons["      NODE_ENV: production"] is SERVICE
    assert reasons["    image: postgres:15-alpine"] is None


def test_reasons_and_comments_reach_inside_the_mappings_of_a_list() -> None:
    mounts: Value = {"volumes": [{"type": Entry("bind", comment="Certificates.", why=WEB), "target": "/a"}]}
    rendered = compose.render(mounts)
    assert rendered.text == "volumes:\n  # Certificates.\n  - type: bind\n    target: /a\n"
    assert rendered.why(3) is WEB
    assert rendered.why(4) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "yes", "NO", "on", "null", "~", "y", "true", "12", "1_000", "0x1f", "0o7", "1e3", ".5", "12:30:45"),
        *(
            "2026-11-20",
            "-",
            "- a",
            "a: b",
            "a #b",
            "key:",
            "#x",
            "*x",
            "&x",
            "!x",
            "%x",
            "@x",
            "`x`",
            "'",
            '"',
            "[",
            "{",
        ),
        *(
            "a\nb",
            "a\tb",
            "a ",
            "\u2028",
            "\u0085",
            "\ufeff",
            "\x7f",
            "=",
            "<<",
            "...",
            "---",
            "?",
            "🛳",
            "\\",
            ".inf",
            "+1",
        ),
    ],
)
def test_a_text_that_yaml_would_take_for_something_else_gets_quotes(text: str) -> None:
    assert yaml.safe_load(f"key: {scalar_text(text)}") == {"key": text}
    assert yaml_nodes.load(f"key: {scalar_text(text)}", "f").data == {"key": text}


@pytest.mark.parametrize(
    "text", ["node:20-alpine", "10s", "512m", "${A:-b}", "./apps/web", "a b", "it's", "a#b", "x=y"]
)
def test_a_text_that_needs_no_quotes_has_none(text: str) -> None:
    assert scalar_text(text) == text


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["on", "1:30", "0b1", "1_0", "a: b"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
keys = texts.filter(lambda text: len(text) < 30)


def entries(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    whys = st.none() | st.just(WEB)
    return st.builds(Entry, inner, comment=texts, why=whys, in_line=st.booleans())


values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner | entries(inner), max_size=4) | st.dictionaries(keys, inner | entries(inner), max_size=4)
    ),
    max_leaves=15,
)


@given(st.dictionaries(keys, values | entries(values), max_size=5))
@example({"a": [[["b"]], [{"c": [{}]}]]})
@example({"a": 1e16, "b": -1e-7, "c": math.inf})
def test_what_is_written_is_what_yaml_reads(document: dict[str, Value]) -> None:
    rendered = render(document, Layout(quoted=("ports",), spaced=("services",)))
    assert yaml.safe_load(rendered.text) == plain(document)
    assert list(rendered.reasons) == sorted(rendered.reasons, key=lambda reason: (reason[0], -reason[1]))
    assert all(1 <= first <= last <= rendered.text.count("\n") for first, last, _ in rendered.reasons)


def test_an_empty_document_is_an_empty_mapping() -> None:
    assert compose.render({}).text == "{}\n"
