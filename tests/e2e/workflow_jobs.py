"""The jobs of a workflow run one after the other as GitHub runs them: scripts in bash, builds through Buildx.

What only GitHub and the world have is left out: logging in, the scan, the cache, and the image that makes an SBOM.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.by_digest import Builder

TOKEN = re.compile(r"\s*('[^']*'|[\w.-]+(?:\(\))?|\|\||&&|==|!=|!|\(|\))")
ELSEWHERE = ("docker/login-action", "docker/setup-buildx-action", "anchore/scan-action", "actions/checkout")


class Expression:
    """An expression of GitHub's, as far as these workflows use them."""

    def __init__(self, text: str, known: Mapping[str, Any]) -> None:
        self.tokens = [each[1] for each in TOKEN.finditer(text)]
        self.known = known

    def value(self) -> Any:
        found = self._both()
        while self._took("||"):
            other = self._both()
            found = found or other
        return found

    def _both(self) -> Any:
        found = self._compared()
        while self._took("&&"):
            other = self._compared()
            found = found and other
        return found

    def _compared(self) -> Any:
        left = self._one()
        if self._took("=="):
            return left == self._one()
        if self._took("!="):
            return left != self._one()
        return left

    def _one(self) -> Any:
        if self._took("!"):
            return not self._one()
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1]
        if token == "fromJSON":  # noqa: S105 - a word of the expression
            return json.loads(self._within())
        if token.endswith("()"):
            return self.known[token]
        value: Any = self.known
        for name in token.split("."):
            value = value.get(name, "") if isinstance(value, Mapping) else ""
        return value

    def _within(self) -> Any:
        assert self._took("(")
        found = self.value()
        assert self._took(")")
        return found

    def _took(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False


def filled(text: Any, known: Mapping[str, Any]) -> Any:
    """Return a value with its expressions replaced; one that is an expression alone keeps its type."""
    if not isinstance(text, str):
        return text
    alone = re.fullmatch(r"\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*", text, re.DOTALL)
    if alone:
        return Expression(alone[1], known).value()
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: shown(Expression(found[1], known).value()), text)


def shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Event:
    """What starts a run."""

    name: str = "push"
    ref: str = "refs/heads/main"
    owner: str = "Example-Org"
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Jobs:
    """What a run did: how its jobs ended, what they handed on, the images it built, and what its scripts said."""

    results: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    built: set[tuple[str, str]] = field(default_factory=set)
    said: str = ""


