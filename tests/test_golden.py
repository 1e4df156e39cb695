"""The examples and the cases: a repository, and beside it the files that bayplan writes for it."""

import shutil
from pathlib import Path

import pytest

from bayplan import pipeline
from bayplan.model.finding import Finding
from tests import golden

ROOT = Path(__file__).parent.parent
REPOSITORIES = [
    *sorted((ROOT / "examples").glob("*/repo")),
    *sorted(path for path in (ROOT / "tests" / "cases").glob("*/repo") if (path.parent / "expected").is_dir()),
]
named = pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda path: path.parent.name)


@named
def test_the_written_files_are_the_stored_ones(repository: Path, *, update: bool) -> None:
    texts = golden.written(repository)
    expected = repository.parent / "expected"
    if update:
        golden.update(expected, texts)
    assert texts == golden.stored(expected), "look at the difference; if it is meant: pytest --update"


@named
def test_a_second_write_says_what_the_first_did(repository: Path, tmp_path: Path) -> None:
    copy = tmp_path / repository.parent.name
    shutil.copytree(repository, copy, symlinks=True)
    first = pipeline.plan(copy)
    for path, text in first.overlay.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text(text, encoding="utf-8")
    assert _texts(pipeline.plan(copy)) == _texts(first)


def _texts(planned: pipeline.Planned) -> dict[str, str]:
    return {path: file.text for path, file in planned.files.items()}


@named
def test_what_is_written_draws_no_finding(repository: Path) -> None:
    planned = pipeline.plan(repository)
    _, _, findings = pipeline.check_with(planned, planned.overlay)
    assert findings == (), _listed(findings)


def _listed(findings: tuple[Finding, ...]) -> str:
    return "\n".join(f"{finding.rule}: {finding.message}" for finding in findings)


@named
def test_every_line_can_say_why_it_is_there(repository: Path) -> None:
    planned = pipeline.plan(repository)
    for path, file in planned.files.items():
        lines = [
            number for number, line in enumerate(file.text.splitlines(), 1) if line.strip() and not line.startswith("#")
        ]
        silent = [number for number in lines if file.why(number) is None]
        assert len(silent) <= len(lines) // 3, f"{path}: lines {silent} have no reason"
