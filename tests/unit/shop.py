"""What the tests of the rules share: deployments laid over the shop in tests/cases/rules/base."""

import textwrap
from pathlib import Path

from bayplan.model.finding import Finding
from bayplan.readers.deployment import read_deployment
from bayplan.readers.workspace import read_workspace
from bayplan.rules import check
from bayplan.tree import Tree

CASES = Path(__file__).parent.parent / "cases" / "rules"
API = "apps/api/Dockerfile"
WEB = "apps/web/Dockerfile"
FLOW = ".github/workflows/images.yml"


def findings(files: dict[str, str]) -> tuple[Finding, ...]:
    tree = Tree(CASES / "base", {path: textwrap.dedent(text) for path, text in files.items()})
    return check(read_workspace(tree), read_deployment(tree), tree)


def found(rule: str, files: dict[str, str]) -> list[Finding]:
    return [finding for finding in findings(files) if finding.rule == rule]


def image(*lines: str, base: str = "node:22-alpine", last: str = 'CMD ["node", "apps/api/dist/main.js"]') -> str:
    return "\n".join([f"FROM {base}", "WORKDIR /app", "COPY . .", *lines, last]) + "\n"


def compose(**services: str) -> str:
    """Return a compose file; each service is flow-style YAML."""
    return "services:\n" + "".join(f"  {name}: {text}\n" for name, text in services.items())


def api(more: str = "") -> str:
    return "{build: {context: ., dockerfile: apps/api/Dockerfile}" + (f", {more}" if more else "") + "}"


def clean(folder: str) -> dict[str, str]:
    """Return the files of a deployment that nothing is wrong with."""
    root = CASES / "clean" / folder
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}
