"""One stack on one engine, as the commands that build, start, prove and stop it need it."""

import json
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from bayplan.cli import evidence as table
from bayplan.cli.progress import progress
from bayplan.cli.terminal import printable
from bayplan.engines import builds, docker, environment, folder, reuse, starting
from bayplan.engines.engine import DockerEngine
from bayplan.engines.environment import RunEnvironment
from bayplan.engines.news import Listener, News, State
from bayplan.errors import UsageError
from bayplan.model.config import Config
from bayplan.model.contract import Term
from bayplan.model.evidence import Evidence
from bayplan.model.running import Event
from bayplan.model.secret import hide
from bayplan.model.stack import OwnImage, Stack
from bayplan.model.workspace import Workspace
from bayplan.probes import PROBES, Probe, prove, record
from bayplan.probes.subject import Subject
from bayplan.run import Local, Step, shown

EVIDENCE = ".bayplan/evidence/evidence.json"
OVERRIDE = ".bayplan/hardened.json"
QUICK = ("health", "http", "ports", "proxy")


@dataclass(slots=True)
class Session:
    """What a command works with. Nothing was started or written when it is opened."""

    stack: Stack
    workspace: Workspace
    root: Path
    environment: RunEnvironment
    engine: DockerEngine
    payloads: Mapping[str, str]
    """An example of a job for each worker that has one, as JSON."""

    def save_log(self, service: str, text: str) -> None:
        folder.write(self.root, folder.log(service), text)

    def images(self) -> dict[str, str]:
        """Return the name of the image of each part that has one of ours."""
        values = self.environment.values
        parts: tuple[docker.Own, ...] = (*self.stack.services, *self.stack.built)
        return {part.name: docker.image_name(self.stack, part, values) for part in parts}

    def build(self, images: Sequence[OwnImage], platform: str | None = None, *, only_changed: bool = False) -> None:
        """Build these images with their progress shown; or only those whose inputs have changed."""
        given = {} if platform else self._inputs(images)
        with progress() as listen:
            there = reuse.take(self.engine, given) if only_changed else frozenset()
            for name in sorted(there):
                listen(News(name, State.DONE, "built earlier, from the same files"))
            builds.build_all(
                self.stack,
                [each for each in images if each.name not in there],
                self.root,
                self.engine.runner,
                values=self.environment.values,
                secrets=self.environment.secrets,
                platform=platform,
                listen=listen,
            )
        same = {name: each for name, each in self._inputs(images).items() if each == given.get(name)} if given else {}
        reuse.remember(self.engine, same)

    def _inputs(self, images: Sequence[OwnImage]) -> dict[str, reuse.Inputs]:
        return reuse.inputs(self.stack, images, self.engine, self.environment.values)

    def start(self, listen: Listener, override: str = "") -> tuple[Event, ...]:
        """Start what does not run and wait until all is healthy."""
        overrides = [str(folder.write(self.root, OVERRIDE, override).relative_to(self.root))] if override else []
        return starting.start(
            self.stack, self.engine, listen=listen, overrides=overrides, save_logs=self.save_log
        ).events

    def subject(self, events: tuple[Event, ...] = ()) -> Subject:
        return Subject(
            stack=self.stack,
            workspace=self.workspace,
            engine=self.engine,
            images=self.images(),
            start=lambda override: self.start(lambda _: None, override),
            secrets=self.environment.secrets,
            events=events,
            payloads=self.payloads,
            values=self.environment.values,
            root=self.root,
        )

    def prove(self, events: tuple[Event, ...] = (), probes: tuple[Probe, ...] = PROBES) -> tuple[Evidence, ...]:
        """Run probes with their progress shown."""
        subject = self.subject(events)
        with progress() as listen:
            name = self.stack.name
            found = prove(subject, probes, lambda probe: listen(News(name, State.RUNNING, probe.doing)))
            listen(News(name, State.FAILED if table.failed(found) else State.DONE, table.total(found)))
        return found

    def keep(self, found: Sequence[Evidence]) -> None:
        of = record.about(self.engine.containers())
        path = self.engine.project.keeping(EVIDENCE)
        folder.write(self.root, path, hide(record.to_json(self.stack.name, found, of), self.environment.secrets))

    def kept(self) -> tuple[Evidence, ...]:
        """Return earlier evidence about exactly what runs now, without what is quickly proved again.

        Where something failed there is none: the next run measures all of it anew.
        """
        file = self.root / self.engine.project.keeping(EVIDENCE)
        if not file.is_file():
            return ()
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ()
        of = record.about(self.engine.containers())
        found = record.from_json(text, of)
        return () if table.failed(found) else tuple(each for each in found if each.id.split(".")[0] not in QUICK)

    def typed(self, step: Step) -> str:
        """Return a command as a person would type it, in the root folder."""
        given = "".join(f"{shown([f'{name}={value}'])} " for name, value in sorted(step.environment.items()))
        return hide(printable(given + shown(step.argv)), self.environment.secrets)


def _apart(stack: Stack) -> str:
    return stack.environment if stack.project_name != stack.name else ""


def open_session(
    stack: Stack,
    workspace: Workspace,
    root: Path,
    config: Config | None = None,
    *,
    dry: bool = False,
    refuse: Callable[[DockerEngine], None] = lambda _: None,
    needs: Callable[[Term], bool] = lambda _: True,
    keeps: bool = True,
) -> Session:
    """Find the engine and settle the values; a dry run does neither more than it must.

    `refuse` is asked before anything is written, and raises when the command cannot go on. `needs` says without which
    variables it cannot, where there is an env file that lacks them. Without `keeps` nothing that is made up is kept.
    """
    payloads = _payloads(config or Config())
    if not dry and not (root / stack.compose).is_file():
        raise UsageError(f"{stack.compose} is not there yet", remedy="`bayplan write` writes it")
    project = docker.Project(stack.project_name, root, stack.compose, apart=_apart(stack))
    if not dry:
        engine = DockerEngine(project, Local())
        engine.check()
        refuse(engine)
    settled = environment.prepare(stack, root, needs) if keeps and not dry else environment.preview(stack, root, needs)
    there = tuple(path for path in settled.files if keeps or (root / path).exists())
    made_up = {} if keeps else {name: settled.values[name] or "unknown" for name in settled.made}
    engine = DockerEngine(replace(project, env_files=there), Local(), settled.secrets, settled.values, made_up)
    if not dry and keeps and settled.made:
        print(f"made development values for {', '.join(settled.made)}: for this machine only ({settled.files[-1]})")
        if settled.unread:
            print(settled.unread)
        if engine.volumes():
            print("there is data from earlier, which may want other ones; `bayplan down --volumes` deletes it")
    return Session(stack, workspace, root, settled, engine, payloads)


def _payloads(config: Config) -> dict[str, str]:
    found = {name: service.example_job for name, service in config.services.items() if service.example_job}
    for name, text in found.items():
        try:
            json.loads(text)
        except ValueError as error:
            at = config.at("services", name, "example_job")
            raise UsageError(
                f"the example job of {name} is not JSON: {error}", at=at, remedy="write it as JSON"
            ) from error
    return found


@contextmanager
def at_work(root: Path, what: str = "run") -> Iterator[None]:
    """Keep other bayplans that do the same out, and let a polite kill end things as an interrupt does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        with folder.exclusive(root, what):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)
