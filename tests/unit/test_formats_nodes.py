"""YAML and JSON give plain values, and the place of each."""

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.errors import BrokenFileError
from bayplan.formats import json_nodes, plain_yaml, yaml_nodes
from bayplan.formats.document import Document
from bayplan.source import At

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_a_yaml_value_knows_its_line_its_column_and_its_length() -> None:
    document = yaml_nodes.load("services:\n  api:\n    ports:\n      - '4000:4000'\n", "compose.yml")
    assert document.get("services", "api", "ports", 0) == "4000:4000"
    assert document.at("services", "api", "ports", 0) == At("compose.yml", 4, 9, 11, "services.api.ports[0]")
    assert document.key_at("services", "api", "ports") == At("compose.yml", 3, 5, 5, "services.api.ports")


def test_a_route_that_leads_nowhere_gives_the_nearest_place() -> None:
    document = yaml_nodes.load("a:\n  b: 1\n", "f.yml")
    assert document.at("a", "missing", 3).line == 2
    assert document.get("a", "missing", default="none") == "none"


def test_yaml_means_what_it_means_to_node_and_go() -> None:
    text = "on: yes\nport: 22:22\ndate: 2024-01-01\noctal: 0o17\nmode: 0755\nnumber: 1.5\nnothing: ~\nquoted: '12'\n"
    assert yaml_nodes.load(text, "f.yml").data == {
        "on": "yes",
        "port": "22:22",
        "date": "2024-01-01",
        "octal": 15,
        "mode": 755,
        "number": 1.5,
        "nothing": None,
        "quoted": "12",
    }


def test_merge_keys_are_resolved_and_what_is_stated_wins() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  b: 9\n  <<: [*x, *y]\n"
    document = yaml_nodes.load(text, "f.yml")
    assert document.get("z") == {"b": 9, "a": 1, "c": 4}
    assert document.at("z", "a").line == 1
    assert document.at("z", "c").line == 2
    assert document.at("z", "b").line == 4


def test_an_alias_has_a_place_of_its_own() -> None:
    document = yaml_nodes.load("a: &a {k: 1}\nb: *a\n", "f.yml")
    assert document.at("b") == At("f.yml", 2, 4, 2, "b")
    assert document.at("b", "k").line == 1


def test_a_tag_of_compose_is_kept_beside_the_value() -> None:
    document = yaml_nodes.load("ports: !reset []\n", "f.yml")
    assert document.get("ports") == []
    assert document.tag("ports") == "!reset"


def test_keys_that_are_stated_twice_are_told() -> None:
    assert [at.line for at in yaml_nodes.load("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", "f.yml").repeated()] == [4, 5]
    assert [at.key for at in json_nodes.load('{"a": 1, "a": 2}', "f.json").repeated()] == ["a"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: [1, 2\nb: 3\n", 2, "not valid YAML"),
        ("a: *nobody\n", 1, "which no &nobody defines"),
        ("a: &a [*a]\n", 1, "inside &a itself"),
        ("ok: 1\n[a]: b\n", 2, "as a key"),
        ("a: 1\nb: \x07\n", 2, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 3, "2 YAML documents"),
        ("[" * 5000, 1, "nested too deeply"),
        ("- " * 5000 + "a", 1, "nested too deeply"),
        ("a: \ud800", 1, "not UTF-8"),
    ],
)
def test_broken_yaml_is_refused_with_its_place(text: str, line: int, words: str) -> None:
    with pytest.raises(BrokenFileError, match=words.replace("*", r"\*")) as caught:
        yaml_nodes.load(text, "f.yml")
    assert caught.value.at is not None
    assert caught.value.at.line == line
    assert caught.value.remedy


def test_aliases_that_explode_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(BrokenFileError, match="enormous"):
        yaml_nodes.load("\n".join(lines), "f.yml")


def test_an_empty_file_has_no_data() -> None:
    document = yaml_nodes.load("# nothing\n", "f.yml")
    assert document.data is None
    assert document.at("a") == At("f.yml", 1, 1, 0, "a")


