"""Print the completion script of a shell."""

import argparse

EXAMPLES = """examples:
  bayplan completion bash > ~/.local/share/bash-completion/completions/bayplan
  bayplan completion zsh > ~/.zfunc/_bayplan        # with ~/.zfunc in fpath
  bayplan completion fish > ~/.config/fish/completions/bayplan.fish
"""
SHELLS = ("bash", "zsh", "fish")
FILES = frozenset({"PATH", "FILE:LINE"})
FOLDERS = frozenset({"DIR", "FOLDER"})


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    print(script(arguments.shell))
    return 0


def script(shell: str) -> str:
    """Return the completion script of a shell, for every command."""
    import shtab

    from bayplan.cli.parser import COMMANDS, top_parser

    top, parsers = top_parser()
    for command in COMMANDS:
        parsers[command.name].fill()
        parsers[command.name].description = _quiet(command.summary)
    for parser in (top, *parsers.values()):
        for action in parser.actions():
            action.help = _quiet(action.help or "")
            if action.metavar in FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.metavar in FOLDERS:
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return shtab.complete(top, shell=shell)


def _quiet(text: str) -> str:
    """Return a text without what a shell would carry out between double quotes."""
    return text.translate(str.maketrans("", "", "`$"))
