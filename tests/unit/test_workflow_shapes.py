"""The shapes of a workflow's keys, beside the JSON Schema that check-jsonschema carries: both must decide alike."""

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from bayplan.formats import workflow
from bayplan.model.deployment import Fault, Irregular
from tests.unit.workflow_shop import CASES

PATH = ".github/workflows/w.yml"
STEPS = "steps: [{ run: make }]"
JOB = f"jobs: {{ a: {{ runs-on: ubuntu-24.04, {STEPS} }} }}"
GOLDEN = sorted(CASES.parents[1].glob("examples/*/expected/.github/workflows/*.yml"))


def _job(text: str) -> str:
    return f"on: push\njobs: {{ a: {{ runs-on: x, {STEPS}, {text} }} }}"


def _step(text: str) -> str:
    return f"on: push\njobs: {{ a: {{ runs-on: x, steps: [{{ {text} }}] }} }}"


VALID = [
    f"on: push\n{JOB}",
    f"on: [push, pull_request]\n{JOB}",
    f"on: {{ push: {{ branches: [main], paths: ['a/**'] }}, pull_request: , workflow_dispatch: }}\n{JOB}",
    f"on: {{ schedule: [{{ cron: '0 4 * * 1', timezone: Europe/Berlin }}] }}\n{JOB}",
    f"on: {{ workflow_dispatch: {{ inputs: {{ tag: {{ type: string, required: true }} }} }} }}\n{JOB}",
    f"on: {{ workflow_dispatch: {{ inputs: {{ to: {{ type: choice, options: [a, b] }} }} }} }}\n{JOB}",
    f"on: {{ workflow_call: {{ inputs: {{ a: {{ type: number, default: 1 }} }} }} }}\n{JOB}",
    f"on: {{ workflow_call: {{ secrets: {{ s: {{ required: true }} }} }} }}\n{JOB}",
    f"on: {{ workflow_run: {{ workflows: [ci], types: [completed], branches: [main] }} }}\n{JOB}",
    f"on: {{ release: {{ types: [published] }} }}\n{JOB}",
    f"name: n\nrun-name: r\non: push\nenv: {{ A: 1, B: true, C: text }}\ndefaults: {{ run: {{ shell: bash }} }}\n{JOB}",
    f"on: push\npermissions: read-all\n{JOB}",
    f"on: push\npermissions: {{}}\nconcurrency: one\n{JOB}",
    f"on: push\npermissions: {{ contents: read, id-token: write, packages: none, models: read }}\n{JOB}",
    f"on: push\nconcurrency: {{ group: g, cancel-in-progress: '${{{{ inputs.x }}}}', queue: max }}\n{JOB}",
    _job("needs: [b], if: true, timeout-minutes: 5, continue-on-error: true"),
    _job("needs: b, if: github.ref == 'x', timeout-minutes: '${{ inputs.minutes }}'"),
    _job("environment: production"),
    _job("environment: { name: production, url: 'https://example.com' }, outputs: { a: '${{ 1 }}' }"),
    _job("strategy: { fail-fast: false, max-parallel: 2, matrix: { os: [a, b], include: [{ os: c, more: 1 }] } }"),
    _job("strategy: { matrix: '${{ fromJSON(needs.a.outputs.b) }}' }"),
    _job("strategy: { matrix: { image: '${{ fromJSON(needs.a.outputs.b) }}', exclude: [{ image: x }] } }"),
    _job("container: node:22, services: { db: { image: 'postgres:17', ports: ['5432:5432'], env: { A: b } } }"),
    _job("container: { image: x, volumes: ['/a:/b'], options: --init, credentials: { username: u, password: p } }"),
    "on: push\njobs: { a: { runs-on: [self-hosted, linux], steps: [{ uses: actions/checkout@v7 }] } }",
    "on: push\njobs: { a: { runs-on: { group: g, labels: [x] }, steps: [{ run: make, shell: bash }] } }",
    "on: push\njobs: { a: { uses: ./.github/workflows/b.yml, with: { a: 1 }, secrets: inherit } }",
    "on: push\njobs: { a: { uses: o/r/.github/workflows/b.yml@v1, secrets: { a: '${{ secrets.A }}' } } }",
    _step("uses: a/b@v1, with: { a: 1, b: true, c: text }, env: { X: y }, id: i, name: n, if: always()"),
    _step("run: make, working-directory: a, shell: sh, continue-on-error: true, timeout-minutes: 3"),
]
INVALID = [
    JOB,
    "on: push\n",
    f"on: pusch\n{JOB}",
    f"on: [push, pull-request]\n{JOB}",
    f"on: {{ pussh: }}\n{JOB}",
    f"on: {{ push: {{ branch: [main] }} }}\n{JOB}",
    f"on: {{ push: {{ branches: main }} }}\n{JOB}",
    f"on: {{ pull_request: {{ path: [a] }} }}\n{JOB}",
    f"on: {{ schedule: {{ cron: '0 4 * * 1' }} }}\n{JOB}",
    f"on: {{ schedule: [{{ timezone: UTC }}] }}\n{JOB}",
    f"on: {{ workflow_call: {{ inputs: {{ a: {{ required: true }} }} }} }}\n{JOB}",
    f"on: {{ workflow_call: {{ outputs: {{ a: {{ description: x }} }} }} }}\n{JOB}",
    f"on: push\nnames: n\n{JOB}",
    f"on: push\npermissions: write\n{JOB}",
    f"on: push\npermissions: {{ content: read }}\n{JOB}",
    f"on: push\npermissions: {{ contents: readonly }}\n{JOB}",
    f"on: push\npermissions: {{ id-token: read }}\n{JOB}",
    f"on: push\nconcurrency: {{ cancel-in-progress: true }}\n{JOB}",
    f"on: push\nconcurrency: {{ group: g, cancel-in-progres: true }}\n{JOB}",
    f"on: push\nconcurrency: {{ group: g, cancel-in-progress: 'yes' }}\n{JOB}",
    f"on: push\ndefaults: {{ shell: bash }}\n{JOB}",
    f"on: push\nenv: [A=1]\n{JOB}",
    "on: push\njobs: { a: { steps: [{ run: make }] } }",
    "on: push\njobs: { a: { runs_on: x, steps: [{ run: make }] } }",
    "on: push\njobs: { a: { runs-on: x, steps: { run: make } } }",
    "on: push\njobs: { a: { runs-on: 1, steps: [{ run: make }] } }",
    _job("need: b"),
    _job("timeout-minutes: ten"),
    _job("timeout: 10"),
    _job("environment: { url: 'https://example.com' }"),
    _job("outputs: [a]"),
    _job("strategy: { matrix: { os: linux } }"),
    _job("strategy: { matrix: { os: [a] }, fail_fast: false }"),
    _job("continue-on-error: maybe"),
    _job("container: { volumes: [a] }"),
    _job("services: { db: { image: x, port: [1] } }"),
    _job("permissions: { packages: push }"),
    _step("name: nothing to do"),
    _step("run: make, with: [a]"),
    _step("use: a/b@v1"),
    _step("run: [make, test]"),
    _step("uses: a/b@v1, env: text"),
    _step("run: make, timeout-minutes: soon"),
    _step("run: make, directory: a"),
]
HIDDEN = [
    f"on: {{ workflow_dispatch: {{ input: {{}} }} }}\n{JOB}",
    f"on: {{ workflow_dispatch: {{ inputs: {{ a: {{ type: text }} }} }} }}\n{JOB}",
    f"on: {{ workflow_dispatch: {{ inputs: {{ a: {{ type: string, required: 'yes' }} }} }} }}\n{JOB}",
]
"""What the schema means to refuse, beside a `$ref` that makes its draft pass over it."""


