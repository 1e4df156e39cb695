"""The images that CI builds: under which names they are pushed, what is built into them and what they are made from."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bayplan.errors import UsageError
from bayplan.model.parts import Asked, Composed, Given, Value, Variable, parts_of
from bayplan.model.stack import OwnImage, Stack
from bayplan.writers.hosted import closure

GHCR = "ghcr.io"
OWNER = "GITHUB_REPOSITORY_OWNER"
OWNERS = (OWNER, "GITHUB_OWNER")
"""No variable of a repository may be called so."""
GITHUBS = ("GITHUB_", "RUNNER_")
"""How the variables begin that each run has by itself."""
MAIN = "main"
NAME = re.compile(r"[A-Za-z0-9._/:@-]*")


@dataclass(frozen=True, slots=True)
class Told:
    """A build argument: its value, in which what is asked for is a configuration variable of the repository."""

    variable: Variable
    value: Value

    @property
    def settings(self) -> tuple[Asked, ...]:
        return tuple(part for part in parts_of(self.value) if isinstance(part, Asked))


@dataclass(frozen=True, slots=True)
class Published:
    """An image as CI builds it."""

    name: str
    """What tells it from the others of the workflow."""
    own: OwnImage
    repository: Value
    """Its name in the registry, without a tag; what is asked for is the owner, or a configuration variable."""
    prefix: str = ""
    """What its tags begin with."""
    latest: str = "latest"
    """The tag that moves with the branch whose images are published."""
    told: tuple[Told, ...] = ()
    environments: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[Value, str]:
        """Where it is pushed."""
        return self.repository, self.prefix

    @property
    def built_in(self) -> tuple[object, ...]:
        """What tells it from an image of the same place."""
        return self.own.image.dockerfile, *((told.variable.name, told.value) for told in self.told)

    @property
    def registry(self) -> str:
        """The host of its registry; empty for Docker Hub and for one that only a variable names."""
        first = parts_of(self.repository)[0]
        host, slash, _ = first.text.partition("/") if isinstance(first, Given) else ("", "", "")
        return host if slash and ("." in host or ":" in host) else ""

    @property
    def paths(self) -> tuple[str, ...]:
        """The files and folders that it is made from."""
        found = (path.removesuffix("**").removesuffix("/") or "." for path in closure(self.own.image))
        return tuple(dict.fromkeys(posixpath.normpath(path) for path in found))


def branch(stacks: Sequence[Stack]) -> str:
    """Return the branch whose images are published."""
    said = (stack.targets.github.branch for stack in stacks if stack.targets.github is not None)
    return next((name for name in said if name is not None), MAIN)


def published(stacks: Sequence[Stack]) -> tuple[Published, ...]:
    """Return the images of the environments that want workflows, each once."""
    wanting = sorted(
        (stack for stack in stacks if stack.targets.github is not None),
        key=lambda stack: not stack.is_production,
    )
    found: list[Published] = []
    for stack in wanting:
        for own in stack.built:
            _add(found, _of(stack, own), stack)
    return tuple(_named_apart(found))


def _of(stack: Stack, own: OwnImage) -> Published:
    repository, tag = _split(own, _default(stack.name, own) if own.pulled is None else own.pulled)
    given = "".join(part.text for part in tag if isinstance(part, Given))
    asked = [part for part in tag if isinstance(part, Asked)]
    told = tuple(Told(each, each.value) for each in own.variables if each.at_build)
    first = Published(own.name, own, _owned(repository), told=told, environments=(stack.environment,))
    if not given:
        return first
    prefix = given if asked else f"{given}-"
    return replace(first, prefix=prefix, latest=given + (asked[0].default or "latest") if asked else given)


def _default(stack: str, own: OwnImage) -> Value:
    return Composed((Given(f"{GHCR}/"), Asked(OWNER), Given(f"/{stack}-{own.name}")))


def _split(own: OwnImage, value: Value) -> tuple[tuple[Given | Asked, ...], tuple[Given | Asked, ...]]:
    """Return the parts of an image's name before its tag, and those of the tag."""
    before: list[Given | Asked] = []
    tag: list[Given | Asked] | None = None
    slashes = sum(part.text.count("/") for part in parts_of(value) if isinstance(part, Given))
    for part in parts_of(value):
        if isinstance(part, Given) and not NAME.fullmatch(part.text):
            raise UsageError(
                f"no registry takes {part.text!r} in the name of the image of {own.name}",
                remedy="use letters, digits and ._/:- in `images` of bayplan.yaml, and variables as ${NAME}",
            )
        if tag is not None:
            tag.append(part)
        elif isinstance(part, Given) and ":" in part.text.rpartition("/")[2] and part.text.count("/") == slashes:
            name, _, rest = part.text.rpartition(":")
            before += [Given(name)] if name else []
            tag = [Given(rest)] if rest else []
        else:
            before.append(part)
        slashes -= part.text.count("/") if isinstance(part, Given) else 0
    return tuple(before), tuple(tag or ())


def _owned(parts: tuple[Given | Asked, ...]) -> Value:
    """Return a name in which the owner of the repository stands where one is asked for, by its name or its place."""
    in_ghcr = isinstance(parts[0], Given) and parts[0].text == f"{GHCR}/"
    found = tuple(
        Asked(OWNER) if isinstance(part, Asked) and (part.name in OWNERS or (in_ghcr and index == 1)) else part
        for index, part in enumerate(parts)
    )
    return found[0] if len(found) == 1 else Composed(found)


def _add(found: list[Published], image: Published, stack: Stack) -> None:
    """Add an image; one that another environment has too serves both, and one that differs gets a name of its own."""
    for index, each in enumerate(found):
        if each.place == image.place and each.built_in == image.built_in:
            found[index] = replace(each, environments=(*each.environments, *image.environments))
            return
    if any(each.place == image.place for each in found):
        image = replace(image, repository=_default(stack.project_name, image.own))
    found.append(image)


def _named_apart(found: Sequence[Published]) -> Iterator[Published]:
    """Yield the images, those of one service with their environment in the name and in the variables they read."""
    names = [each.name for each in found]
    for each in found:
        if names.count(each.name) == 1:
            yield each
            continue
        environment = each.environments[0]
        told = tuple(replace(one, value=_of_environment(one.value, environment)) for one in each.told)
        yield replace(each, name=f"{environment}-{each.name}", told=told)


def _of_environment(value: Value, environment: str) -> Value:
    """Return a value that asks for what is of one environment: `API_URL_STAGING`."""
    suffix = environment.upper().replace("-", "_")
    parts = tuple(
        replace(part, name=f"{part.name}_{suffix}")
        if isinstance(part, Asked) and not part.name.startswith(GITHUBS)
        else part
        for part in parts_of(value)
    )
    return parts[0] if len(parts) == 1 else Composed(parts)
