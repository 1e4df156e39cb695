"""Findings as text and as JSON."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.model.deployment import Broken
from bayplan.model.finding import Effect, Finding, Place
from bayplan.reports import json as as_json
from bayplan.reports import text as as_text
from bayplan.reports.excerpt import BEFORE, WIDEST, columns, marked, printable
from bayplan.source import At
from bayplan.tree import Tree

CADDYFILE = "shop.example.com {\n    handle /api/* {\n        reverse_proxy api:8080\n    }\n}\n"
DOCKERFILE = "FROM node:22-alpine\nEXPOSE 3000\n"

FINDING = Finding(
    "port-mismatch",
    Effect.NOT_REACHABLE,
    "Caddy sends /api/* to api:8080, but api listens on 3000",
    (
        Place(At("Caddyfile", 3, 23, 8), "upstream port"),
        Place(At("Dockerfile", 2, 8, 4), "the image exposes 3000"),
    ),
    "every request to /api/* returns 502",
    "change `api:8080` to `api:3000`",
)


def tree(tmp_path: Path, **files: str) -> Tree:
    return Tree(tmp_path, files)


def shown(tmp_path: Path, *places: Place, files: dict[str, str], colour: bool = False) -> str:
    finding = Finding("some-rule", Effect.UNTIDY, "message", places, "consequence", "help")
    return as_text.render([finding], [], Tree(tmp_path, files), colour=colour)


def test_a_finding_in_two_files_is_shown_like_a_compiler_shows_an_error(tmp_path: Path) -> None:
    files = tree(tmp_path, Caddyfile=CADDYFILE, Dockerfile=DOCKERFILE)
    assert as_text.render([FINDING], [], files) == (
        "error[port-mismatch]: Caddy sends /api/* to api:8080, but api listens on 3000\n"
        " --> Caddyfile:3:23\n"
        "  |\n"
        "3 |         reverse_proxy api:8080\n"
        "  |                       ^^^^^^^^ upstream port\n"
        "  |\n"
        " ::: Dockerfile:2:8\n"
        "  |\n"
        "2 | EXPOSE 3000\n"
        "  |        ---- the image exposes 3000\n"
        "  |\n"
        "  = effect: not reachable: every request to /api/* returns 502\n"
        "  = help: change `api:8080` to `api:3000`\n"
        "\n"
        "1 error in 1 file\n"
    )


def test_places_of_one_file_stand_in_its_order_with_a_gap_between_them(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(1, 13))
    found = shown(tmp_path, Place(At("a", 12, 1, 4), "last"), Place(At("a", 2, 6, 1), "first"), files={"a": text})
    assert " --> a:12:1\n" in found
    assert " 2 | line 2\n   |      - first\n...\n12 | line 12\n   | ^^^^ last\n" in found


def test_two_places_on_one_line_show_the_line_once(tmp_path: Path) -> None:
    found = shown(tmp_path, Place(At("a", 1, 1, 3), "one"), Place(At("a", 1, 5, 3), "two"), files={"a": "abc def\n"})
    assert found.count("abc def") == 1
    assert "  | ^^^ one\n  |     --- two\n" in found


def test_a_tab_is_as_wide_in_the_mark_as_in_the_line(tmp_path: Path) -> None:
    found = shown(tmp_path, Place(At("a", 1, 2, 3), "here"), files={"a": "\tabc\n"})
    assert "1 |     abc\n  |     ^^^ here\n" in found


def test_wide_and_combining_characters_keep_the_mark_below_its_text(tmp_path: Path) -> None:
    found = shown(tmp_path, Place(At("a", 1, 4, 2), "here"), files={"a": "日e\u0301本語\n"})
    assert "1 | 日e\u0301本語\n  |    ^^^^ here\n" in found


def test_a_long_line_is_cut_around_its_mark(tmp_path: Path) -> None:
    line = "x" * 500 + "HERE" + "y" * 500
    found = shown(tmp_path, Place(At("a", 1, 501, 4), "label"), files={"a": line})
    assert max(map(len, found.splitlines())) < WIDEST + 20
    assert "HERE" in found
    assert "^^^^ label" in found


def test_a_mark_longer_than_its_line_ends_with_the_line() -> None:
    assert marked("short", 3, 9999).width == 3
    assert marked("short", 999, 5).before == 5


def test_a_place_without_a_column_marks_the_whole_line() -> None:
    part = marked("    indented", 0, 0)
    assert (part.before, part.width) == (4, 8)


def test_a_file_that_is_gone_and_a_line_that_is_not_there_are_named_without_an_excerpt(tmp_path: Path) -> None:
    gone = shown(tmp_path, Place(At("gone", 3, 1, 2), "was here"), files={})
    assert " --> gone:3:1\n" in gone
    assert "| was here" in gone
    short = shown(tmp_path, Place(At("a", 30, 1, 2), "too far"), files={"a": "one line"})
    assert "| too far" in short


def test_a_finding_about_a_whole_file_names_the_file(tmp_path: Path) -> None:
    found = shown(tmp_path, Place(At(".dockerignore"), "nothing is left out"), files={})
    assert " --> .dockerignore\n  | nothing is left out\n" in found


def test_text_of_the_repository_cannot_steer_the_terminal(tmp_path: Path) -> None:
    evil = "a\x1b[2Jb\x07\u202e"
    place = Place(At(evil, 1, 1, 5), evil)
    finding = Finding("r", Effect.UNTIDY, evil, (place,), evil, evil)
    found = as_text.render([finding], [Broken(evil, At(evil), evil)], Tree(tmp_path, {evil: evil}))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", found)
    assert r"\x1b[2J" in found


def test_colours_are_only_added_around_what_is_shown_without_them(tmp_path: Path) -> None:
    files = tree(tmp_path, Caddyfile=CADDYFILE, Dockerfile=DOCKERFILE)
    coloured = as_text.render([FINDING], [], files, colour=True)
    assert "\x1b[1;31merror[port-mismatch]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == as_text.render([FINDING], [], files)


def test_a_broken_file_is_shown_like_a_finding(tmp_path: Path) -> None:
    broken = Broken("compose.yaml is not YAML", At("compose.yaml", 1, 3, 1), "close the bracket")
    found = as_text.render([], [broken], tree(tmp_path, **{"compose.yaml": "a: [\n"}))
    assert found.startswith("error[broken-file]: compose.yaml is not YAML\n --> compose.yaml:1:3\n")
    assert "= help: close the bracket" in found
    assert found.endswith("1 error in 1 file\n")


@pytest.mark.parametrize(
    ("effects", "line"),
    [
        ([], "no findings"),
        ([Effect.UNTIDY], "1 warning in 1 file"),
        ([Effect.LOSES_DATA, Effect.GROWS], "1 error, 1 warning in 2 files"),
        ([Effect.LOSES_DATA, Effect.EXPOSES_DATA, Effect.GROWS], "2 errors, 1 warning in 3 files"),
    ],
)
def test_the_last_line_counts(effects: list[Effect], line: str) -> None:
    places = [(Place(At(f"file{index}"), "x"),) for index in range(len(effects))]
    findings = [Finding("r", effect, "m", at, "c", "h") for effect, at in zip(effects, places, strict=True)]
    assert as_text.summary(findings) == line


def test_json_holds_every_place_and_counts() -> None:
    document = json.loads(as_json.render([FINDING], [Broken("m", At("f", 2, 3), "r")]))
    assert document == {
        "version": 1,
        "findings": [
            {
                "rule": "port-mismatch",
                "level": "error",
                "effect": "not reachable",
                "message": FINDING.message,
                "consequence": FINDING.consequence,
                "help": FINDING.help,
                "places": [
                    {"file": "Caddyfile", "line": 3, "column": 23, "length": 8, "key": "", "label": "upstream port"},
                    {
                        "file": "Dockerfile",
                        "line": 2,
                        "column": 8,
                        "length": 4,
                        "key": "",
                        "label": "the image exposes 3000",
                    },
                ],
            }
        ],
        "broken": [
            {"message": "m", "help": "r", "place": {"file": "f", "line": 2, "column": 3, "length": 0, "key": ""}}
        ],
        "summary": {"errors": 2, "warnings": 0, "files": 2},
    }


@settings(max_examples=200)
@given(st.text(max_size=400), st.integers(0, 500), st.integers(0, 500))
def test_any_line_can_be_shown_at_any_place(line: str, column: int, length: int) -> None:
    part = marked(line, column, length)
    assert printable(part.text) == part.text
    assert part.before <= columns(part.text) or part.text == part.text.rstrip()
    assert part.width >= 1
    assert len(part.text) <= 10 * (WIDEST + BEFORE)