@pytest.fixture(scope="module")
def schema() -> Draft7Validator:
    found = resources.files("check_jsonschema").joinpath("builtin_schemas/vendor/github-workflows.json")
    return Draft7Validator(json.loads(found.read_text(encoding="utf-8")))


def _as_github_reads(text: str) -> Any:
    data = yaml.safe_load(text)
    if True in data:
        data["on"] = data.pop(True)
    return data


def _irregular(text: str) -> list[Irregular]:
    """Return what is irregular, but for jobs that are not there, of which the schema knows nothing."""
    return [each for each in workflow.parse(text, PATH).irregular if "the workflow does not have" not in each.message]


@pytest.mark.parametrize("text", VALID)
def test_what_the_schema_takes_is_regular(schema: Draft7Validator, text: str) -> None:
    assert not list(schema.iter_errors(_as_github_reads(text)))
    assert _irregular(text) == []


@pytest.mark.parametrize("text", INVALID)
def test_what_the_schema_refuses_is_irregular(schema: Draft7Validator, text: str) -> None:
    assert list(schema.iter_errors(_as_github_reads(text)))
    assert _irregular(text)


@pytest.mark.parametrize("text", HIDDEN)
def test_what_the_schema_means_to_refuse_is_irregular(text: str) -> None:
    assert _irregular(text)


def _without_one(data: Any) -> Iterator[Any]:
    """Yield a document with each of its keys misspelt in turn."""
    if isinstance(data, dict):
        for key in data:
            yield {(f"{each}x" if each == key else each): value for each, value in data.items()}
            for changed in _without_one(data[key]):
                yield {**data, key: changed}
    elif isinstance(data, list):
        for index, each in enumerate(data):
            for changed in _without_one(each):
                yield [*data[:index], changed, *data[index + 1 :]]


@pytest.mark.parametrize("text", [text for text in VALID if "workflow_dispatch: {" not in text])
def test_both_decide_alike_about_every_misspelt_key(schema: Draft7Validator, text: str) -> None:
    seen = 0
    for changed in _without_one(_as_github_reads(text)):
        is_refused = bool(list(schema.iter_errors(changed)))
        assert bool(_irregular(json.dumps(changed))) == is_refused, changed
        seen += 1
    assert seen


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parents[3].name}-{path.stem}")
def test_every_golden_workflow_is_regular(schema: Draft7Validator, path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert workflow.parse(text, PATH).irregular == ()
    assert not list(schema.iter_errors(_as_github_reads(text)))


def test_a_misspelt_key_is_named_with_the_one_that_was_meant() -> None:
    (found,) = workflow.parse(f"on: push\nconcurency: one\n{JOB}\n", PATH).irregular
    assert found.fault is Fault.UNKNOWN
    assert "did you mean `concurrency`?" in found.message
    assert (found.at.line, found.at.key) == (2, "concurency")


def test_a_strategy_without_a_matrix_is_taken_as_github_takes_it() -> None:
    assert workflow.parse(_job("strategy: { fail-fast: false }"), PATH).irregular == (), "the schema is stricter"


def test_what_only_github_can_know_is_left_to_it() -> None:
    assert workflow.parse(_job("env: '${{ fromJSON(vars.ENV) }}'"), PATH).irregular == ()


def test_a_job_waits_for_jobs_that_the_workflow_has() -> None:
    jobs = f"jobs:\n  build: {{ runs-on: x, {STEPS} }}\n  deploy: {{ needs: [Build, bild], runs-on: x, {STEPS} }}\n"
    (only,) = workflow.parse(f"on: push\n{jobs}", PATH).irregular
    assert (only.fault, only.at.line) == (Fault.WRONG, 4)
    assert "`bild`, which the workflow does not have; did you mean `build`?" in only.message
