"""What starts a workflow, where its steps work, and what its jobs run with, one after the other."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.errors import BrokenFileError
from bayplan.formats import workflow

JOB = "on: push\njobs: {a: {runs-on: x, strategy: {matrix: %s}, steps: [{run: x}]}}\n"


@pytest.mark.parametrize(
    ("matrix", "combinations"),
    [
        ("{app: [api, web]}", [{"app": "api"}, {"app": "web"}]),
        ("{a: [1, 2], b: [x]}", [{"a": "1", "b": "x"}, {"a": "2", "b": "x"}]),
        ("{a: [1, 2], exclude: [{a: 1}]}", [{"a": "2"}]),
        ("{include: [{a: 1, b: 2}, {a: 3}]}", [{"a": "1", "b": "2"}, {"a": "3"}]),
        ("{a: [1, 2], include: [{a: 1, b: x}]}", [{"a": "1", "b": "x"}, {"a": "2"}]),
        ("{a: [1], include: [{a: 2, b: x}]}", [{"a": "1"}, {"a": "2", "b": "x"}]),
        ("{image: [{name: api, file: x}]}", [{"image.name": "api", "image.file": "x"}]),
        ("'${{ fromJSON(needs.plan.outputs.matrix) }}'", []),
        ("{app: '${{ fromJSON(x) }}', platform: [a]}", []),
        ("{a: []}", []),
        ("null", []),
    ],
)
def test_a_matrix_is_its_combinations(matrix: str, combinations: list[dict[str, str]]) -> None:
    (job,) = workflow.parse(JOB % matrix, "w.yml").jobs
    assert [{name: value.value for name, value in each.items()} for each in job.matrix] == combinations


def test_a_matrix_has_no_more_jobs_than_github_runs() -> None:
    many = "{" + ", ".join(f"{name}: [{', '.join(map(str, range(40)))}]" for name in "abcdef") + "}"
    assert len(workflow.parse(JOB % many, "w.yml").jobs[0].matrix) == 256


@given(st.text("{}[]:, a-\n\"'${incluexd", max_size=60))
def test_any_matrix_is_read_or_refused(matrix: str) -> None:
    with suppress(BrokenFileError):
        assert len(workflow.parse(JOB % matrix, "w.yml").path) > 0


def test_what_starts_a_workflow() -> None:
    filters = "    branches: [main]\n    paths: [apps/**]\n    paths-ignore: ['*.md']\n"
    text = f"on:\n  push:\n{filters}  pull_request:\njobs: {{}}\n"
    push, pull = workflow.parse(text, "w.yml").triggers
    assert (push.event, push.at.line, push.filters) == ("push", 2, ("branches", "paths", "paths-ignore"))
    assert ([each.value for each in push.paths], [each.value for each in push.ignored]) == (["apps/**"], ["*.md"])
    assert (pull.event, pull.paths, pull.filters) == ("pull_request", (), ())
    assert [each.event for each in workflow.parse("on: [push, release]\n", "w.yml").triggers] == ["push", "release"]
    assert [each.event for each in workflow.parse("on: push\n", "w.yml").triggers] == ["push"]


def test_where_a_step_works_and_when() -> None:
    text = (
        "on: push\ndefaults: {run: {working-directory: all}}\njobs:\n"
        "  a:\n    if: x\n    defaults: {run: {working-directory: job}}\n"
        "    steps: [{run: x, working-directory: own, if: y}, {run: x}]\n"
        "  b: {steps: [{run: x}]}\n"
    )
    first, second = workflow.parse(text, "w.yml").jobs
    folders = [step.folder.value if step.folder else None for job in (first, second) for step in job.steps]
    assert folders == ["own", "job", "all"]
    assert first.condition is not None
    assert first.steps[0].condition is not None
