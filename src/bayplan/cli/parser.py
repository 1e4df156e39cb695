"""The commands, and a parser that imports only the one that is asked for."""

import argparse
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from bayplan import __version__
from bayplan.errors import UsageError


class Command(NamedTuple):
    """A command: its module has `add(parser)`, `run(arguments)`, and a docstring that is its description."""

    name: str
    module: str
    summary: str


ROAD = (
    Command("plan", "bayplan.cli.plan", "show what would run, and why; nothing is written"),
    Command("write", "bayplan.cli.write", "write the deployment's files, keeping every edit made by hand"),
    Command("check", "bayplan.cli.check", "check the files against each other and against the code"),
    Command("build", "bayplan.cli.build", "build the images"),
    Command("up", "bayplan.cli.up", "do it all: write, check, build, start, verify"),
    Command("verify", "bayplan.cli.verify", "prove that what runs does what it should"),
    Command("down", "bayplan.cli.down", "stop it again"),
)
BESIDE = (
    Command("backup", "bayplan.cli.backup", "back up the stores, or prove that a backup can be restored"),
    Command("restore", "bayplan.cli.restore", "restore a backup, keeping what was there"),
    Command("diff", "bayplan.cli.diff", "show what differs between two environments"),
    Command("init", "bayplan.cli.init", "begin a bayplan.yaml with what the code does not say"),
    Command("env", "bayplan.cli.env", "check the file of values of an environment, or make one"),
    Command("why", "bayplan.cli.why", "say why a line of a written file is there"),
    Command("explain", "bayplan.cli.explain", "explain a rule of `bayplan check`"),
    Command("schema", "bayplan.cli.schema", "print the JSON Schema of bayplan.yaml, for editors"),
    Command("completion", "bayplan.cli.completion", "print the completion script of a shell"),
)
COMMANDS = ROAD + BESIDE

HELP = """\
bayplan reads a monorepo, writes its deployment, and proves that it runs.

usage: bayplan [-C DIR] COMMAND ...

The road from a repository to what runs:
{road}

Beside the road:
{beside}

Begin like this, in your repository:
  bayplan plan                        what it found, and what it would deploy
  bayplan write --diff                the files it would write, as a patch
  bayplan write                       write them
  bayplan why apps/api/Dockerfile:12  why is this line there?
  bayplan up                          build it, start it, prove that it works

Options, before or after the command:
  -C, --directory DIR        the repository, where it is not the current folder
  --color auto|always|never  colours; NO_COLOR in the environment is obeyed too
  -v, --verbose              say more about a failure
  --version                  print the version
  -h, --help                 this text, or with a command its own

Exit codes: 0 all is well, 1 something is wrong in the repository, 2 a wrong command line or bayplan.yaml,
3 something is missing on this machine, 4 another program failed, 70 a bug of bayplan, 75 try again.
"""


class Parser(argparse.ArgumentParser):
    """An argparse parser whose mistakes are ours to show, with what was probably meant."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, remedy=f"`{self.prog} --help` shows what there is")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            names = [str(each) for each in action.choices]
            what = "command" if action.dest == "command" else f"value of {[action.metavar, *action.option_strings][-1]}"
            raise UsageError(
                f"there is no {what} `{value}`", remedy=near(str(value), names) or f"there are {', '.join(names)}"
            )

    def actions(self) -> Iterator[argparse.Action]:
        """Yield every argument and option."""
        yield from self._actions

    def options(self) -> list[str]:
        return [name for action in self._actions for name in action.option_strings if name.startswith("--")]


class CommandParser(Parser):
    """The parser of one command, which imports it when something is to be parsed."""

    command: Command | None = None

    def fill(self) -> None:
        """Add the arguments of the command, once."""
        if self.command is not None:
            module = import_module(self.command.module)
            self.set_defaults(module=self.command.module)
            self.description = module.__doc__
            self.epilog = getattr(module, "EXAMPLES", None)
            module.add(self)
            self.command = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self.fill()
        return super().parse_known_args(args, namespace)


class TopParser(Parser):
    def format_help(self) -> str:
        shown = ["\n".join(f"  {name:<12}{summary}" for name, _, summary in group) for group in (ROAD, BESIDE)]
        return HELP.format(road=shown[0], beside=shown[1])


def _add_global(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-C", "--directory", metavar="DIR", type=Path, default=argparse.SUPPRESS, help="the folder of the repository")
    add("--color", choices=("auto", "always", "never"), default=argparse.SUPPRESS, help="colours (default: auto)")
    add("-v", "--verbose", action="store_true", default=argparse.SUPPRESS, help="say more about a failure")


def add_environment(parser: argparse.ArgumentParser) -> None:
    """Declare the option that chooses an environment."""
    parser.add_argument(
        "--env",
        metavar="NAME",
        dest="environment",
        help="the environment, as bayplan.yaml names it (default: production, or the first)",
    )


def top_parser() -> tuple[TopParser, dict[str, CommandParser]]:
    """Return the parser and, by name, those of the commands, which have imported nothing yet."""
    top = TopParser(prog="bayplan", allow_abbrev=False)
    _add_global(top)
    top.set_defaults(directory=Path(), color="auto", verbose=False)
    top.add_argument("--version", action="version", version=f"bayplan {__version__}", help="print the version")
    group = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=CommandParser)
    parsers: dict[str, CommandParser] = {}
    for command in COMMANDS:
        parser: CommandParser = group.add_parser(
            command.name,
            help=command.summary,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.command = command
        _add_global(parser)
        parsers[command.name] = parser
    return top, parsers


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of a command line; without a command it shows the help."""
    top, parsers = top_parser()
    arguments, unknown = top.parse_known_args(argv)
    parser = parsers.get(arguments.command, top)
    if unknown:
        option = unknown[0].partition("=")[0]
        remedy = near(option, parser.options()) or f"`{parser.prog} --help` shows what there is"
        what = "option" if option.startswith("-") else "argument"
        raise UsageError(f"`{parser.prog}` takes no {what} `{option}`", remedy=remedy)
    if arguments.command is None:
        top.print_help()
        top.exit(2 if argv else 0)
    return arguments


def near(name: str, names: Sequence[str]) -> str | None:
    """Ask whether the nearest of these names was meant."""
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=1)
    return f"did you mean `{close[0]}`?" if close else None
