"""Which package an image holds, and which services run it."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bayplan.catalog.images import known
from bayplan.model.deployment import BuildStage, DeployedService, Deployment, ImageFile
from bayplan.model.workspace import DependencyKind, Package, Workspace
from bayplan.rules.facts.commands import Start, migrates, script_path, start
from bayplan.rules.facts.layout import Layout
from bayplan.rules.facts.once import once
from bayplan.rules.facts.stages import reach, script, values
from bayplan.rules.facts.workflows import EXPRESSION, ImageBuild, image_builds


@dataclass(frozen=True, slots=True)
class App:
    """A package, the stage of an image that runs it, and the services that do."""

    package: Package
    layout: Layout
    stage: BuildStage
    services: tuple[DeployedService, ...]

    @property
    def image(self) -> ImageFile:
        return self.layout.image

    def start(self, service: DeployedService | None = None) -> Start | None:
        return start(self.image, self.stage, service)

    def release(self, service: DeployedService) -> Start | None:
        """Return what a platform runs before a new version starts."""
        return start(self.image, self.stage, replace(service, command=service.release)) if service.release else None

    def runs(self, service: DeployedService | None = None) -> Package | None:
        """Return the package whose file the start command names; None when that cannot be told."""
        command = self.start(service)
        if service is None or service.command is None:
            return None if command is not None and migrates(command) else self.package
        path = script_path(command) if command else None
        if path is None:
            return None
        owners = _owners(self.layout, self.stage, path)
        known = [each for each in members(self.layout.workspace, self.package) if each.folder in owners]
        return known[0] if len(known) == 1 else None


@once
def apps(workspace: Workspace, deployment: Deployment) -> tuple[App, ...]:
    """Return every app that an image of the repository runs, as far as it can be told."""
    found = []
    for image in deployment.images:
        services = [service for service in deployment.services if image_file(deployment, service) is image]
        contexts = set(contexts_of(workspace, deployment, image))
        if len(contexts) != 1 or not image.stages:
            continue
        layout = Layout(workspace, image, contexts.pop())
        for stage in stages_run(image, services):
            package = _package(workspace, layout, stage)
            if package is not None:
                mine = tuple(each for each in services if stage_of(image, each) is stage)
                found.append(App(package, layout, stage, mine))
    return tuple(found)


def app_of(every: tuple[App, ...], service: DeployedService) -> App | None:
    return next((app for app in every if service in app.services), None)


def stages_run(image: ImageFile, services: list[DeployedService]) -> list[BuildStage]:
    stages = [stage for service in services if (stage := stage_of(image, service)) is not None]
    return list({stage.name: stage for stage in stages or [image.final]}.values())


def stage_of(image: ImageFile, service: DeployedService) -> BuildStage | None:
    """Return the stage a service asks for; None when there is none of that name."""
    return image.stage(service.target.value.lower()) if service.target else image.final


def image_file(deployment: Deployment, service: DeployedService) -> ImageFile | None:
    """Return the Dockerfile of a service, its own or that of the service whose image it runs."""
    if service.dockerfile is not None:
        return deployment.image(service.dockerfile.value)
    if service.image is None:
        return None
    makers = (
        other
        for other in deployment.services
        if other.dockerfile is not None and other.image is not None and other.image.value == service.image.value
    )
    maker = next(makers, None)
    if maker is not None and maker.dockerfile is not None:
        return deployment.image(maker.dockerfile.value)
    return _named_after(deployment, service.image.value)


def _named_after(deployment: Deployment, reference: str) -> ImageFile | None:
    """Return the Dockerfile that an image of one's own is named after: `registry/owner/shop-api` after apps/api."""
    name = re.sub(r"\$\{[^}]*\}", "", reference.partition("@")[0])
    name = name[: name.rfind(":")] if ":" in name.rsplit("/", 1)[-1] else name
    last = name.rsplit("/", 1)[-1].lower()
    if "/" not in name or not last or known(reference) is not None:
        return None
    fitting = {
        folder: image
        for image in deployment.images
        if (folder := posixpath.basename(posixpath.dirname(image.path)).lower())
        and (last == folder or last.endswith(f"-{folder}"))
        and posixpath.basename(image.path).lower() == "dockerfile"
    }
    return fitting[max(fitting, key=len)] if fitting else None


