"""What a data table says of a format, held against files of it."""

from collections.abc import Mapping
from typing import Any

import pytest

from bayplan.formats import toml_nodes, yaml_nodes
from bayplan.formats.shapes import irregularities
from bayplan.model.deployment import Fault, Irregular

TABLE: Mapping[str, Any] = {
    "title": "Harbour",
    "shape": {
        "file": {
            "needs": ["name"],
            "longest": {"name": 20},
            "keys": {
                "name": "text",
                "stop": "'off' | 'stop'",
                "port": "port",
                "wait": "duration",
                "env": "{text | integer}",
                "ships": "@ship[]",
                "main": "@ship",
                "words": "text | text[]",
                "either": "boolean | @ship",
            },
        },
        "ship": {
            "any_case": ["rig"],
            "keys": {
                "rig": "'sloop' | 'brig'",
                "flag": "boolean",
                "crew": "integer",
                "kind": "text",
                "sails": "number[]",
            },
        },
    },
    "old": [
        {"shape": "file", "key": "stop", "values": [True], "now": '`stop = "stop"`', "because": "texts since 2"},
        {"shape": "file", "key": "vessel", "now": "`main`", "because": "renamed"},
    ],
    "ignored": [{"shape": "ship", "key": "crew", "when": {"kind": ["raft"]}, "because": "a raft has none"}],
    "refused": [{"shape": "ship", "key": "flag", "when": {"kind": ["ghost"]}, "because": "no", "instead": "sail"}],
}


def found(text: str) -> tuple[Irregular, ...]:
    return irregularities(toml_nodes.load(text, "harbour.toml"), TABLE)


def test_what_is_allowed_is_passed() -> None:
    assert not found("""
        name = "a"
        stop = "off"
        port = 80
        wait = "10s"
        words = ["a", "b"]
        either = true
        env = { A = "x", B = 2 }
        main = { flag = true, sails = [1, 2.5] }
        [[ships]]
        crew = 3
    """)


def test_a_text_is_as_long_as_the_platform_takes_it() -> None:
    assert not found(f'name = "{"a" * 20}"')
    (irregular,) = found(f'name = "{"a" * 21}"')
    assert (irregular.fault, irregular.at.line) == (Fault.WRONG, 1)
    assert "`name` has 21 characters, and Harbour takes 20" in irregular.message


@pytest.mark.parametrize(
    ("line", "fault", "says", "at"),
    [
        ("prt = 80", Fault.UNKNOWN, "did you mean `port`?", 2),
        ("stop = 'of'", Fault.WRONG, "takes `off` or `stop`", 2),
        ("port = 70000", Fault.WRONG, "takes a port", 2),
        ("port = '80'", Fault.WRONG, '`port` is the text `"80"`', 2),
        ("wait = 'soon'", Fault.WRONG, "a duration", 2),
        ("env = { A = [1] }", Fault.WRONG, "`env.A` is a list", 2),
        ("words = [1]", Fault.WRONG, "`words[0]`", 2),
        ("main = 'x'", Fault.WRONG, "takes a table", 2),
        ("stop = true", Fault.OLD, "an old form", 2),
        ("vessel = { anything = 1 }", Fault.OLD, "an old form", 2),
        (
            "[[ships]]\ncrow = 2",
            Fault.UNKNOWN,
            "`crow` in `ships[0]` is no key that Harbour knows; did you mean `crew`?",
            3,
        ),
        ("[main]\nkind = 'raft'\ncrew = 2", Fault.IGNORED, "`main.crew` is ignored by Harbour with kind raft", 4),
        ("[main]\nkind = 'ghost'\nflag = true", Fault.REFUSED, "`main.flag` is refused by Harbour", 4),
    ],
)
def test_what_is_not_taken_is_said_with_its_line(line: str, fault: Fault, says: str, at: int) -> None:
    (one,) = found(f'name = "a"\n{line}\n')
    assert (one.fault, one.at.line) == (fault, at)
    assert says in one.message


def test_words_of_which_the_platform_takes_any_case() -> None:
    assert not found('name = "a"\nmain = { rig = "Brig" }\n')
    (one,) = found('name = "a"\nmain = { rig = "Barge" }\n')
    assert "takes `sloop` or `brig`" in one.message


def test_a_key_that_is_needed_and_missing() -> None:
    (one,) = found("port = 80")
    assert one.message == "harbour.toml has no `name`, which Harbour needs there"


def test_nothing_is_wrong_with_a_key_without_a_value() -> None:
    assert not irregularities(yaml_nodes.load("name: a\nport:\nmain:\n", "harbour.yaml"), TABLE)


def test_a_file_that_is_no_table_of_keys_is_left_to_its_reader() -> None:
    assert not irregularities(yaml_nodes.load("- a\n", "harbour.yaml"), TABLE)
