"""Check every deployment file against the others and against the code, whoever wrote it.

A finding that keeps something from building, starting or being reached, that loses data or exposes it, is an error.
To allow a finding, write `# bayplan: allow RULE REASON` on its line or the line above.
"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayplan.model.deployment import Broken
    from bayplan.model.finding import Finding
    from bayplan.tree import Tree

EXAMPLES = """examples:
  bayplan check
  bayplan check ../shop
  bayplan check --format json
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="the repository (default: the current folder)")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to show findings (default: text)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Show what is wrong; the exit code is 1 when anything of it is an error, 2 with mistakes in bayplan.yaml."""
    from bayplan import pipeline

    tree, deployment, findings = pipeline.check(arguments.directory)
    mistakes = pipeline.config_mistakes(tree)
    if arguments.format == "json":
        from bayplan.reports import json

        print(json.render(findings, deployment.broken), end="")
    elif findings or deployment.broken or mistakes is None:
        show_findings(tree, findings, deployment.broken)
    if mistakes is not None:
        raise mistakes
    return int(bool(deployment.broken) or any(finding.effect.fails for finding in findings))


def show_findings(tree: "Tree", findings: "Sequence[Finding]", broken: "Sequence[Broken]" = ()) -> None:
    """Print findings with every place that takes part in them."""
    from bayplan.cli.terminal import coloured
    from bayplan.reports import text

    print(text.render(findings, broken, tree, colour=coloured()), end="")