def contexts_of(workspace: Workspace, deployment: Deployment, image: ImageFile) -> Iterator[str]:
    """Yield the folders an image is built from: as services and workflows say, or else as its COPYs suggest."""
    said = [
        service.context.value
        for service in deployment.services
        if service.context and service.dockerfile and service.dockerfile.value == image.path
    ]
    said += [context for build in image_builds(deployment) if build.makes(image) and (context := _context(build))]
    if said:
        yield from (posixpath.normpath(context) for context in said if "$" not in context and ":" not in context)
        return
    owner = workspace.holding(image.path)
    if owner.root != "." and not _copies(image, owner.root):
        yield owner.root
    elif _is_for_the_root(workspace, image):
        yield "."


def _is_for_the_root(workspace: Workspace, image: ImageFile) -> bool:
    """Say whether a Dockerfile can only mean the root as its context."""
    owner = next((each for each in workspace.packages if each.folder == posixpath.dirname(image.path)), None)
    if "/" not in image.path or (owner and any(dependency.folder for dependency in owner.dependencies)):
        return True
    folders = [package.folder for package in workspace.packages if package.folder != "."]
    names = (*folders, *workspace.manager.files[1:], "--filter", "turbo ")
    return any(name in each.text for stage in image.stages for each in stage.instructions for name in names)


def _copies(image: ImageFile, folder: str) -> bool:
    """Say whether a Dockerfile takes something by a path through a folder."""
    copies = (each for stage in image.stages for each in stage.instructions if each.word in ("COPY", "ADD"))
    sources = (posixpath.normpath(source) for each in copies for source in each.arguments[:-1])
    return any(f"{source}/".startswith(f"{folder}/") for source in sources)


def _context(build: ImageBuild) -> str | None:
    context = build.input("context")
    return EXPRESSION.sub("*", context.value) if context and "*" not in EXPRESSION.sub("*", context.value) else None


def _package(workspace: Workspace, layout: Layout, stage: BuildStage) -> Package | None:
    """Find the package by the file that starts, the Dockerfile's folder, the context, a filter, or the file's name."""
    image = layout.image
    if not _takes_sources(image, stage):
        return None
    startable = [each for each in workspace.packages if each.code.framework is not None or each.start is not None]
    by_path = _started(layout, stage, startable)
    if by_path is not None:
        return by_path
    for folder in (posixpath.dirname(image.path), layout.context):
        owner = layout.owner(folder) if folder not in ("", ".") else None
        if owner is not None and owner.folder != ".":
            return owner
    runs = [each for one in reach(image, stage) for each in one.instructions if each.word == "RUN"]
    lines = [line for each in runs for line in re.split(r"&&|\n", script(each, values(image, stage)))]
    by_filter = [each for line in lines if (each := layout.named(line)) and each in startable]
    words = set(re.split(r"[./_-]", image.path.lower()))
    by_name = [each for each in startable if posixpath.basename(each.folder).lower() in words]
    for candidates in (by_filter, by_name, startable):
        if len({each.folder for each in candidates}) == 1:
            return candidates[0]
    return None


def _takes_sources(image: ImageFile, stage: BuildStage) -> bool:
    """Say whether anything of the repository gets into an image: one that only adds to a public one runs none of it."""
    steps = [each for one in reach(image, stage) for each in one.instructions]
    mounted = any(value.startswith("type=bind") for each in steps for name, value in each.flags if name == "mount")
    return mounted or any(each.word in ("COPY", "ADD") and each.flag("from") is None for each in steps)


def _started(layout: Layout, stage: BuildStage, startable: list[Package]) -> Package | None:
    """Return the package in whose folder of the image the start command finds its file."""
    command = start(layout.image, stage)
    path = script_path(command) if command else None
    owners = _owners(layout, stage, path) if path else set()
    found = [each for each in startable if each.folder in owners and each.folder != "."]
    return found[0] if len(found) == 1 else None


def _owners(layout: Layout, stage: BuildStage, place: str) -> set[str]:
    """Return the folders of the packages that a file of an image can have come from."""
    found = (layout.owner(origin) for origin in layout.origins(stage, place))
    return {owner.folder for owner in found if owner is not None}


def members(workspace: Workspace, package: Package) -> tuple[Package, ...]:
    """Return the workspace packages that are part of a package at run time, itself included."""
    return workspace.closure(package, development=False)


def is_production(kind: DependencyKind) -> bool:
    return kind in (DependencyKind.PRODUCTION, DependencyKind.OPTIONAL)
