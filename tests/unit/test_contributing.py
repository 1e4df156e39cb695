"""What CONTRIBUTING.md and ARCHITECTURE.md name is there."""

import re
from pathlib import Path

import pytest

from bayplan import rules
from bayplan.model.config import TargetsConfig
from bayplan.readers import deployment
from bayplan.writers import deployment_guide, deployment_table, platform_told, targets

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#]*)(#[^)]+)?\)")
PATH = re.compile(r"`((?:src|tests|docs|scripts|examples)/[^`\s]+)`")
documents = pytest.mark.parametrize("document", ["CONTRIBUTING.md", "ARCHITECTURE.md"])


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def anchors(document: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text(document), re.MULTILINE)
    return {"#" + re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}


@documents
def test_every_link_leads_to_something(document: str) -> None:
    for target, fragment in LINK.findall(text(document)):
        if not target.startswith("https://"):
            assert (ROOT / (target or document)).exists(), target
            assert not fragment or fragment in anchors(target or document), fragment


@documents
def test_every_path_is_one_of_the_project(document: str) -> None:
    for path in PATH.findall(text(document)):
        if "<" in path:
            folder = path.partition("<")[0].rpartition("/")[0]
            assert (ROOT / folder).is_dir(), path
        elif path != "docs/deployment.md":
            assert (ROOT / path).exists(), path


def test_the_tables_that_a_new_unit_gets_a_line_in_have_the_names_that_are_said() -> None:
    said = set(re.findall(r"`([A-Z_]{4,})`", text("CONTRIBUTING.md")))
    assert said == {"RULES", "PLATFORMS", "WRITERS", "SECTIONS", "HOSTS", "ASKED"}
    assert rules.RULES
    assert deployment.PLATFORMS
    assert targets.WRITERS


def test_every_platform_has_each_part_that_is_asked_for() -> None:
    hosts = {"fly", "railway", "render"}
    assert hosts == set(deployment_table.HOSTS) == set(platform_told.ASKED)
    assert hosts < set(deployment_guide.SECTIONS) == set(TargetsConfig.__dataclass_fields__)
    for name in hosts:
        for path in (f"catalog/platforms/{name}.toml", f"formats/{name}.py", f"writers/{name}.py"):
            assert (ROOT / "src/bayplan" / path).is_file()


def test_every_make_target_is_one_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    for name in re.findall(r"`?make ([a-z-]+)", text("CONTRIBUTING.md")):
        assert name in targets
