"""The values that variables have in a compose file, as far as the files of the repository say."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.model.deployment import DeployedService, Deployment, EnvFile
from bayplan.source import Located

REFERENCE = re.compile(r"\$(?:\{(?P<name>\w+)(?P<kind>:?[-?+])?(?P<rest>[^}]*)\}|(?P<bare>\w+))")
EXAMPLES = (".env", ".env.production", ".env.example", ".env.sample", ".env.template", ".env.dist", "env.example")


@dataclass(frozen=True, slots=True)
class Values:
    """Answers for the variables of one service."""

    deployment: Deployment
    service: DeployedService

    def text(self, text: str) -> str | None:
        """Return a text with its variables replaced, or None when one of them has no known value."""
        unknown = False

        def value(match: re.Match[str]) -> str:
            nonlocal unknown
            name = match["name"] or match["bare"]
            default = match["rest"] if match["kind"] in ("-", ":-") else None
            found = self.example(name) or default or self._own(name)
            unknown = unknown or found is None
            return found or ""

        done = REFERENCE.sub(value, text)
        return None if unknown or "$" in done else done

    def of(self, name: str) -> str | None:
        """Return the value of one of the service's own variables."""
        given = self.service.environment.get(name)
        return self.text(given.value) if given else None

    def example(self, name: str) -> str | None:
        """Return what an env file beside the compose file says of a variable, a real one before an example."""
        for file in env_files(self.deployment, posixpath.dirname(self.service.at.file)):
            for line in file.lines:
                if line.name == name and line.value and not line.documented_only:
                    return line.value
        return None

    def _own(self, name: str) -> str | None:
        given = self.service.environment.get(name)
        return given.value if given and given.value and "$" not in given.value else None


def env_files(deployment: Deployment, folder: str) -> list[EnvFile]:
    """Return the env files of a folder that compose would read, or that show what it would read."""
    by_path = {file.path: file for file in deployment.env_files}
    return [by_path[path] for name in EXAMPLES if (path := posixpath.join(folder, name)) in by_path]


def stand_in(deployment: Deployment, path: str) -> EnvFile | None:
    """Return an env file, or the example that shows what it will hold."""
    by_path = {file.path: file for file in deployment.env_files}
    folder, name = posixpath.split(path)
    suffixes = (".example", ".sample", ".template", ".dist")
    names = [name, *(name + suffix for suffix in suffixes), *(".env" + suffix for suffix in suffixes)]
    found = (by_path.get(posixpath.join(folder, each)) for each in names)
    return next((file for file in found if file is not None), None)


def references(service: DeployedService) -> Iterator[tuple[re.Match[str], Located[str]]]:
    """Yield every `${...}` of a service, with the value that it stands in."""
    for value in texts(service):
        for match in REFERENCE.finditer(value.value.replace("$$", "")):
            yield match, value


def texts(service: DeployedService) -> Iterator[Located[str]]:
    """Yield every text of a service in which compose replaces variables."""
    yield from service.environment.values()
    yield from service.build_arguments.values()
    yield from service.settings.values()
    yield from service.env_files
    single = (service.image, service.dockerfile, service.context, service.target, service.user)
    yield from (each for each in single if each is not None)
    if service.command is not None:
        yield from (Located(word, service.command.at) for word in service.command.value)
    if service.health is not None:
        yield from (Located(word, service.health.at) for word in service.health.argv)
    yield from (Located(f"{port.address} {port.host or ''}", port.at) for port in service.published)
    yield from (Located(mount.source, mount.at) for mount in service.mounts)
