"""Every rule finds its bad example and not its good one; both are laid over the shop in tests/cases/rules/base."""

import re
from pathlib import Path

import pytest

from bayplan.model.finding import Finding
from bayplan.readers.deployment import read_deployment
from bayplan.readers.workspace import read_workspace
from bayplan.rules import BY_ID, RULES, Rule, check
from bayplan.tree import Tree

BASE = Path(__file__).parent.parent / "cases" / "rules" / "base"
EXAMPLE = re.compile(r"^```\w+ (?P<file>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(rule: Rule, kind: str) -> dict[str, str]:
    """Return the files of the part of a page that begins with `Bad:` or `Good:`."""
    _, _, bad_and_good = rule.page.partition("\nBad:\n")
    bad, _, good = bad_and_good.partition("\nGood:\n")
    return {match["file"]: match["text"] for match in EXAMPLE.finditer(bad if kind == "bad" else good)}


def findings(files: dict[str, str], root: Path = BASE) -> tuple[Finding, ...]:
    tree = Tree(root, files)
    return check(read_workspace(tree), read_deployment(tree), tree)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_its_bad_example(rule: Rule) -> None:
    found = [finding for finding in findings(examples(rule, "bad")) if finding.rule == rule.id]
    assert found
    for finding in found:
        assert list(type(finding.effect)).index(finding.effect) >= list(type(rule.effect)).index(rule.effect)
        assert finding.places[0].at.file
        assert all(place.label for place in finding.places)
        assert finding.message[0].islower() or not finding.message[0].isalpha() or finding.message.split()[0].isupper()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_does_not_find_its_good_example(rule: Rule) -> None:
    assert examples(rule, "good")
    assert [finding for finding in findings(examples(rule, "good")) if finding.rule == rule.id] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_documented(rule: Rule) -> None:
    for part in ("\nWhat it means: ", "\nWhy it is bad: ", "\nBad:\n", "\nGood:\n"):
        assert part in rule.page
    assert rule.title.endswith(".")
    assert rule.check.__module__.rpartition(".")[2] == rule.id.replace("-", "_")


def test_every_rule_has_its_own_name() -> None:
    assert len(BY_ID) == len(RULES)


def test_a_repository_without_deployment_files_has_no_findings() -> None:
    assert findings({}) == ()
