"""What a container runs when it starts."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import dropwhile

from bayplan.formats import shell_words
from bayplan.model.deployment import BuildStage, DeployedService, ImageFile
from bayplan.rules.facts.platforms import platform_of
from bayplan.rules.facts.stages import absolute, base, environment_of, expanded, folder_of, last
from bayplan.source import At

DEEPEST = 4
WRAPPERS = frozenset({"exec", "env", "tini", "dumb-init", "docker-entrypoint.sh", "--", "-g", "-s"})
SHELLS = frozenset({"sh", "bash", "ash", "dash"})
TAKES_VALUE = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader", "--env-file", "-C"})
ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
MIGRATION_TOOLS = frozenset({"drizzle-kit", "prisma", "knex", "typeorm", "sequelize-cli", "node-pg-migrate"})


@dataclass(frozen=True, slots=True)
class Start:
    """A command as its words, the folder it starts in, and the place that decides it."""

    argv: tuple[str, ...]
    folder: str
    at: At
    shell: bool = False


def start(image: ImageFile, stage: BuildStage, service: DeployedService | None = None) -> Start | None:
    """Return what an image runs, or what a service runs in it; None when nothing says so."""
    seen = environment_of(image, stage)
    folder = folder_of(image, stage)
    entry, command = last(image, stage, "ENTRYPOINT"), last(image, stage, "CMD")
    first = tuple(entry.arguments) if entry else (below.entry if (below := base(image, stage)) else ())
    if service is not None:
        workdir = service.settings.get("working_dir")
        folder = absolute(folder, workdir.value) if workdir else folder
        own_entry = _entry(service)
        first = own_entry or first
        if service.command is not None:
            first = () if platform_of(service).get("replaces_entry") else first
            return _unwrapped((*first, *service.command.value), folder, service.command.at, seen)
    decides = command or entry
    if decides is None:
        return None
    rest = command.arguments if command else ()
    return _unwrapped((*first, *rest), folder, decides.at, seen, shell=decides.shell)


def _entry(service: DeployedService) -> tuple[str, ...]:
    """Return what compose sets as the entry point, which is a text or a list."""
    names = [key for key in service.settings if key == "entrypoint" or key.startswith("entrypoint[")]
    return tuple(service.settings[key].value for key in names)


def _unwrapped(
    words: tuple[str, ...], folder: str, at: At, seen: Mapping[str, str], *, shell: bool = False
) -> Start | None:
    """Take off wrappers: a shell, `cd`, `exec`, an init, assignments."""
    for _ in range(DEEPEST):
        words = tuple(_after_wrappers(words))
        if len(words) > 2 and posixpath.basename(words[0]) in SHELLS and words[1].startswith("-"):  # noqa: PLR2004
            words = (words[2],)
        if len(words) != 1 or not set(" &;|\n") & set(words[0]):
            break
        shell = True
        if "(" in words[0] and re.search(r"\bcd\b", words[0]):  # a subshell's folder is not the command's
            return None
        for command in shell_words.commands(words[0]):
            if command.words[:1] == ("cd",) and len(command.words) > 1:
                folder = absolute(folder, expanded(command.words[1], seen))
            words = command.words
    return Start(tuple(expanded(word, seen) for word in words), folder, at, shell) if words else None


def _after_wrappers(words: tuple[str, ...]) -> Iterator[str]:
    return dropwhile(lambda word: posixpath.basename(word) in WRAPPERS or bool(ASSIGNMENT.match(word)), words)


def script_path(start: Start) -> str | None:
    """Return the file that `node` is asked to run, as a path of the image; None when it runs something else."""
    programs = [index for index, word in enumerate(start.argv) if posixpath.basename(word) in ("node", "nodejs")]
    if not programs:
        return None
    words = iter(start.argv[programs[0] + 1 :])
    for word in words:
        if word in ("-e", "--eval", "-p", "--print"):
            return None
        if word in TAKES_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return None if "$" in word or "*" in word else absolute(start.folder, word)
    return None


def shell_path(start: Start) -> str | None:
    """Return the file that a shell is asked to run, as a path of the image; None when it runs something else."""
    if len(start.argv) == 1 or posixpath.basename(start.argv[0]) not in SHELLS:
        return None
    word = start.argv[1]
    return None if word.startswith("-") or "$" in word or "*" in word else absolute(start.folder, word)


def migrates(start: Start) -> bool:
    """Say whether a command is a migration tool's, which loads its config and not what the package runs."""
    return any(posixpath.basename(word) in MIGRATION_TOOLS for word in start.argv)


def same_script(one: str, other: str) -> bool:
    """Say whether node finds the same file under both paths: it adds `.js` and `/index.js` by itself."""
    return bool(_endings(one) & _endings(other))


def _endings(path: str) -> set[str]:
    return {path} if path.endswith((".js", ".mjs", ".cjs", ".ts")) else {path + ".js", path + "/index.js", path}
