"""What a container runs when it starts."""

import posixpath
import re
import shlex
from dataclasses import dataclass

from bayplan.model.deployment import BuildStage, DeployedService, ImageFile
from bayplan.rules.facts.stages import absolute, base, expanded, folder_of, last, values
from bayplan.source import At

SHELLS = frozenset({"sh", "bash", "ash", "dash"})
TAKES_VALUE = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader", "--env-file", "-C"})
ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
REPLACES_ENTRY = frozenset({"railway", "render"})


@dataclass(frozen=True, slots=True)
class Start:
    """A command as its words, the folder it starts in, and the place that decides it."""

    argv: tuple[str, ...]
    folder: str
    at: At
    shell: bool = False


def start(image: ImageFile, stage: BuildStage, service: DeployedService | None = None) -> Start | None:
    """Return what an image runs, or what a service runs in it; None when nothing says so."""
    seen = values(image, stage, "ENV")
    folder = folder_of(image, stage)
    entry, command = last(image, stage, "ENTRYPOINT"), last(image, stage, "CMD")
    first = tuple(entry.arguments) if entry else ((known.entry) if (known := base(image, stage)) else ())
    if service is not None:
        workdir = service.settings.get("working_dir")
        folder = absolute(folder, workdir.value) if workdir else folder
        own_entry = _entry(service)
        first = own_entry or first
        if service.command is not None:
            first = () if service.platform in REPLACES_ENTRY else first
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
    words: tuple[str, ...], folder: str, at: At, seen: dict[str, str], *, shell: bool = False
) -> Start | None:
    """Take off wrappers: a shell, `cd`, `exec`, an init, assignments."""
    for _ in range(4):
        parts = _split(words)
        if len(parts) >= 3 and posixpath.basename(parts[0]) in SHELLS and parts[1].startswith("-"):  # noqa: PLR2004
            words, shell = (parts[2],), True
            continue
        if any(part in ("&&", ";", "||") for part in parts):
            shell = True
        for segment in _segments(parts):
            if segment[0] == "cd" and len(segment) > 1:
                folder = absolute(folder, expanded(segment[1], seen))
            words = segment
        parts = list(words)
        break
    else:
        return None
    while parts and (parts[0] in ("exec", "env", "tini", "dumb-init", "--", "-g") or ASSIGNMENT.match(parts[0])):
        parts.pop(0)
    return Start(tuple(expanded(part, seen) for part in parts), folder, at, shell) if parts else None


def _split(words: tuple[str, ...]) -> list[str]:
    """Split words that are shell text; a `;` at a word's end stands alone afterwards."""
    if len(words) != 1 and not any(" " in word for word in words[:1]):
        return list(words)
    try:
        lexer = shlex.shlex(" ".join(words), posix=True, punctuation_chars="();<>|&")
        lexer.whitespace_split = True
        return list(lexer)
    except ValueError:
        return []


def _segments(parts: list[str]) -> list[tuple[str, ...]]:
    segments: list[list[str]] = [[]]
    for part in parts:
        if part in ("&&", ";", "||", "|", "&"):
            segments.append([])
        else:
            segments[-1].append(part)
    return [tuple(segment) for segment in segments if segment]


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


def same_script(one: str, other: str) -> bool:
    """Say whether node finds the same file under both paths: it adds `.js` and `/index.js` by itself."""
    return bool(_endings(one) & _endings(other))


def _endings(path: str) -> set[str]:
    return {path} if path.endswith((".js", ".mjs", ".cjs", ".ts")) else {path + ".js", path + "/index.js", path}
