"""Which packages become services, under which name, in which role."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import combining, normalize

from bayplan.catalog.stores import kinds
from bayplan.errors import UsageError
from bayplan.model.config import Config, ProxyConfig, ServiceConfig
from bayplan.model.parts import Note
from bayplan.model.stack import Role
from bayplan.model.workspace import Package, Workspace
from bayplan.passes import left_out, migration_script
from bayplan.source import Fact, Why

STATIC = ("vite",)
SCOPE_ONLY = re.compile(r"@(?P<scope>[^/]+)/(?:root|monorepo|mono|workspace|repo|source)")
RESERVED = (migration_script.NAME, "caddy")
"""The names of services that are none of the repository's packages, beside those of the stores."""
IMAGES_FOR = ("pnpm", "npm")
"""The package managers that images are written for."""
NOT_OF_A_JOB = ("port", "publish", "health", "example_job")


@dataclass(frozen=True, slots=True)
class App:
    """A package that becomes a service, with what `bayplan.yaml` says about it."""

    name: str
    package: Package
    role: Fact[Role]
    settings: ServiceConfig
    workspace: Workspace
    """The one that its package belongs to."""

    @property
    def folder(self) -> str:
        """The folder of its package in the repository."""
        return self.workspace.from_root(self.package.folder)


Candidate = tuple[Workspace, Package]


def service_name(text: str) -> str:
    """Return a name that compose, DNS and image names all take."""
    plain = "".join(each for each in normalize("NFKD", text.casefold()) if not combining(each))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "app"


def stack_name(text: str) -> str:
    """Return the name of a stack: of `@shop/root` the scope, for the rest says nothing."""
    named = SCOPE_ONLY.fullmatch(text)
    return service_name(named["scope"] if named else text)


def _candidates(workspace: Workspace) -> Iterator[tuple[str, Candidate]]:
    """Yield each package that can run under a name of its own: its folder's last part, or more of it."""
    every = [(each, package) for each in workspace.every for package in each.packages]
    runnable = {each.from_root(package.folder): (each, package) for each, package in every if package.code.framework}
    short = {
        folder: service_name(workspace.name if folder == "." else folder.rsplit("/", 1)[-1]) for folder in runnable
    }
    given = Counter((*short.values(), *RESERVED, *kinds()))
    for folder, candidate in runnable.items():
        name = short[folder]
        if given[name] > 1:
            name = service_name(folder) if "/" in folder else f"{name}-app"
        while name != short[folder] and given[name]:
            name += "-app"
        given[name] += 1
        yield name, candidate


def _role(package: Package, settings: ServiceConfig, config: Config, key: str) -> Fact[Role]:
    if settings.role is not None:
        return Fact(
            Role(settings.role), Why("bayplan.yaml", "bayplan.yaml says so", config.at("services", key, "role"))
        )
    if key == migration_script.NAME:
        because = "it is called as what prepares the database"
        return Fact(Role.JOB, Why("apps", because, config.at("services", key)))
    code = package.code
    if code.framework is not None and _is_static(package, settings):
        because = f"{code.framework.value} builds files, and the proxy serves them"
        return Fact(Role.FILES, Why("apps", because, code.framework.why.at))
    if settings.port is not None:
        return Fact(Role.WEB, Why("apps", "bayplan.yaml names its port", config.at("services", key, "port")))
    if code.port is not None:
        return Fact(Role.WEB, Why("apps", f"it listens on {code.port.value}", code.port.why.at))
    if code.port_variable is not None:
        return Fact(Role.WEB, Why("apps", f"it listens on {code.port_variable.value}", code.port_variable.why.at))
    consumed = next((queue for queue in code.queues if queue.consumes), None)
    if consumed is not None:
        name = f" {consumed.name!r}" if consumed.name else ""
        return Fact(Role.WORKER, Why("apps", f"it listens on nothing and takes jobs from the queue{name}", consumed.at))
    return Fact(Role.WORKER, Why("apps", "it listens on nothing", package.at))


def _settings(
    services: Mapping[str, ServiceConfig], name: str, package: Package, folder: str
) -> tuple[str, ServiceConfig]:
    for key, settings in services.items():
        if settings.package == folder or (settings.package is None and key in (name, package.name)):
            return key, settings
    return name, ServiceConfig()


def choose(workspace: Workspace, config: Config) -> tuple[tuple[App, ...], tuple[Note, ...]]:
    """Return the apps in order of their folders, and what was left out and why."""
    apps: list[App] = []
    notes: list[Note] = []
    used: set[str] = set()
    of_jobs = migration_script.settings(workspace, config)
    services = {key: settings for key, settings in config.services.items() if key not in of_jobs}
    candidates = _with_named(dict(_candidates(workspace)), workspace, config, services)
    for candidate, (owner, package) in candidates.items():
        folder = owner.from_root(package.folder)
        key, settings = _settings(services, candidate, package, folder)
        used.add(key)
        if settings.skip:
            continue
        name = service_name(key if key in services and settings.package else candidate)
        missing = _missing(owner, package, settings, name, config)
        if missing is not None:
            notes.append(missing)
            continue
        role = _role(package, settings, config, key)
        if role.value is Role.JOB:
            refuse_keys(config, key, NOT_OF_A_JOB, "which is a job, and answers nobody")
        if role.value is Role.WORKER and settings.role is None and not package.code.queues:
            guess = f"it is run as a worker (services.{name}.role and .skip change that)"
            text = f"it listens on nothing; {guess}"
            notes.append(Note(name, text, package.at))
        apps.append(App(name, package, role, settings, owner))
    _refuse_unknown(config, services.keys() - used, [app.name for app in apps])
    return tuple(apps), (*notes, *_installed_elsewhere(workspace, apps))


