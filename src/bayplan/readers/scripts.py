"""package.json scripts as commands: what a script runs, apart from the wrappers around it."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.", re.DOTALL)
LITERAL = "\ue000"
"""Stands for a dollar sign that the script quotes, so that no shell replaces what follows it."""
OPERATORS = re.compile(r"[();<>|&]+")
SHELLS = frozenset({"sh", "bash", "/bin/sh", "/bin/bash", "ash"})
TRANSPARENT = frozenset(
    {"exec", "command", "time", "env", "cross-env", "cross-env-shell", "dumb-init", "tini", "npx", "bunx", "--"}
)
"""What runs the command that follows it, and is not needed in an image."""
UNTIL_DASHES = frozenset({"infisical", "doppler", "op", "dotenvx", "with-env", "vault", "teller", "chamber"})
"""What runs the command after `--`."""
DOTENV_WITH_VALUE = frozenset(
    {"-e", "-f", "-c", "-v", "-p", "--file", "--env-file", "--environments", "-r", "--rc-file"}
)
MANAGERS = frozenset({"pnpm", "npm", "yarn", "bun"})
SELECTORS = frozenset({"--filter", "-F", "--workspace", "-w", "-C", "--dir", "--prefix", "--cwd"})
RUNS_FILES = frozenset({"exec", "dlx", "x"})
SEVERAL = frozenset({"run-s", "run-p", "npm-run-all", "npm-run-all2", "concurrently"})
KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "{", "}"}
)
SOURCE = re.compile(r"\.[cm]?[jt]sx?$")
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command: its words, the variables set for it, and the folder a `cd` before it led to.

    In what `main_command` returns, a dollar sign is one that a shell replaces; one that is quoted is `LITERAL`.
    """

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    folder: str = "."
    skipped: tuple[str, ...] = ()
    """The commands that the script runs before this one."""


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """A call of another script: `pnpm run x`, `pnpm --filter api start`."""

    script: str
    arguments: tuple[str, ...] = ()
    selector: str = ""
    """The package it names; empty for its own."""


def main_command(script: str, depth: int = 0) -> Command | None:
    """Return the command that a script is about: of `a && b` the last one, of `a | b` the first; None when unclear."""
    sequences = _sequences(script)
    if "$(" in script or "`" in script:
        return None
    if not sequences or depth > DEEPEST or any(words[0] in KEYWORDS for words in sequences):
        return None
    folder, skipped = ".", []
    for words in sequences[:-1]:
        if words[0] == "cd" and len(words) > 1:
            folder = f"{folder}/{words[1]}"
        elif words[0] != "set":
            skipped.append(plain(shlex.join(words)))
    command = _unwrapped(Command(tuple(sequences[-1]), {}, folder, tuple(skipped)), depth)
    return command if command and command.argv else None


def simple_commands(script: str) -> tuple[Command, ...]:
    """Return every command of a script without its wrappers, in order."""
    found = (_unwrapped(Command(tuple(map(plain, words))), 0) for words in _sequences(script) or ())
    return tuple(command for command in found if command and command.argv)


def plain(word: str) -> str:
    """Return a word of a command with every dollar sign as it was written."""
    return word.replace(LITERAL, "$")


def for_shell(word: str) -> str:
    """Quote a word so that a shell replaces its variables, and nothing else in it."""
    if "$" not in word:
        return shlex.quote(plain(word))
    return '"' + re.sub(r'["\\`]', r"\\\g<0>", word).replace(LITERAL, r"\$") + '"'


def _with_marks(script: str) -> str:
    """Mark the dollar signs in single quotes or behind a backslash, for the lexer takes quotes away."""

    def marked(quoted: re.Match[str]) -> str:
        text = quoted[0]
        if text.startswith("'"):
            return text.replace("$", LITERAL)
        return re.sub(r"\\(.)", lambda each: LITERAL if each[1] == "$" else each[0], text, flags=re.DOTALL)

    return QUOTED.sub(marked, script)


