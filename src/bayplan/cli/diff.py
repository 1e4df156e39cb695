"""Show what differs between two environments, and nothing else. Nothing is written."""

import argparse

from bayplan.cli.terminal import paint, printable, table

EXAMPLES = """examples:
  bayplan diff staging production          what differs
  bayplan diff staging production --json   the same, for programs
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("first", metavar="ENV", help="an environment, as bayplan.yaml names it")
    parser.add_argument("second", metavar="OTHER", help="the one to compare it with")
    parser.add_argument("--json", action="store_true", help="print the differences as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the differences; two environments that differ are no mistake."""
    from bayplan import pipeline
    from bayplan.reports.differences import differences

    root = arguments.directory
    planned = pipeline.plan(root, arguments.first)
    other = pipeline.plan(root, arguments.second).stack if arguments.first != arguments.second else planned.stack
    found = differences(planned.stack, other)
    if arguments.json:
        import json

        rows = [{"what": each.what, "first": each.first, "second": each.second} for each in found]
        print(json.dumps(rows, indent=2))
    elif not found:
        print(f"{printable(arguments.first)} and {printable(arguments.second)} are the same")
    else:
        head = ("", arguments.first, arguments.second)
        rows_shown = [(each.what, each.first or "-", each.second or "-") for each in found]
        print(table(head, rows_shown, indent=""))
        print(paint(f"\n{len(found)} differences; the rest is the same", "dim"))
    return 0
