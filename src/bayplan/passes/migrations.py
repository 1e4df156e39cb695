"""What prepares the databases: commands of the code that run to their end before the services start."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from bayplan.errors import UsageError
from bayplan.model.config import Config, ServiceConfig
from bayplan.model.parts import Note
from bayplan.model.stack import Role
from bayplan.model.workspace import DependencyKind, Package, Workspace
from bayplan.passes import migration_script
from bayplan.passes.apps import NOT_OF_A_JOB, App, refuse_keys, service_name
from bayplan.passes.commands import typed
from bayplan.passes.migration_script import NAME
from bayplan.passes.module_folders import MODULES, module_folder
from bayplan.source import Fact

NOT_OF_THE_CARRIED = ("files", "build", "budget", "dockerfile")
# Tools that are called by another name than their package's.
PROVIDERS = {
    "sequelize": "sequelize-cli",
    "mikro-orm": "@mikro-orm/cli",
    "mikro-orm-esm": "@mikro-orm/cli",
    "kysely": "kysely-ctl",
    "typeorm-ts-node-commonjs": "typeorm",
    "typeorm-ts-node-esm": "typeorm",
}
PRELOADS = ("-r", "--require", "--import", "--loader", "--experimental-loader")


class Runs(Enum):
    """The image that a job runs in."""

    CARRIED = "an app's"
    ALONE = "one of its own, of what runs"
    WITH_TOOLS = "one of its own, with all that its build needs"


@dataclass(frozen=True, slots=True)
class Job:
    """A command that runs in the folder of a package, with the variables of an app that depends on it."""

    name: str
    workspace: Workspace
    package: Package
    users: tuple[App, ...]
    """The apps that need its tables."""
    app: App
    """The one whose variables it is given, and in whose image it runs where it can."""
    command: Fact[tuple[str, ...]]
    settings: ServiceConfig
    runs: Runs

    @property
    def is_carried(self) -> bool:
        return self.runs is Runs.CARRIED

    @property
    def needs_tools(self) -> bool:
        return self.runs is Runs.WITH_TOOLS


def jobs(workspace: Workspace, apps: Sequence[App], config: Config) -> tuple[tuple[Job, ...], tuple[Note, ...]]:
    """Return what migrates before the services start, in order, and what cannot; `bayplan.yaml` overrules the code."""
    said = migration_script.settings(workspace, config)
    if any(app.name == NAME for app in apps):
        return (), ()
    users = _users(apps)
    found: list[Job] = []
    notes: list[Note] = []
    known: set[str] = set()
    for name, owner, package in _named(workspace, users, said):
        known.add(name)
        settings = said.get(name, ServiceConfig())
        using = users[owner.from_root(package.folder)]
        if settings.skip:
            continue
        if not (package.migration and package.migration.is_said) and settings.command is None and _by_itself(using):
            continue
        job = _job(name, owner, package, using, settings, config)
        if job is not None:
            _refuse_impossible(job, config)
            found.append(job)
        elif name in said:
            raise _nothing_to_run(name, config)
        elif package.migration is not None:
            line = " ".join(package.migration.command.value)
            text = f"`{line}` needs what {package.name} does not depend on; run it before each start"
            notes.append(Note("migrations", text, package.migration.command.why.at))
    for name in said.keys() - known:
        if not said[name].skip:
            raise _nothing_to_run(name, config)
    return tuple(found), (*notes, *_about_themselves(apps, found))


def waited_for(app: App, found: Sequence[Job]) -> tuple[str, ...]:
    """Return the jobs that prepare the tables of an app; all of them where none is of what it depends on."""
    own = tuple(job.name for job in found if app in job.users)
    return own or tuple(job.name for job in found)


def _users(apps: Sequence[App]) -> Mapping[str, tuple[App, ...]]:
    """Return the apps that run each package, by its folder."""
    found: dict[str, tuple[App, ...]] = {}
    for app in apps:
        for package in (
            app.workspace.closure(app.package, development=False) if app.role.value is not Role.FILES else ()
        ):
            folder = app.workspace.from_root(package.folder)
            found[folder] = (*found.get(folder, ()), app)
    return found


def _named(
    workspace: Workspace, users: Mapping[str, Sequence[App]], said: Mapping[str, ServiceConfig]
) -> Iterator[tuple[str, Workspace, Package]]:
    """Yield the packages that migrate, what others need first, each with the name of its job."""
    first = said.get(NAME)
    chosen = workspace.package_at(first.package) if first and first.package else None
    if chosen is not None and first is not None and first.package in users:
        yield NAME, *chosen
    every = ((each, package) for each in workspace.every for package in each.packages)
    moving = [pair for pair in every if pair[1].migration and pair[0].from_root(pair[1].folder) in users]
    named: set[str] = {NAME} if chosen else set()
    for owner, package in sorted(moving, key=lambda pair: len(pair[0].closure(pair[1], development=False))):
        folder = owner.from_root(package.folder)
        last = service_name(folder.rsplit("/", 1)[-1])
        choices = (NAME, f"{NAME}-{last}", f"{NAME}-{service_name(folder)}")
        name = next((each for each in choices if each not in named), choices[-1])
        if chosen is None or (package is not chosen[1] and name in said):
            named.add(name)
            yield name, owner, package


def _by_itself(using: Sequence[App]) -> bool:
    return all(app.package.migrates_itself is not None for app in using)


def _about_themselves(apps: Sequence[App], found: Sequence[Job]) -> Iterator[Note]:
    for app in apps:
        at = app.package.migrates_itself
        if at is not None and not any(app in job.users for job in found):
            text = f"{app.name} brings its tables up to date by itself as it starts, so no job runs before it"
            yield Note("migrations", f"{text}; it must be the only one of its kind that starts", at)


def _job(
    name: str, owner: Workspace, package: Package, using: tuple[App, ...], said: ServiceConfig, config: Config
) -> Job | None:
    migration = package.migration
    if said.command is not None:
        command = typed(said.command, config.at("services", name, "command"))
    elif migration is not None:
        command = migration.command
    else:
        return None
    kind = _kind(owner, package, command.value)
    named = migration.files if migration is not None and said.command is None else ()
    if said.command is None and (kind is None or not all(_is_there(owner, package, each) for each in named)):
        return None
    argv = tuple(_installed(owner, package, command.value))
    has_all = kind is DependencyKind.PRODUCTION and all(_is_kept(package, each) for each in named)
    carrier = next((app for app in using if has_all and not _is_next(app.package)), None)
    runs = Runs.CARRIED if carrier else Runs.ALONE if has_all else Runs.WITH_TOOLS
    because = command.why.because + ("" if carrier else ", and no image of an app holds what it needs")
    if runs is not Runs.CARRIED and _is_next(package):
        owner, package, runs = *_unbuilt(owner, package), Runs.WITH_TOOLS
    settled = Fact(argv, replace(command.why, because=because))
    return Job(name, owner, package, using, carrier or using[0], settled, said, runs)


def _kind(workspace: Workspace, package: Package, argv: Sequence[str]) -> DependencyKind | None:
    """Say whether what a command needs is there at run time, only where its package is built, or nowhere."""
    needed = [] if argv[0] == "node" else [_provider(argv[0])]
    needed += ["ts-node"] if "ts-node" in argv[0] else []
    needed += [_package(word) for before, word in pairwise(argv) if before in PRELOADS]
    needed += [_package(word.rpartition(f"{MODULES}/")[2]) for word in argv[1:] if f"{MODULES}/" in word]
    kinds = _kinds(workspace, package)
    found = {kinds.get(each) for each in needed if not each.startswith((".", "/"))}
    if None in found:
        return None
    return DependencyKind.DEVELOPMENT if DependencyKind.DEVELOPMENT in found else DependencyKind.PRODUCTION


def _kinds(workspace: Workspace, package: Package) -> dict[str, DependencyKind]:
    root = workspace.by_folder(".")
    owners = [root, package] if root is not None else [package]
    return {each.name: each.kind for owner in owners for each in owner.dependencies}


def _provider(word: str) -> str:
    name = posixpath.basename(word)
    return PROVIDERS.get(name, name)


def _package(word: str) -> str:
    """Return the package of `ts-node/register`."""
    return "/".join(word.split("/")[: 2 if word.startswith("@") else 1])


def _installed(workspace: Workspace, package: Package, argv: Sequence[str]) -> Iterator[str]:
    """Yield the words with the paths that what is installed has in the image."""
    kinds = _kinds(workspace, package)
    for index, word in enumerate(argv):
        name = _provider(word)
        path = re.fullmatch(rf"(?:\.{{0,2}}/)*{MODULES}/(?P<rest>(?!\.bin).+)", word)
        if index == 0 and word != "node" and name in kinds:
            yield f"{module_folder(workspace, package, name)}/.bin/{posixpath.basename(word)}"
        elif path and _package(path["rest"]) in kinds:
            yield f"{module_folder(workspace, package, _package(path['rest']))}/{path['rest']}"
        else:
            yield word


def _is_there(workspace: Workspace, package: Package, file: str) -> bool:
    """Say whether the build of a package sees a file."""
    path = posixpath.normpath(package.path(file))
    needed = workspace.closure(package, development=True)
    return any(path.startswith(f"{each.folder}/") or package.folder == "." for each in needed)


def _is_kept(package: Package, file: str) -> bool:
    """Say whether an image that runs a package holds one of its files."""
    return any(file == each.value or file.startswith(f"{each.value}/") for each in package.outputs)


def _unbuilt(workspace: Workspace, package: Package) -> tuple[Workspace, Package]:
    """Return a site whose job needs its sources, and not the site."""
    plain = replace(package, build=None)
    packages = tuple(plain if each is package else each for each in workspace.packages)
    return replace(workspace, packages=packages), plain


def _nothing_to_run(name: str, config: Config) -> UsageError:
    return UsageError(
        f"bayplan.yaml describes the service {name!r}, and no package that an app depends on has what it runs",
        at=config.at("services", name),
        remedy=f"name services.{NAME}.package and .command; what no app depends on can be a job of another name",
    )


def _refuse_impossible(job: Job, config: Config) -> None:
    name = job.name
    if name not in config.services:
        return
    if job.settings.role not in (None, "job"):
        raise UsageError(
            f"the service {name!r} is the job that prepares the database, and cannot be a {job.settings.role}",
            at=config.at("services", name, "role"),
            remedy="leave the role out; a service of another kind needs another name",
        )
    refuse_keys(config, name, NOT_OF_A_JOB, "which is a job, and answers nobody")
    if job.is_carried:
        refuse_keys(config, name, NOT_OF_THE_CARRIED, f"which runs in the image of {job.app.name}")


def _is_next(package: Package) -> bool:
    framework = package.code.framework
    return framework is not None and framework.value == "next"
