"""Railway's own npm package, and a Node.js that it takes: what it says of a file, and what it makes of one."""

import json
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "build" / "tests" / "railway-3.11.0"
PACKAGES = ("railway@3.11.0", "typescript@5.9.3")
OLDEST_NODE = 22
COMPILER = {
    "compilerOptions": {
        "module": "nodenext",
        "target": "es2022",
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "noUnusedLocals": True,
        "types": [],
    }
}
EVALUATE = """
import { createRailwayContext, validateGraph } from "railway/iac";
const { default: program } = await import(process.argv[2]);
const project = await program(createRailwayContext({ environment: process.argv[3] }));
process.stdout.write(JSON.stringify(project));
"""


@dataclass(frozen=True)
class Package:
    """A folder in which the package is installed."""

    folder: Path
    node: str

    @contextmanager
    def _written(self, text: str) -> Iterator[Path]:
        inner = self.folder / "files"
        shutil.rmtree(inner, ignore_errors=True)
        (inner / ".railway").mkdir(parents=True)
        file = inner / ".railway" / "railway.ts"
        file.write_text(text, encoding="utf-8")
        (inner / "tsconfig.json").write_text(json.dumps({**COMPILER, "files": [str(file)]}), encoding="utf-8")
        yield file

    def mistakes(self, text: str) -> str:
        """Return what the package's types say against a file."""
        with self._written(text) as file:
            tsc = self.folder / "node_modules" / "typescript" / "bin" / "tsc"
            project = str(file.parents[1])
            command = [self.node, str(tsc), "-p", project, "--pretty", "false"]
            return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout

    def project(self, text: str, environment: str = "production") -> dict[str, Any]:
        """Return what the package makes of a file, as Railway's command is given it."""
        with self._written(text) as file:
            script = self.folder / "evaluate.mjs"
            script.write_text(EVALUATE, encoding="utf-8")
            command = [self.node, "--no-warnings", "--experimental-strip-types", str(script), str(file), environment]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            assert done.returncode == 0, done.stderr
            found: dict[str, Any] = json.loads(done.stdout)
            return found


def installed() -> Package:
    """Return the package, installed once for all runs of the tests."""
    ready = FOLDER / "ready"
    if not ready.exists():
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        (FOLDER / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
        wanted = [*PACKAGES, *([] if _is_new_enough("node") else [_node_package()])]
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock")
        subprocess.run(["npm", "install", *quiet, *wanted], cwd=FOLDER, check=True, capture_output=True, timeout=300)
        ready.touch()
    own = FOLDER / "node_modules" / _node_package().partition("@")[0] / "bin" / "node"
    return Package(FOLDER, str(own) if own.exists() else "node")


def _is_new_enough(node: str) -> bool:
    if shutil.which(node) is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    return int(version.strip().removeprefix("v").partition(".")[0]) >= OLDEST_NODE


def _node_package() -> str:
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"node-{platform.system().lower()}-{machine}@22.23.3"
