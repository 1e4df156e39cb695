"""From what the repository contains to what must run: `Workspace` and `bayplan.yaml` to `Stack`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from bayplan.model.config import Config, TargetsConfig
from bayplan.model.parts import TEMPORARY, Health, Limits, Mount, Need, Note, Variable
from bayplan.model.stack import Role, Service, Stack
from bayplan.model.workspace import Workspace
from bayplan.passes import (
    apps as apps_pass,
)
from bayplan.passes import (
    backups,
    builds,
    cache_mounts,
    commands,
    embedded,
    environments,
    git_ignored,
    health,
    host_names,
    hosting,
    image_next,
    image_node,
    image_static,
    image_tool,
    images,
    left_out,
    leftovers,
    limits,
    lockfiles,
    migration_variables,
    migrations,
    needs,
    node_version,
    ports,
    registries,
    release_scripts,
    settings,
    signals,
    store_choice,
    stores,
    unneeded,
    users,
    variables,
    volumes,
)
from bayplan.passes import (
    proxy as proxy_pass,
)
from bayplan.passes.apps import App
from bayplan.passes.environments import Environment
from bayplan.passes.migrations import Job
from bayplan.passes.recipe import Recipe, inside
from bayplan.passes.store_choice import Chosen
from bayplan.source import Fact, Located, Why

PLATFORMS = ("linux/amd64", "linux/arm64")


def plan(
    workspace: Workspace,
    config: Config,
    *,
    environment: str | None = None,
    in_use: Sequence[Located[str]] = (),
    has_folder: Callable[[str], bool] = lambda _: False,
    today: date | None = None,
) -> Stack:
    """Decide everything about the stack of an environment.

    `in_use` are the images that the repository's own compose files name; `has_folder` says whether a folder is there.
    """
    whole, where = config, environments.chosen(config, environment)
    config = where.config
    name = apps_pass.stack_name(config.name or workspace.name)
    apps, notes = apps_pass.choose(workspace, config)
    if not apps:
        raise left_out.nothing_to_start(workspace, notes)
    workspace, apps = builds.overruled(workspace, apps, config)
    chosen = store_choice.chosen(config, apps, in_use)
    stack = _Planner(workspace, where, name, apps, list(notes), has_folder, chosen).stack(in_use, today)
    return release_scripts.fitted(cache_mounts.fitted(hosting.with_limits(stack, workspace.ignored), whole), whole)


class _Planner:
    """Holds what the decisions about one stack share."""

    def __init__(
        self,
        workspace: Workspace,
        where: Environment,
        name: str,
        apps: tuple[App, ...],
        notes: list[Note],
        has_folder: Callable[[str], bool],
        chosen: Sequence[Chosen],
    ) -> None:
        self.workspace = workspace
        self.where = where
        self.config = config = where.config
        self.name = name
        self.apps = apps
        self.notes = notes
        self.has_folder = has_folder
        self.node = node_version.node_version(workspace, config)
        self.ports = {app.name: ports.port(app, config) for app in apps}
        self.bindings = ports.bindings(apps, self.ports, config)
        self.chosen = chosen
        self.users = {each.entry.kind: each.users for each in chosen}
        self.entries = [each.entry for each in chosen]
        self.around = variables.Surroundings(
            workspace,
            config,
            name,
            self.ports,
            ports.usual(apps),
            self.bindings,
            self.users,
            self.entries,
            host_names.reached_at(config),
        )

    def stack(self, in_use: Sequence[Located[str]], today: date | None) -> Stack:
        chosen = stores.stores(self.config, self.chosen, self.name, in_use, tuple(self.bindings.values()))
        services = self._all_services() if self.config.apps else []
        front = proxy_pass.proxy(self.where, services, self.name)
        self.notes += [
            *proxy_pass.only_here(front, self.config),
            *ports.only_here(services),
            *git_ignored.about(self.workspace.ignored),
        ]
        if today is not None and (old := node_version.end_of_life(self.node, today)) is not None:
            self.notes.append(old)
        for owner in {app.workspace.root: app.workspace for app in self.apps}.values():
            self.notes += [*lockfiles.about(owner), *_about_hoisting(owner)]
        kept, left_out_stores = backups.backups(self.config, chosen)
        self.notes += left_out_stores
        return Stack(
            self.name,
            self.where.name,
            self.node,
            tuple(services),
            chosen,
            self.config.platforms or PLATFORMS,
            tuple(self.notes),
            leftovers=leftovers.leftovers(self.apps),
            unneeded=unneeded.unneeded(self.workspace, [each.image for each in services]),
            build_secrets=registries.build_secrets(self.workspace),
            proxy=front,
            backups=kept,
            compose=self.where.compose,
            env_file=self.where.env_file,
            targets=(self.config.targets if self.config.apps else None) or TargetsConfig(),
            told=self.config.variables,
            project=self.where.named(self.name),
        )

    def _all_services(self) -> list[Service]:
        jobs, notes = migrations.jobs(self.workspace, self.apps, self.config)
        self.notes += notes
        services = self._services(jobs)
        carriers = {service.name: service for service in services}
        before = [self._job(job, carriers[job.app.name], jobs[:index]) for index, job in enumerate(jobs)]
        return [images.pulled(service, self.where, self.name) for service in (*before, *services)]

    def _services(self, migrating: Sequence[Job]) -> list[Service]:
        checks: dict[str, Health | None] = {}
        for app in self.apps:
            checks[app.name], note = health.health(app, self.ports[app.name], self.config)
            self.notes += [note] if note else []
        checked = [name for name, check in checks.items() if check is not None]
        jobs = {app.name: app.role.why for app in self.apps if app.role.value is Role.JOB}
        services = []
        for app in self.apps:
            found = variables.variables(self.around, app)
            before = ((), {}) if app.name in jobs else (checked, jobs)
            prepared_by = migrations.waited_for(app, migrating)
            waits = needs.needs(app.name, found, self.users, before[0], prepared_by, before[1])
            services.append(self._service(app, checks[app.name], found, waits))
        return needs.without_circles(services)

    def _node(self, app: App) -> Fact[str]:
        return node_version.node_version(app.workspace, self.config)

    def _service(self, app: App, check: Health | None, found: tuple[Variable, ...], waits: tuple[Need, ...]) -> Service:
        if app.role.value is Role.FILES:
            return self._files(app, found)
        command = commands.command(app, self.config)
        is_next = app.package.code.framework is not None and app.package.code.framework.value == "next"
        recipe = Recipe(self.name, app, self._node(app), command, self.ports[app.name], check, found)
        if is_next:
            image = image_next.image(recipe, has_public=self.has_folder(f"{app.folder}/public"))
        else:
            image = image_node.image(recipe)
        image = replace(image, dockerfile=app.settings.dockerfile or image.dockerfile)
        init, note = signals.init(app)
        self.notes += [each for each in (note, embedded.about_files(app), embedded.about_others(app)) if each]
        cache = (f"{recipe.folder}/{recipe.next_folder}/cache",) if is_next else ()
        return Service(
            name=app.name,
            package=app.folder,
            role=app.role,
            image=image,
            command=command,
            limits=limits.limits(app),
            port=self.ports[app.name],
            health=check,
            binding=self.bindings.get(app.name),
            variables=found,
            needs=waits,
            writable=(TEMPORARY, *cache, *app.settings.writable),
            grace_seconds=limits.grace(app),
            budget_mb=settings.megabytes(app.settings.budget) if app.settings.budget else None,
            queues=tuple(sorted({queue.name for queue in app.package.code.queues if queue.consumes and queue.name})),
            init=init,
            uid=users.number(app),
            mounts=volumes.kept(app, self.config),
            replicas=1 if app.settings.replicas is None else app.settings.replicas,
        )

    def _files(self, app: App, found: tuple[Variable, ...]) -> Service:
        """Return the service that hands the files of an app over to the volume that the proxy serves."""
        recipe = Recipe(self.name, app, self._node(app), image_static.COMMAND, None, None, found)
        handed = Why("image_static", "the proxy serves what is in it")
        service = Service(
            name=app.name,
            package=app.folder,
            role=app.role,
            image=image_static.image(recipe),
            command=image_static.COMMAND,
            limits=limits.limits(app, Limits(64, 0.5)),
            variables=tuple(each for each in found if each.at_build),
            mounts=(Mount(f"{app.name}_files", image_static.VOLUME, handed),),
            writable=(),
            budget_mb=settings.megabytes(app.settings.budget) if app.settings.budget else None,
        )
        targets = self.config.targets
        if targets is not None and hosting.needs_server(targets.chosen):
            return replace(service, serving=image_static.serving(service, recipe))
        return service

    def _job(self, job: Job, carrier: Service, earlier: Sequence[Job]) -> Service:
        role = Fact(Role.JOB, job.command.why)
        own = App(job.name, job.package, role, job.settings, job.workspace)
        found, users = migration_variables.given(self.around, own, job, carrier)
        recipe = Recipe(self.name, own, self._node(own), job.command, None, None, found)
        return Service(
            name=own.name,
            package=own.folder,
            role=role,
            image=carrier.image if job.is_carried else image_tool.image(recipe, needs_tools=job.needs_tools),
            command=job.command,
            limits=limits.limits(own, carrier.limits),
            variables=found,
            needs=needs.needs(own.name, found, users, (), [each.name for each in earlier], {}),
            writable=(TEMPORARY, *own.settings.writable),
            grace_seconds=limits.grace(own),
            budget_mb=settings.megabytes(own.settings.budget) if own.settings.budget else None,
            image_of=carrier.name if job.is_carried else None,
            workdir=inside(job.package.folder) if job.is_carried else "",
        )


def _about_hoisting(workspace: Workspace) -> list[Note]:
    if workspace.manager.name != "pnpm" or workspace.manager.linker != "hoisted" or len(workspace.packages) == 1:
        return []
    text = "nodeLinker is hoisted, so every install, and every image, holds what all packages run"
    return [Note("node_modules", text)]
