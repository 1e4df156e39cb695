"""The stores of a stack that are backed up, as `backup` and `restore` need them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bayplan.catalog.stores import backup
from bayplan.cli.parser import near
from bayplan.cli.progress import progress
from bayplan.engines import docker
from bayplan.engines.backups.cipher import Age, Cipher, Gpg
from bayplan.engines.backups.destination import Destination, destination, open_file
from bayplan.engines.backups.families import family
from bayplan.engines.backups.family import Family, Inside
from bayplan.engines.backups.manifest import Manifest
from bayplan.engines.backups.names import Series, store_of
from bayplan.engines.backups.scratch import Room
from bayplan.engines.backups.work import Opened
from bayplan.engines.engine import DockerEngine
from bayplan.engines.news import News, State
from bayplan.errors import UsageError
from bayplan.model.running import Container
from bayplan.model.stack import Backups, Stack, Store
from bayplan.run import Local, Pipeline, Step


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup, and how it is read."""

    name: str
    opened: Opened
    cipher: Cipher


@dataclass(slots=True)
class Stores:
    """What the commands work with. Nothing was started or written when it is made."""

    stack: Stack
    root: Path
    identity: Path | None
    runner: Local = field(default_factory=Local)

    @property
    def backups(self) -> Backups:
        if self.stack.backups is None:
            raise UsageError(
                f"bayplan.yaml asks for no backups in {self.stack.environment}",
                remedy="say where they go and for whose key: `backups: {to: /var/backups/shop, age: age1...}`",
            )
        return self.stack.backups

    @property
    def destination(self) -> Destination:
        return destination(self.backups.to, self.runner)

    def chosen(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the stores that are meant: those named, or all that are backed up."""
        known = self.backups.stores
        for name in names:
            if name not in known:
                raise UsageError(
                    f"there is no store {name!r} that is backed up",
                    remedy=near(name, known) or f"there are {', '.join(known) or 'none'}",
                )
        return tuple(names) or known

    def store(self, name: str) -> Store:
        return next(store for store in self.stack.stores if store.name == name)

    def store_of(self, file: str, named: Sequence[str]) -> str:
        """Return the store that a backup is of: the one named, or what the backup's own name says."""
        stores = self.chosen(named)
        says = store_of(Path(file).name)
        found = says if says in stores else stores[0] if len(stores) == 1 else ""
        if not found:
            raise UsageError(
                f"{file} does not say which store it is of", remedy=f"name one of {', '.join(stores)} with it"
            )
        return found

    def family(self, name: str) -> Family:
        return family(self.store(name).kind)

    def series(self, name: str) -> Series:
        return Series(self.stack.name, self.stack.environment, name, backup(self.store(name).kind)["dump"])

    def container(self, name: str) -> Container | None:
        """Return the container of a store that runs."""
        engine = DockerEngine(docker.Project(self.stack.project_name, self.root), self.runner)
        engine.check()
        found = (each for each in engine.containers() if each.service == name and each.state == "running")
        return next(found, None)

    def inside(self, name: str) -> Inside:
        container = self.container(name)
        if container is None:
            raise UsageError(f"{name} does not run", remedy=f"start it: `bayplan up`, or `docker compose up -d {name}`")
        return self.family(name).inside(container.name, self.runner)

    def room(self, name: str) -> Room:
        """Return what a throw-away server of the same kind may take."""
        store, container = self.store(name), self.container(name)
        image = container.image if container is not None else store.image.value
        owner = f"{self.stack.project_name}.{name}"
        return Room(image, owner, store.limits.memory_mb, store.capabilities, store.user)

    def backup(self, name: str, file: str) -> Backup:
        """Find a backup: a file, one of those at their destination, or the newest of a store."""
        if file and Path(file).exists():
            path = Path(file)
            return Backup(path.name, lambda steps: self._from_file(path, steps), self._cipher(path.name))
        there = self.destination.names()
        own = self.series(name).among(there)
        if file and file not in there:
            raise UsageError(
                f"there is no backup {file}", remedy=near(file, own) or "`bayplan backup --list` shows what there is"
            )
        if not file and not own:
            raise UsageError(f"there is no backup of {name} in {self.backups.to}", remedy="`bayplan backup` makes one")
        chosen = file or own[-1]
        return Backup(chosen, lambda steps: self.destination.giving(chosen, steps), self._cipher(chosen))

    @contextmanager
    def _from_file(self, path: Path, steps: tuple[Step, ...]) -> Iterator[Pipeline]:
        with open_file(path) as file, self.runner.pipeline(steps, given=file) as pipeline:
            yield pipeline

    def _cipher(self, name: str) -> Cipher:
        return Gpg("") if name.endswith(".gpg") else Age("", self.identity)

    def refuse_other(self, manifest: Manifest, name: str) -> None:
        """Raise when a backup is of another kind of store."""
        if family(manifest.kind) is not self.family(name):
            raise UsageError(
                f"the backup is of {manifest.store}, a {manifest.kind}; {name} is a {self.store(name).kind}",
                remedy="nothing was changed; name the store it is of",
            )

    def refuse_elsewhere(self, manifest: Manifest, name: str) -> None:
        """Raise when a backup is of another stack, environment or store than the one it is to be restored to."""
        here = (self.stack.name, self.stack.environment, name)
        if (manifest.stack, manifest.environment, manifest.store) != here:
            raise UsageError(
                f"the backup is of {manifest.store} of {manifest.stack} ({manifest.environment}), "
                f"and this is {name} of {self.stack.name} ({self.stack.environment})",
                remedy="nothing was changed; `--from-elsewhere` says that it is meant",
            )

    @contextmanager
    def news(self, name: str) -> Iterator[Callable[[str], None]]:
        """Show what is being done with a store."""
        last = ""
        with progress() as listen:

            def say(text: str) -> None:
                nonlocal last
                last = text
                listen(News(name, State.RUNNING, text))

            try:
                yield say
            except BaseException:
                listen(News(name, State.FAILED, last))
                raise
            listen(News(name, State.DONE, last))
