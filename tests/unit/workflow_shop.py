"""What the tests of the image workflow share: a shop with an api and a web app, and what its workflow says."""

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from bayplan import pipeline
from bayplan.pipeline import Planned
from tests.unit.planning import Repository, server

FILE = ".github/workflows/docker-build.yml"
CASES = Path(__file__).parent.parent / "cases"


def shop(root: Path) -> Repository:
    repository = Repository(root).app("api", server(4000)).app("worker", server(4001))
    return repository.write("apps/api/src/extra.ts", "export {};\n")


def planned_case(name: str, root: Path) -> Planned:
    """Plan a case as if it had asked for workflows."""
    copy = root / name
    shutil.copytree(CASES / name / "repo", copy, symlinks=True)
    config = copy / "bayplan.yaml"
    said = config.read_text(encoding="utf-8") if config.exists() else "version: 1\n"
    config.write_text(said + ("" if "github:" in said else "\ntargets: { github: {} }\n"), encoding="utf-8")
    return pipeline.plan(copy)


def text(planned: Planned) -> str:
    return planned.files[FILE].text


def jobs(planned: Planned) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text(planned))["jobs"]
    return found


def scripts(planned: Planned) -> dict[str, str]:
    """Return what each step runs, by its name."""
    return {step["name"]: step["run"] for job in jobs(planned).values() for step in job["steps"] if "run" in step}


def calls(planned: Planned) -> dict[str, str]:
    """Return the line of each image in the plan, by its name."""
    joined = scripts(planned)["Compare with what is in the registry"].replace("\\\n", " ")
    lines = [" ".join(line.split()) for line in joined.splitlines()]
    found = (re.match(r"(?:\w+=\S+ )*image (\S+) \"", line) for line in lines)
    return {match[1]: match.string for match in found if match}
