"""A job of a workflow run on this machine: the shell texts of its steps, in the environment GitHub gives them."""

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)(?:\s*\|\|\s*'([^']*)')?\s*\}\}")


@dataclass
class Run:
    """One run of a workflow's only job: what GitHub knows, and what came of it."""

    file: Path
    checkout: Path
    known: Mapping[str, str]
    """`secrets.NAME`, `vars.NAME`, `inputs.tag`, `github.actor`."""
    output: str = ""
    succeeded: bool = True
    _outputs: dict[str, str] = field(default_factory=dict)

    def steps(self) -> list[dict[str, Any]]:
        (job,) = yaml.safe_load(self.file.read_text(encoding="utf-8"))["jobs"].values()
        return [step for step in job["steps"] if "run" in step]

    def all(self) -> "Run":
        """Run step after step until one fails, as GitHub does."""
        with tempfile.TemporaryDirectory() as temporary:
            for number, step in enumerate(self.steps()):
                process = self.begin(step, Path(temporary), number)
                said, _ = process.communicate(timeout=600)
                self.output += said
                self.remember(step, Path(temporary), number)
                if process.returncode != 0:
                    self.succeeded = False
                    break
        return self

    def begin(self, step: dict[str, Any], temporary: Path, number: int) -> "subprocess.Popen[str]":
        """Start a step in bash, in a session of its own."""
        assert "${{" not in step["run"]
        script = temporary / f"{number}.sh"
        script.write_text(step["run"], encoding="utf-8")
        (temporary / f"{number}.output").touch()
        given = {name: self._filled(str(value)) for name, value in step.get("env", {}).items()}
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(temporary),
            "RUNNER_TEMP": str(temporary),
            "GITHUB_OUTPUT": str(temporary / f"{number}.output"),
            **given,
        }
        return subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def remember(self, step: dict[str, Any], temporary: Path, number: int) -> None:
        for line in (temporary / f"{number}.output").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            self._outputs[f"steps.{step['id']}.outputs.{name}"] = value

    def _filled(self, text: str) -> str:
        return EXPRESSION.sub(
            lambda match: self._outputs.get(match[1]) or self.known.get(match[1]) or match[2] or "", text
        )
