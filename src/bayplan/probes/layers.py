"""What the layers of our images must not hold: secrets, development dependencies, sources, caches."""

import re
from collections.abc import Iterator, Sequence

from bayplan.model.evidence import Evidence
from bayplan.model.image import Copy
from bayplan.model.running import BuiltImage
from bayplan.model.stack import Role, Service
from bayplan.model.workspace import Workspace
from bayplan.probes.archive import File
from bayplan.probes.base import base_layers
from bayplan.probes.subject import Subject, judged, recipe, skipped

ID = "layers"
ENV_FILE = re.compile(r"(?:^|/)\.env(?:\.(?!example$|sample$|template$|dist$)[^/]*)?$")
GIT = re.compile(r"(?:^|/)\.git(?:/|$)")
SOURCE = re.compile(r"\.[cm]?tsx?$")
DECLARATION = re.compile(r"\.d\.[cm]?ts$")
DECLARATION_MAP = re.compile(r"\.d\.[cm]?ts\.map$")
CACHE = re.compile(
    r"(?:^|/)(?:\.pnpm-store|_cacache|\.yarn/cache|pnpm/store/v\d+|\.npm/_logs|\.turbo|\.next/cache|\.cache)/"
)
PACKAGE = re.compile(r"(?:^|/)node_modules/((?:@[^/]+/)?[^/@.][^/]*)/package\.json$")
OWNER = re.compile(r".*(?:^|/)node_modules/((?:@[^/]+/)?[^/]+)/")
SHOWN = 4


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that no layer of our images holds a secret, a development dependency, a source, a source map or a cache."""
    found = {part.name: subject.engine.image(subject.images[part.name]) for part in subject.built}
    subject.read_ahead([subject.images[name] for name, image in found.items() if image is not None])
    for part in subject.built:
        name, image = subject.images[part.name], found[part.name]
        if image is None:
            yield skipped(ID, part.name, "holds nothing it should not", f"there is no image {name}")
            continue
        files = tuple(subject.contents(name).above(base_layers(subject, recipe(part), image)))
        yield _secrets(subject, part.name, image, files)
        if isinstance(part, Service) and part.role.value is not Role.JOB:
            yield from _leavings(subject, part, files)


def _leavings(subject: Subject, service: Service, files: Sequence[File]) -> Iterator[Evidence]:
    """Judge what a build may leave; a job may run tools of development, on sources, with what they keep."""
    yield _none("caches", service, "holds no package manager's cache", [f for f in files if CACHE.search(f.path)])
    yield _development(subject.workspace, service, files)
    ours = tuple(file for file in files if is_ours(file.path, subject.workspace))
    sources = [each for each in ours if SOURCE.search(each.path) and not DECLARATION.search(each.path)]
    yield _sources(service, sources)
    yield _maps(service, ours)


def is_ours(path: str, workspace: Workspace) -> bool:
    """Say whether a file belongs to a package of the repository, wherever an install put it."""
    owner = OWNER.match(path)
    return owner is None or any(each.by_name(owner[1]) is not None for each in workspace.every)


def _secrets(subject: Subject, name: str, image: BuiltImage, files: Sequence[File]) -> Evidence:
    values = [secret.reveal() for secret in subject.secrets if len(secret.reveal()) >= 8]  # noqa: PLR2004 - no word of a log
    shown = [*image.environment, *(f"{key}={value}" for key, value in image.labels.items())]
    leaks = [f"{'; '.join(file.hits)} in {file.path}" for file in files if file.hits]
    leaks += [file.path for file in files if "node_modules/" not in file.path and _is_private(file.path)]
    if any(value in text for value in values for text in shown):
        leaks.append("a secret's value in the image's environment or labels")
    if any(value in line.text for value in values for line in image.history):
        leaks.append("a secret's value in the image's history")
    claim = "no layer, label or line of history holds a secret"
    clean = f"{len(files)} files, {len(image.history)} lines of history, {len(values)} values looked for"
    return judged(f"{ID}.secrets", name, claim, _some(leaks) or clean, holds=not leaks)


def _is_private(path: str) -> bool:
    return bool(ENV_FILE.search(path) or GIT.search(path))


def _development(repository: Workspace, service: Service, files: Sequence[File]) -> Evidence:
    claim = "holds no development dependency"
    located = repository.package_at(service.package)
    if located is None or located[0].manager.lockfile is None:
        return skipped(f"{ID}.development", service.name, claim, "there is no lockfile that tells them apart")
    workspace, package = located
    lockfile = located[0].manager.lockfile
    everything = [each.folder for each in workspace.packages]
    own = [each.folder for each in workspace.closure(package, development=False)]
    # a hoisted install holds what every package of the workspace runs, whichever it is filtered to
    wanted = {each.name for each in lockfile.reachable(everything if workspace.manager.linker == "hoisted" else own)}
    unwanted = {each.name for each in lockfile.reachable(everything, development=True)} - wanted
    found = {match[1] for file in files if (match := PACKAGE.search(file.path))}
    wrong = sorted(found & unwanted)
    if wrong and _is_traced(service):
        return skipped(f"{ID}.development", service.name, claim, _traced(wrong))
    return judged(f"{ID}.development", service.name, claim, _some(wrong) or f"{len(found)} packages", holds=not wrong)


def _sources(service: Service, sources: Sequence[File]) -> Evidence:
    claim = "holds no source of the workspace"
    if sources and _is_traced(service):
        return skipped(f"{ID}.sources", service.name, claim, _traced([file.path for file in sources]))
    return _none("sources", service, claim, sources)


def _is_traced(service: Service) -> bool:
    """Say whether an image holds Next.js's standalone output, and nothing that could have come another way."""
    copied = [source for step in service.image.stages[-1].steps if isinstance(step, Copy) for source in step.sources]
    standalone = [source for source in copied if source.endswith("/standalone")]
    return bool(standalone) and all(source.endswith(("/standalone", "/static", "/public")) for source in copied)


def _traced(names: Sequence[str]) -> str:
    """Say why nothing is wrong with what the standalone output holds, which is what Next.js found some code to read."""
    return f"Next.js takes {_some(names)} for something that is needed at run time"


def _maps(service: Service, ours: Sequence[File]) -> Evidence:
    claim = "holds no source map of the workspace"
    maps = [file for file in ours if file.path.endswith(".map")]
    if service.reads_source_maps:
        claim += " but those it reads"
        maps = [file for file in maps if DECLARATION_MAP.search(file.path)]
    return _none("maps", service, claim, maps)


def _none(what: str, service: Service, claim: str, found: Sequence[File]) -> Evidence:
    measured = _some([file.path for file in found])
    if found:
        measured += f", {sum(file.size for file in found) / 1e6:.1f} MB"
    return judged(f"{ID}.{what}", service.name, claim, measured or "none", holds=not found)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