def _sequences(script: str) -> list[list[str]] | None:
    """Split at `&&` and `;`. Of a pipe or of alternatives the first command is kept; parallel ones give None."""
    forward = re.sub(r"(?<=\w)\\(?=\w)", "/", script)  # `dist\index.js`, as written on Windows
    lexer = shlex.shlex(_with_marks(forward), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        found = list(lexer)
    except ValueError:  # an unbalanced quote
        return None
    sequences: list[list[str]] = [[]]
    ignoring = False
    skip_next = False
    for word in found:
        if skip_next:
            skip_next = False
        elif not OPERATORS.fullmatch(word):
            if not ignoring:
                sequences[-1].append(word)
        elif word in ("&&", ";"):
            sequences.append([])
            ignoring = False
        elif word in ("|", "||"):
            ignoring = True
        elif word == "&":
            return None
        else:
            skip_next = ">" in word or "<" in word
            if skip_next and sequences[-1] and sequences[-1][-1].isdigit():
                sequences[-1].pop()  # the 2 of `2>&1`
    return [words for words in sequences if words]


def _unwrapped(command: Command, depth: int) -> Command | None:
    """Take the wrappers off a command, one by one."""
    argv = command.argv
    while argv:
        first = argv[0]
        assignment = ASSIGNMENT.fullmatch(first)
        if assignment:
            variables = {**command.variables, assignment[1]: assignment[2]}
            command, argv = replace(command, variables=variables), argv[1:]
        elif first in SHELLS and len(argv) > 2 and argv[1] == "-c":  # noqa: PLR2004 - sh, -c, script
            inner = main_command(plain(argv[2]), depth + 1)
            return inner and replace(
                inner,
                variables={**command.variables, **inner.variables},
                folder=f"{command.folder}/{inner.folder}",
                skipped=(*command.skipped, *inner.skipped),
            )
        else:
            shorter = _without_wrapper(argv)
            if shorter == argv:
                break
            argv = shorter
    return replace(command, argv=argv)


def _without_wrapper(argv: tuple[str, ...]) -> tuple[str, ...]:
    first, rest = argv[0], argv[1:]
    if first in TRANSPARENT:
        while rest and rest[0].startswith("-"):
            rest = rest[1:]
        return rest
    if first in UNTIL_DASHES and "--" in rest:
        return rest[rest.index("--") + 1 :]
    if first in ("dotenv", "dotenv-flow", "env-cmd"):
        return _after_options(rest, DOTENV_WITH_VALUE)
    if first in MANAGERS and rest and rest[0] in RUNS_FILES:
        return _after_options(rest[1:], frozenset())
    if first == "pm2-runtime":
        rest = rest[1:] if rest[:1] == ("start",) else rest
        return ("node", *rest[:1]) if rest and re.search(r"\.[cm]?js$", rest[0]) else argv
    return argv


def _after_options(words: tuple[str, ...], with_value: frozenset[str]) -> tuple[str, ...]:
    while words and words[0].startswith("-"):
        if words[0] == "--":
            return words[1:]
        words = words[2:] if words[0] in with_value else words[1:]
    return words


def script_call(argv: tuple[str, ...], scripts: Mapping[str, object]) -> ScriptCall | None:
    """Return what other script a command calls; None when it calls none. `scripts` are those of its package."""
    if not argv or argv[0] not in MANAGERS:
        return None
    words, selector = _without_manager_options(argv)
    is_run = words[:1] in (["run"], ["run-script"])
    if is_run:
        words = words[1:]
    if not words or (argv[0] == "bun" and SOURCE.search(words[0])):
        return None
    if not is_run and not selector and words[0] not in scripts and words[0] not in ("start", "test"):
        return None
    return ScriptCall(words[0], tuple(words[1:]), selector)


def _without_manager_options(argv: tuple[str, ...]) -> tuple[list[str], str]:
    """Return the words that name and follow the script, and the package that an option selects.

    npm takes every option before `--` as its own; the others hand on what follows the script's name.
    """
    words, selector = list(argv[1:]), ""
    found: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--":
            return found + words, selector
        name, equals, value = word.partition("=")
        named = len(found) > (found[:1] in (["run"], ["run-script"]))
        if named and argv[0] != "npm":
            return [*found, word, *(each for each in words if each != "--")], selector
        if name in SELECTORS and (equals or words) and not (argv[0] == "pnpm" and name == "-w"):
            selector = value or words.pop(0)
        elif argv[0] == "yarn" and word == "workspace" and words:
            selector = words.pop(0)
        elif not word.startswith("-"):
            found.append(word)
    return found, selector


def called_together(argv: tuple[str, ...], scripts: Mapping[str, object]) -> tuple[str, ...]:
    """Return the scripts that `run-s build:*` or `concurrently npm:build:js` calls."""
    if not argv or argv[0] not in SEVERAL:
        return ()
    patterns = [word.removeprefix("npm:") for word in argv[1:] if not word.startswith("-")]
    found = (name for pattern in patterns for name in scripts if fnmatchcase(name, pattern))
    return tuple(dict.fromkeys(found))
