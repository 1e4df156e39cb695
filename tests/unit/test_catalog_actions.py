"""The actions that workflows use: each pinned, each found at this commit by more than one, none of them left over."""

import re
from pathlib import Path

from bayplan.catalog import load
from bayplan.catalog.actions import action

WRITERS = Path(__file__).parents[2] / "src" / "bayplan" / "writers"


def test_each_is_a_commit_that_several_name_with_its_version() -> None:
    for name, row in load("actions").items():
        assert re.fullmatch(r"[0-9a-f]{40}", row["commit"]), name
        assert re.fullmatch(r"v\d+\.\d+\.\d+", row["version"]), name
        assert row["seen"] >= 2, name
        assert row["source"] == f"https://github.com/{row['uses']}"
        assert action(name).uses == f"{row['uses']}@{row['commit']}"


def test_each_is_used() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in WRITERS.glob("*.py"))
    used = set(re.findall(r'(?:uses|action)\(\s*"([\w-]+)"', texts))
    assert used == load("actions").keys()


def test_no_action_is_one_whose_tags_strangers_have_moved() -> None:
    moved = ("aquasecurity/", "tj-actions/", "reviewdog/")
    assert not [row["uses"] for row in load("actions").values() if row["uses"].startswith(moved)]
