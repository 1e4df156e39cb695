"""Check the file of values that an environment is started with, or make one.

`check` holds the file against what the code reads and what the compose file asks for: what is missing, empty, misspelt,
unused, of the wrong form, easily guessed or readable by others. `new` makes the file with fresh secrets, for its owner
only, and says what is left to fill in. Neither ever shows a value.
"""

import argparse
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from bayplan.cli.parser import add_environment
from bayplan.cli.terminal import printable

if TYPE_CHECKING:
    from bayplan.engines.env.file import Held
    from bayplan.engines.env.new import Drawn
    from bayplan.engines.env.question import Question
    from bayplan.model.contract import Term
    from bayplan.model.stack import Stack
    from bayplan.pipeline import Planned

EXAMPLES = """examples:
  bayplan env check --env staging
  bayplan env check --env staging /srv/shop/.env.staging
  bayplan env new --env staging          makes .env.staging
  bayplan env new --env staging --add    adds what it lacks and keeps every byte that is there
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "what", metavar="ACTION", choices=("check", "new"), help="check the file, or make a new one: `check`, `new`"
    )
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="the file (default: the environment's own)")
    add_environment(parser)
    parser.add_argument("--add", action="store_true", help="with new: add to a file that is already there")


def run(arguments: argparse.Namespace) -> int:
    """Check the file: 1 when the stack would not start with it or secrets are exposed. Or make it: 0."""
    from bayplan import pipeline
    from bayplan.catalog.contract import contract
    from bayplan.errors import UsageError

    if arguments.add and arguments.what == "check":
        raise UsageError("`bayplan env check` adds nothing", remedy="use --add with `bayplan env new`")
    planned = pipeline.plan(arguments.directory, arguments.environment)
    name = str(arguments.file or planned.stack.env_file)
    path = arguments.file.absolute() if arguments.file else planned.tree.root / planned.stack.env_file
    if not contract(planned.stack).terms and not os.path.lexists(path):
        print(f"{planned.stack.name} takes no values, so it needs no {printable(name)}")
        return 0
    if arguments.what == "check":
        return _check(planned, path, name)
    return _add(planned, path, name) if arguments.add else _new(planned, path, name, is_ours=arguments.file is None)


def _check(planned: "Planned", path: Path, name: str) -> int:
    from bayplan.cli.check import show_findings
    from bayplan.engines.env import file as env_file
    from bayplan.engines.env.check import check
    from bayplan.engines.env.question import hidden
    from bayplan.engines.env.trial import elsewhere
    from bayplan.errors import UsageError

    held = env_file.read(path, name)
    if held is None:
        command = _typed("new", planned.stack, name)
        unread = elsewhere(planned.stack, planned.tree.root) if name == planned.stack.env_file else ""
        move = f"{unread}: move it there, or " if unread else ""
        raise UsageError(f"there is no {name}", remedy=f"{move}`{command}` makes it")
    question = _question(planned, path, name, held)
    findings = check(question)
    show_findings(planned.tree.with_overlay({name: hidden(question)}), findings)
    return int(any(finding.effect.fails for finding in findings))


def _question(planned: "Planned", path: Path, name: str, held: "Held") -> "Question":
    from bayplan.catalog.contract import contract
    from bayplan.engines.env import file as env_file
    from bayplan.engines.env.examples import committed
    from bayplan.engines.env.question import Question
    from bayplan.run import Local

    return Question(
        contract(planned.stack),
        held.file,
        planned.stack.compose,
        held.mode,
        env_file.in_git(path, Local()),
        committed(planned.tree, but=name),
        _typed("new --add", planned.stack, name),
    )


def _typed(words: str, stack: "Stack", name: str) -> str:
    """Return a command as it would be typed for this file."""
    environment = "" if stack.is_production else f" --env {stack.environment}"
    file = "" if name == stack.env_file else f" {shlex.quote(name)}"
    return f"bayplan env {words}{environment}{file}"


def _new(planned: "Planned", path: Path, name: str, *, is_ours: bool) -> int:
    from bayplan.catalog.contract import contract
    from bayplan.engines.env import file as env_file
    from bayplan.engines.env import new as env_new
    from bayplan.errors import UsageError
    from bayplan.writers import env_example

    if is_ours and not Path(os.path.realpath(path.parent)).is_relative_to(planned.tree.root):
        raise UsageError(f"{name} leaves the repository through a link", remedy="name the file you mean")
    drawn = env_new.draw(contract(planned.stack), {}, _earlier(planned), env_new.token)
    if is_ours:
        path.parent.mkdir(parents=True, exist_ok=True)
    env_file.create(path, env_example.filled(planned.stack, drawn.values), name)
    print(f"made {printable(name)}, which only you may read (mode 600)")
    _tell(planned, path, name, drawn)
    return 0


def _add(planned: "Planned", path: Path, name: str) -> int:
    from bayplan.catalog.contract import contract
    from bayplan.engines.env import file as env_file
    from bayplan.engines.env import new as env_new
    from bayplan.engines.env.question import Question, misspelt
    from bayplan.errors import UsageError
    from bayplan.formats.dotenv_values import values
    from bayplan.writers import env_example

    held = env_file.read(path, name)
    if held is None:
        command = _typed("new", planned.stack, name)
        raise UsageError(f"there is no {name} to add to", remedy=f"`{command}` makes it")
    there = values(held.file, {})
    meant = misspelt(Question(contract(planned.stack), held.file, planned.stack.compose))
    drawn = env_new.draw(contract(planned.stack), there, _earlier(planned), env_new.token, meant)
    text, done = env_new.completed(held.content.decode(), held.file, drawn.values)
    lacking = {*drawn.values, *(term.name for term in drawn.open if term.name not in there)} - done - meant.keys()
    more = env_example.filled(planned.stack, drawn.values, lacking) if lacking else ""
    if text == held.content.decode() and not more:
        print(f"{printable(name)} lacks nothing that can be made")
    else:
        between = "" if not text or not more else "\n" if text.endswith("\n") else "\n\n"
        copy = env_file.change(path, held, f"{text}{between}{more}".encode(), planned.tree.root)
        print(
            f"added to {printable(name)}: {', '.join(sorted({*lacking, *done}))}; as it was before: {printable(copy)}"
        )
    for right, line in meant.items():
        print(f"line {line.at.line} says {line.name}: did you mean {right}? nothing was added for it")
    _tell(planned, path, name, drawn)
    return 0


def _earlier(planned: "Planned") -> dict[str, str]:
    """Return what a trial on this machine made up: nobody else may have written it, nor read it."""
    from bayplan.engines import environment
    from bayplan.engines.env import file as env_file
    from bayplan.formats.dotenv_values import values
    from bayplan.run import Local

    trial = environment.ours(planned.stack)
    path = planned.tree.root / trial
    held = env_file.read(path, trial)
    if held is None or held.mode != env_file.PRIVATE or env_file.in_git(path, Local()) is env_file.InGit.COMMITTED:
        return {}
    return values(held.file, {})


def _tell(planned: "Planned", path: Path, name: str, drawn: "Drawn") -> None:
    from bayplan.cli.terminal import table
    from bayplan.engines.env import file as env_file
    from bayplan.engines.env.file import InGit
    from bayplan.run import Local

    kept = sorted(set(drawn.values) & set(_earlier(planned)))
    fresh = sorted(set(drawn.values) - set(kept))
    if fresh:
        print(f"fresh secrets: {', '.join(fresh)}")
    if kept:
        print(f"as they were made for a trial here, whose data may need them: {', '.join(kept)}")
    if drawn.open:
        print("left for you to fill in:")
        print(
            table(("variable", "what for", "from"), [(each.name, each.purpose, _source(each)) for each in drawn.open])
        )
    else:
        print("nothing is left to fill in")
    if env_file.in_git(path, Local()) is not InGit.UNSEEN:
        print(
            f"git does not ignore {printable(name)}: add it to .gitignore, or its secrets go along with the next commit"
        )
    print(f"then: {printable(_typed('check', planned.stack, name))}")


def _source(term: "Term") -> str:
    if term.command or term.origin:
        return term.command or term.origin
    return f"such as {term.example}" if term.example else ""