def _is_static(package: Package, settings: ServiceConfig) -> bool:
    framework = package.code.framework
    is_said_to_run = settings.port or settings.role or settings.command
    return framework is not None and framework.value in STATIC and not is_said_to_run


def _missing(owner: Workspace, package: Package, settings: ServiceConfig, name: str, config: Config) -> Note | None:
    """Say what an app lacks to be a service."""
    folder, framework = owner.from_root(package.folder), package.code.framework
    if owner.root != "." and owner.manager.name not in IMAGES_FOR:
        manager = owner.manager
        text = f"{folder} is installed with {manager.name}, and images are written for {' and '.join(IMAGES_FOR)} only"
        return Note(name, text, manager.version.why.at)
    if owner.reaches:
        path = owner.reaches[0]
        text = f"{folder} names {path.value}, and an image is built from {owner.root}, where its lockfile is"
        return Note(name, f"{text}; move both into one workspace, or what it names into {owner.root}", path.at)
    if framework is not None and _is_static(package, settings):
        served = f"name a host name that serves it: proxy.sites.<host>.to: {name} in bayplan.yaml"
        text = (
            f"{folder} builds a static site with {framework.value}, which no host name of the proxy leads to; {served}"
        )
        return None if config.proxy is None or _is_served(name, config.proxy) else Note(name, text, framework.why.at)
    if _has_no_command(package, settings):
        text = f"{left_out.without_command(package, folder)}; name it: services.{name}.command in bayplan.yaml"
        script = left_out.start_script(package)
        return Note(name, text, script.at if script else package.at)
    return None


def _is_served(name: str, proxy: ProxyConfig) -> bool:
    return any(name in (site.to, *site.paths.values()) for site in proxy.sites.values())


def _installed_elsewhere(workspace: Workspace, apps: Sequence[App]) -> Iterator[Note]:
    chosen = {app.folder for app in apps}
    for owner in workspace.every:
        for package in owner.packages:
            device, folder = package.code.installed_on, owner.from_root(package.folder)
            if device is not None and folder not in chosen:
                text = f"{folder} is an app for {device.value} ({device.why.because}); nothing is deployed for it"
                yield Note(folder.rsplit("/", 1)[-1], text, device.why.at)


def _with_named(
    candidates: dict[str, Candidate], workspace: Workspace, config: Config, services: Mapping[str, ServiceConfig]
) -> dict[str, Candidate]:
    """Return the candidates with those packages that only `bayplan.yaml` makes a service."""
    for key, settings in services.items():
        found = workspace.package_at(settings.package) if settings.package else None
        if settings.package and found is None:
            raise _no_package(key, settings.package, workspace, config)
        if found is not None and all(each is not found[1] for _, each in candidates.values()):
            candidates[key] = found
    return candidates


def refuse_keys(config: Config, key: str, names: Sequence[str], because: str) -> None:
    """Refuse what is said about a service and could not be done."""
    for name in names:
        if getattr(config.services[key], name):
            raise UsageError(
                f"bayplan.yaml gives `{name}` to the service {key!r}, {because}",
                at=config.at("services", key, name),
                remedy="leave it out",
            )


def _no_package(key: str, folder: str, workspace: Workspace, config: Config) -> UsageError:
    every = (owner.from_root(each.folder) for owner in workspace.every for each in owner.packages)
    folders = ", ".join(each for each in every if each != ".")
    return UsageError(
        f"bayplan.yaml takes the service {key!r} from {folder}, and no package is there",
        at=config.at("services", key, "package"),
        remedy=f"name the folder of one: {folders or '.'}",
    )


def _has_no_command(package: Package, settings: ServiceConfig) -> bool:
    framework = package.code.framework
    return package.start is None and settings.command is None and (framework is None or framework.value != "next")


def _refuse_unknown(config: Config, unknown: Collection[str], known: list[str]) -> None:
    for key, settings in config.services.items():
        if key in unknown and settings.package is not None:
            raise UsageError(
                f"bayplan.yaml takes the service {key!r} from {settings.package}, which is another service already",
                at=config.at("services", key, "package"),
                remedy="one package is one service: make one of its own for it",
            )
        if key in unknown:
            raise UsageError(
                f"bayplan.yaml describes the service {key!r}, and no package is it",
                at=config.at("services", key),
                remedy=f"name its folder (services.{key}.package), or use one of: {', '.join(known) or 'none'}",
            )
