"""What health checks ask: which program, which address, which path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bayplan.formats import shell_words
from bayplan.model.deployment import BuildStage, DeployedService, ImageFile, Instruction
from bayplan.rules.facts.stages import environment_of, expanded, last
from bayplan.source import At

URL = re.compile(
    r"(?:https?://|(?<![\w./:@-])(?=(?:localhost|127\.0\.0\.1):\d))(?P<host>[\w.-]+|\[[0-9a-f:]+\])"
    r"(?P<port>:\d+|:\$\{[^}]*\}|:\$\w+|:?['\"]\s*\+\s*[^+]*\+\s*['\"])?"
    r"(?P<path>/[^\s'\"`)|;,?]*)?"
)
BUILT_IN = frozenset({"[", "[[", "test", "exit", "true", "false", "echo", "set", ":", "exec", "cd"})
OPTIONS = {"path": re.compile(r"\bpath:\s*['\"](/[^'\"]*)"), "port": re.compile(r"\bport:\s*(\d+)")}


@dataclass(frozen=True, slots=True)
class Probe:
    """A health check taken apart. `path` and `port` are None where they are not constants or there are none."""

    programs: tuple[str, ...]
    """The programs it runs, in order."""
    text: str
    at: At
    shell: bool
    host: str | None = None
    port: int | None = None
    path: str | None = None


def probe_of(service: DeployedService | None, image: ImageFile | None, stage: BuildStage | None) -> Probe | None:
    """Return the health check in force: the service's own, or the image's."""
    environment = dict(environment_of(image, stage)) if image and stage else {}
    if service is not None:
        environment |= {name: each.value for name, each in service.environment.items() if each.value}
        if service.health is not None:
            first, *rest = service.health.argv or ("NONE",)
            return None if first == "NONE" else _probe(rest, service.health.at, environment, shell=first == "CMD-SHELL")
    own = last(image, stage, "HEALTHCHECK") if image and stage else None
    return probe_in(own, environment) if own else None


def probe_in(instruction: Instruction, environment: Mapping[str, str]) -> Probe | None:
    """Return the check that a HEALTHCHECK makes; None for NONE."""
    first, *rest = instruction.arguments
    return None if first == "NONE" else _probe(rest, instruction.at, environment, shell=instruction.shell)


def _probe(argv: list[str], at: At, environment: Mapping[str, str], *, shell: bool) -> Probe:
    text = " ".join(argv)
    commands = shell_words.commands(text) if shell else ()
    programs = tuple(each.words[0] for each in commands if each.words and each.words[0] not in BUILT_IN)
    read = expanded(text.replace("$$", "$"), environment)
    match = URL.search(read)
    port = path = host = None
    if match:
        host, path = match["host"], match["path"] or "/"
        said = (match["port"] or "").lstrip(":")
        port = 80 if not said else int(said) if said.isdigit() else None
    elif found := OPTIONS["path"].search(read):
        path = found[1]
        number = OPTIONS["port"].search(read)
        port = int(number[1]) if number else None
    return Probe(
        programs if shell else tuple(argv[:1]), read, at, shell, host, port, None if path and "$" in path else path
    )
