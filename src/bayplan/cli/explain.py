"""Explain a rule of `bayplan check`: what it means, why it matters, and an example. Without a name, list all rules."""

import argparse
import re
from collections.abc import Iterator

from bayplan.cli.terminal import paint
from bayplan.errors import UsageError

EXAMPLES = """examples:
  bayplan explain
  bayplan explain missing-app-modules
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("rule", nargs="?", metavar="RULE", help="the name of a rule, as findings show it")


def run(arguments: argparse.Namespace) -> int:
    """Print the page of a rule, or the list of all."""
    from bayplan.rules import BY_ID, RULES

    if arguments.rule is None:
        width = max(len(rule.id) for rule in RULES)
        for rule in RULES:
            print(f"{paint(rule.id.ljust(width), 'bold')}  {rule.title}")
        return 0
    found = BY_ID.get(arguments.rule)
    if found is None:
        from bayplan.cli.parser import near

        remedy = near(arguments.rule, list(BY_ID)) or "`bayplan explain` lists the rules"
        raise UsageError(f"there is no rule `{arguments.rule}`", remedy=remedy)
    print(f"{paint(found.id, 'bold')} ({found.effect}{'' if found.effect.fails else ', a warning'})\n")
    for line in shown(found.page):
        print(line)
    return 0


def shown(page: str) -> Iterator[str]:
    """Yield the lines of a page for a terminal: examples are indented below the names of their files."""
    in_example = False
    for line in page.strip().split("\n"):
        fence = re.fullmatch(r"```(?:\w+ (?P<file>\S+))?", line)
        if fence:
            in_example = not in_example
            if in_example:
                yield "  " + paint(fence["file"] or "", "cyan")
        elif in_example:
            yield f"    {line}".rstrip()
        else:
            heading, colon, rest = line.partition(":")
            is_heading = bool(colon) and heading in ("What it means", "Why it is bad", "Bad", "Good")
            yield paint(heading + colon, "bold") + rest if is_heading else line
