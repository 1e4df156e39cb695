"""What a failed start leaves of what ran before it."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bayplan.engines import former
from bayplan.engines.docker import Project
from bayplan.errors import CommandFailedError
from bayplan.model.running import Container
from tests.unit.test_engines import container, service, stack

OLD = replace(container("web"), image_name="shop-web:1")
NEW = replace(OLD, id="new", image="sha256:2", state="created")


@dataclass
class Engine:
    """An engine on which containers change as a start would change them."""

    project: Project
    now: list[Container]
    values: dict[str, str] = field(default_factory=dict)
    brings_back: bool = True
    removed: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def containers(self) -> tuple[Container, ...]:
        return tuple(self.now)

    def remove(self, containers: list[Container]) -> None:
        self.removed += [each.service for each in containers]

    def tag(self, image: str, name: str) -> None:
        self.done.append(f"tag {image} {name}")

    def settings(self, overrides: tuple[str, ...]) -> str:
        return json.dumps({"services": {}, "overrides": overrides})

    def start_again(self, settings: str, services: list[str]) -> None:
        self.done.append(f"up {settings} {' '.join(services)}")
        if not self.brings_back:
            raise CommandFailedError("compose failed")
        self.now = [replace(OLD, id="brought back")]

    def start(self, container: Container) -> None:
        self.done.append(f"start {container.id}")
        self.now = [replace(each, state="running") for each in self.now]


def undo(engine: Engine) -> str:
    return former.undo(stack(service("web")), engine, [OLD], frozenset())  # type: ignore[arg-type]


def kept(root: Path, *, brings_back: bool = True) -> Engine:
    engine = Engine(Project("shop", root), [OLD], brings_back=brings_back)
    former.keep(engine)  # type: ignore[arg-type]
    engine.now = [NEW]
    return engine


def test_what_ran_runs_again_from_its_own_image_with_its_own_settings(tmp_path: Path) -> None:
    engine = kept(tmp_path)
    assert undo(engine) == "what ran before runs again with its earlier settings: web"
    assert engine.done == ["tag sha256:1 shop-web:1", f"up {former.KEPT} web"]
    assert engine.removed == []


def test_what_was_brought_back_can_be_brought_back_again(tmp_path: Path) -> None:
    engine = kept(tmp_path)
    undo(engine)
    assert json.loads((tmp_path / former.KEPT).read_text())[former.CONTAINERS] == {"web": "brought back"}


@pytest.mark.parametrize("why", ["never kept", "other containers", "broken", "compose fails"])
def test_where_that_cannot_be_what_replaced_it_is_started_and_named(tmp_path: Path, why: str) -> None:
    engine = kept(tmp_path, brings_back=why != "compose fails")
    if why == "never kept":
        former.forget(engine)  # type: ignore[arg-type]
    elif why != "compose fails":
        text = {"other containers": json.dumps({former.CONTAINERS: {"web": "another"}}), "broken": "["}[why]
        (tmp_path / former.KEPT).write_text(text)
    assert undo(engine) == "these run with the new settings now: web"
    assert engine.done[-1] == "start new"
    assert engine.removed == []


def test_only_a_service_that_is_new_is_removed(tmp_path: Path) -> None:
    engine = Engine(Project("shop", tmp_path), [OLD, container("worker")])
    assert undo(engine) == "what ran before was not touched, and goes on: web"
    assert engine.removed == ["worker"]


def test_the_names_of_our_images_lead_to_what_ran_again(tmp_path: Path) -> None:
    """A start by hand, or after the machine's, would else take the version that failed."""
    ended = replace(container("job"), id="job", image="sha256:0", state="exited", image_name="shop-web:1")
    store = replace(container("postgres"), image_name="postgres:16")
    engine = Engine(Project("shop", tmp_path), [OLD, ended, store])
    planned = stack(service("web"), service("job"))
    former.undo(planned, engine, [OLD, ended, store], frozenset())  # type: ignore[arg-type]
    assert engine.done == ["tag sha256:0 shop-web:1", "tag sha256:1 shop-web:1"]


def test_the_settings_are_for_their_owner_only(tmp_path: Path) -> None:
    kept(tmp_path)
    assert (tmp_path / former.KEPT).stat().st_mode & 0o777 == 0o600
