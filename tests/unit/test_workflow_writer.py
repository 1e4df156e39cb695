"""Workflows as a person writes them: versions beside actions, scripts as they are, `on` without quotes."""

import textwrap

from hypothesis import given
from hypothesis import strategies as some

from bayplan.formats import workflow_writer, yaml_nodes
from bayplan.formats.workflow_writer import Entry, Value
from bayplan.formats.yaml_writer import plain

LINE = some.text(some.characters(codec="utf-8", exclude_categories=["C"]), max_size=20)


def shown(document: Value) -> str:
    return workflow_writer.render(document).text


def test_a_version_stands_beside_its_commit() -> None:
    assert shown({"steps": [{"uses": Entry("a/b@c0ffee", beside="v1.2.3")}]}) == textwrap.dedent("""\
        steps:
          - uses: a/b@c0ffee # v1.2.3
    """)


def test_a_remark_stands_beside_a_mapping_and_a_list_too() -> None:
    assert shown({"a": Entry({"b": 1}, beside="why"), "c": Entry(["d"], beside="so")}) == textwrap.dedent("""\
        a: # why
          b: 1

        c: # so
          - d
    """)


def test_a_script_stands_as_it_is() -> None:
    script = "if true; then\n  echo '# no comment'\nfi\n"
    assert shown({"steps": [{"name": "x", "run": script}]}) == textwrap.dedent("""\
        steps:
          - name: x
            run: |
              if true; then
                echo '# no comment'
              fi
    """)


def test_a_script_of_one_line_takes_one() -> None:
    assert shown({"run": "make"}) == "run: make\n"
    assert yaml_nodes.load(shown({"run": "make\n"}), "w.yml").data == {"run": "make\n"}


def test_what_starts_it_has_no_quotes_and_its_values_have_where_they_need_them() -> None:
    assert shown({"on": {"push": None}, "env": {"on": "on"}}).startswith("on:\n  push:\n")
    assert 'on: "on"' in shown({"env": {"x": 1, "y": {"on": "on"}}})


@given(some.lists(LINE, min_size=1, max_size=6), some.booleans())
def test_whatever_a_script_is_it_is_read_as_it_was_written(lines: list[str], ends: bool) -> None:  # noqa: FBT001
    document: Value = {"jobs": {"a": {"steps": [{"run": "\n".join(lines) + ("\n" if ends else "")}]}}}
    assert yaml_nodes.load(shown(document), "w.yml").data == plain(document)