def test_json_with_comments_and_trailing_commas_is_read_where_it_is_allowed() -> None:
    text = '{\n  // why\n  "a": [1, 2,], /* so */\n  "u": "https://x//y",\n}\n'
    document = json_nodes.load(text, "tsconfig.json", comments=True)
    assert document.data == {"a": [1, 2], "u": "https://x//y"}
    assert document.at("a", 1) == At("tsconfig.json", 3, 12, 1, "a[1]")
    with pytest.raises(BrokenFileError) as caught:
        json_nodes.load(text, "package.json")
    assert caught.value.at is not None
    assert caught.value.at.line == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "ends where a value belongs"),
        ('{"a": 1,}', "comma after its last item"),
        ("{a: 1}", "double quotes"),
        ('{"a" 1}', "lacks ':'"),
        ("[1 2]", "lacks a comma"),
        ('{"a": "x}', "closing quote"),
        ("{} {}", "after its end"),
        ("[NaN]", "no value"),
        ("[01]", "no value"),
        ("[" * 100_000, "nested too deeply"),
        ('["\\x"]', "cannot be read"),
    ],
)
def test_broken_json_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(BrokenFileError, match=words) as caught:
        json_nodes.load(text, "package.json")
    assert caught.value.at is not None
    assert caught.value.at.line == 1


def test_half_a_surrogate_does_not_reach_us() -> None:
    document = json_nodes.load('{"a": "\\ud800", "b": "\\ud83d\\ude00"}', "package.json")
    assert document.data == {"a": "\ufffd", "b": "\N{GRINNING FACE}"}


@given(JSON_VALUES, st.sampled_from([None, 2]))
def test_json_is_read_as_the_standard_library_reads_it(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    for comments in (False, True):
        parser = json_nodes._Parser(text, "f.json", comments=comments)
        assert parser.parse()[0] == json.loads(text)


READABLE = st.text(alphabet=st.characters(categories=["L", "N", "P", "S"], max_codepoint=0xD7FF), max_size=12)


@given(
    st.dictionaries(
        READABLE.filter(lambda key: key != "<<"),
        st.lists(READABLE | st.integers(-999, 999) | st.booleans()),
        max_size=5,
    )
)
def test_json_is_yaml(value: dict[str, object]) -> None:
    assert yaml_nodes.load(json.dumps(value, ensure_ascii=False), "f.yml").data == value


LINES = r"""a:
b: 1
'c d': x
'@e/f@1.0.0(g@2)':
- x
- 'y'
cpu: [x64, '!arm']
h: {i: j, k: '>=1'}
l: |-
m: 'it''s'
n: {}
o: null
p: 1.10.0
q: a: b
r: s #t
u: &v w
x: *v
? y
-

---
z: "a"
z: "\n"
text here
: x
é: ü
~: ~
1.0: 2
<<: 1
a:b: c
key: value:
k:  two
"""

PIECES = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([*LINES.splitlines(), "   "])).map(
        lambda piece: "  " * piece[0] + piece[1]
    ),
    max_size=10,
).map("\n".join)


@given(PIECES | st.text(alphabet="ab:- '\"{}[],\n#|>&*!?0.~\t", max_size=40))
def test_the_fast_parser_reads_a_text_as_the_full_one_does_or_leaves_it(text: str) -> None:
    try:
        fast = plain_yaml.parse(text)
    except plain_yaml.Surprise:
        return
    assert repr(yaml_nodes.load(text, "f.yml").data) == repr(fast)


@given(st.text(max_size=60) | st.text(alphabet='{}[]",:\\u/*d8 0e-1tfn\n', max_size=60))
def test_no_text_makes_the_parsers_stumble(text: str) -> None:
    for document in _readable(text):
        assert document.at("a", 0).line >= 0


def _readable(text: str) -> Iterator[Document]:
    with suppress(BrokenFileError):
        yield json_nodes.load(text, "f.json")
    with suppress(BrokenFileError):
        yield json_nodes.load(text, "f.json", comments=True)
    with suppress(BrokenFileError):
        yield from yaml_nodes.load_all(text, "f.yml")