class Runner:
    """Runs a workflow in clones of a repository."""

    def __init__(self, builder: Builder, repository: Path, folder: Path) -> None:
        self.builder = builder
        self.repository = repository
        self.folder = folder
        self.number = 0

    def run(self, workflow: str, event: Event, *, only: tuple[str, ...] = ()) -> Jobs:
        """Run a workflow; with `only`, it is cancelled before the other jobs."""
        found = Jobs()
        clone = self._clone()
        artifacts = clone.parent / "artifacts"
        for name, job in yaml.safe_load((clone / workflow).read_text(encoding="utf-8"))["jobs"].items():
            known = self._known(event, found, clone)
            if only and name not in only:
                found.results[name] = "cancelled"
            elif not filled(job.get("if", "${{ !failure() }}"), known) or not self._needs(job, found):
                found.results[name] = "skipped"
            else:
                ended = [self._job(name, job, known | each, artifacts, found) for each in _matrix(job, known)]
                found.results[name] = "success" if all(ended) else "failure"
        return found

    def _needs(self, job: Mapping[str, Any], found: Jobs) -> bool:
        """Say whether a job runs that does not ask how the earlier ones ended: when none of them failed."""
        return "failure()" in job.get("if", "") or "failure" not in found.results.values()

    def _job(self, name: str, job: Mapping[str, Any], known: dict[str, Any], artifacts: Path, found: Jobs) -> bool:
        workspace = self._clone()
        steps: dict[str, Any] = {}
        for step in job["steps"]:
            outputs = self._step(step, {**known, "steps": steps}, workspace, artifacts, found)
            if outputs is None:
                return False
            steps[step.get("id", "")] = {"outputs": outputs}
        handed_on = job.get("outputs", {}).items()
        found.outputs[name] = {key: filled(text, {**known, "steps": steps}) for key, text in handed_on}
        return True

    def _clone(self) -> Path:
        self.number += 1
        clone = self.folder / str(self.number) / "a clone"
        command = ["git", "clone", "--quiet", "--depth", "1", f"file://{self.repository}", str(clone)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return clone

    def _known(self, event: Event, found: Jobs, clone: Path) -> dict[str, Any]:
        command = ["git", "-C", str(clone), "rev-parse", "HEAD"]
        sha = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
        ended = found.results.values()
        return {
            "github": {"event_name": event.name, "sha": sha, "ref": event.ref, "owner": event.owner},
            "vars": event.variables,
            "needs": {
                name: {"result": result, "outputs": found.outputs.get(name, {})}
                for name, result in found.results.items()
            },
            "failure()": "failure" in ended,
            "cancelled()": "cancelled" in ended,
        }

    def _step(
        self, step: Mapping[str, Any], known: dict[str, Any], workspace: Path, artifacts: Path, found: Jobs
    ) -> dict[str, str] | None:
        """Run a step and return its outputs; None when it failed."""
        if not filled(step.get("if", True), known):
            return {}
        if "run" in step:
            return self._script(step, known, workspace, found)
        inputs = {key: filled(value, known) for key, value in step.get("with", {}).items()}
        uses = step["uses"].partition("@")[0]
        if uses == "docker/build-push-action":
            return self._built(inputs, workspace, known["matrix"], found)
        if uses == "actions/upload-artifact":
            shutil.copytree(workspace / inputs["path"], artifacts / inputs["name"])
        elif uses == "actions/download-artifact":
            for each in sorted(artifacts.glob(inputs["pattern"])):
                shutil.copytree(each, workspace / inputs["path"], dirs_exist_ok=True)
        else:
            assert uses in ELSEWHERE, uses
        return {}

    def _script(
        self, step: Mapping[str, Any], known: dict[str, Any], workspace: Path, found: Jobs
    ) -> dict[str, str] | None:
        assert "${{" not in step["run"]
        github, output, script = known["github"], workspace.parent / "output", workspace.parent / "script.sh"
        output.write_text("", encoding="utf-8")
        script.write_text(step["run"], encoding="utf-8")
        environment = {
            **self.builder.environment,
            "GITHUB_EVENT_NAME": github["event_name"],
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REF": github["ref"],
            "GITHUB_REF_NAME": re.sub(r"refs/(heads|tags|pull)/", "", github["ref"]),
            "GITHUB_REPOSITORY_OWNER": github["owner"],
            "GITHUB_SHA": github["sha"],
            "RUNNER_TEMP": str(workspace.parent),
            **{name: shown(filled(value, known)) for name, value in step.get("env", {}).items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=workspace,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        found.said += done.stdout + done.stderr
        pairs = (line.partition("=") for line in output.read_text(encoding="utf-8").splitlines())
        return {name: value for name, _, value in pairs} if done.returncode == 0 else None

    def _built(
        self, inputs: Mapping[str, Any], workspace: Path, matrix: Mapping[str, Any], found: Jobs
    ) -> dict[str, str] | None:
        words = ["--file", inputs["file"], "--platform", inputs["platforms"]]
        for line in inputs["build-args"].splitlines():
            words += ["--build-arg", line]
        if inputs.get("load"):
            words += ["--load", "--tag", inputs["tags"]]
        else:
            words += ["--output", inputs["outputs"], "--provenance", inputs["provenance"]]
        try:
            digest = self.builder.build(workspace, *words, inputs["context"])
        except subprocess.CalledProcessError as error:
            found.said += os.fsdecode(error.stderr)
            return None
        found.built.add((matrix["image"]["name"], matrix["platform"]))
        return {"digest": digest}


def _matrix(job: Mapping[str, Any], known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the combinations of a job; what `include` says is added where it fits."""
    if "strategy" not in job:
        return [{}]
    matrix = job["strategy"]["matrix"]
    return [
        {"matrix": {"image": image, **next(each for each in matrix["include"] if each["platform"] == platform)}}
        for image in filled(matrix["image"], known)
        for platform in matrix["platform"]
    ]
