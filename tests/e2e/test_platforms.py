"""What bayplan writes for Fly.io, Railway and Render, run against the built images as each platform would run it.

Each file is read by bayplan's own reader, turned into the containers its platform starts, and these are started in a
network like the platform's: host names have IPv6 addresses alone on Fly, both on Railway, IPv4 on Render. What an
operator tells an app comes from the written template, by the commands at its head. No platform is reached: Docker
stands in for them, and the open databases for those that are theirs.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bayplan.model.deployment import Deployment
from bayplan.readers.deployment import read_deployment
from bayplan.tree import Tree
from tests.e2e.platform_fly import fly_runs
from tests.e2e.platform_images import Images
from tests.e2e.platform_operator import operate
from tests.e2e.platform_railway import evaluated, railway_runs, railway_sites
from tests.e2e.platform_render import render_runs, render_sites
from tests.e2e.platform_static import StaticSite, built
from tests.e2e.platform_systems import KNOWN, USES, end_amid_a_job, keeps_every_job, named
from tests.e2e.platform_world import Names, PlatformRun, World, world
from tests.e2e.system import CLUTTER, EXAMPLES

pytestmark = pytest.mark.engine
SYSTEMS = tuple(USES)
NAMES = {"fly": Names.IPV6, "railway": Names.BOTH, "render": Names.IPV4}
CASES = [(system, platform) for system in SYSTEMS for platform in NAMES]
STATIC = "cipherbox"
"""Its web app is files, and its image holds no server."""


@dataclass(frozen=True)
class Written:
    """An example with the files that bayplan writes for it, and what these say."""

    name: str
    root: Path
    deployment: Deployment
    images: Images

    def file(self, pattern: str) -> Path:
        (found,) = self.root.glob(pattern)
        return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[dict[str, Written]]:
    assert engine
    found = {}
    for name in SYSTEMS:
        root = tmp_path_factory.mktemp(name) / "repository"
        shutil.copytree(EXAMPLES / name / "repo", root, ignore=shutil.ignore_patterns(*CLUTTER))
        shutil.copytree(EXAMPLES / name / "expected", root, dirs_exist_ok=True)
        found[name] = Written(name, root, read_deployment(Tree(root)), Images(root, name))
    try:
        yield found
    finally:
        for each in found.values():
            each.images.remove()


@pytest.fixture(scope="module")
def projects(written: dict[str, Written], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The resources of each Railway file, as Railway's own library evaluates it."""
    files = {name: each.file(".railway/railway*.ts") for name, each in written.items()}
    return evaluated(files, tmp_path_factory.mktemp("railway"))


@dataclass(frozen=True)
class Deployed:
    """A system that runs as a platform runs it."""

    system: Written
    platform: str
    world: World
    seconds: float

    def of(self, *kinds: str) -> tuple[PlatformRun, ...]:
        return tuple(run for run in self.world.runs if run.kind in kinds)

    @property
    def services(self) -> tuple[PlatformRun, ...]:
        return self.of("web", "private", "worker")


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def deployed(
    request: pytest.FixtureRequest,
    written: dict[str, Written],
    projects: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployed]:
    name, platform = request.param
    system = written[name]
    operator = operate(system.root, platform, KNOWN, tmp_path_factory.mktemp("operator"))
    if platform == "fly":
        runs = fly_runs(system.deployment, system.images, operator)
    elif platform == "railway":
        runs = railway_runs(projects[name]["resources"], system.deployment, system.images, operator)
    else:
        text = system.file("render*.yaml").read_text(encoding="utf-8")
        runs = render_runs(text, system.deployment, system.images, operator)
    with world(f"{platform}-{name}", runs, NAMES[platform]) as made:
        began = time.monotonic()
        made.deploy()
        yield Deployed(system, platform, made, time.monotonic() - began)


@pytest.mark.requirement("FS-33", "FS-34")
def test_it_is_released_and_healthy_and_does_what_it_is_for(
    deployed: Deployed, record_property: Callable[[str, object], None]
) -> None:
    """Each release command has succeeded, and each check was answered, before this begins; here people come."""
    made = deployed.world
    assert all(run.checks for run in deployed.of("web"))
    assert len(made.released) == 1, "the database is migrated once, by a release command or a job"
    USES[deployed.system.name](made)
    record_property(
        "figure",
        f"{deployed.system.name} on {deployed.platform}: {len(deployed.services)} services and "
        f"{len(deployed.of('store'))} stores up and healthy in {deployed.seconds:.1f} s, "
        f"{sum(made.released.values()):.1f} s of it the migration; {made.requests} requests answered",
    )


@pytest.mark.requirement("FS-06")
def test_nothing_of_ours_is_root(deployed: Deployed) -> None:
    for run in deployed.services:
        assert "0" not in deployed.world.users(run), run.name


def test_what_keeps_a_queue_forgets_nothing_when_it_is_full(deployed: Deployed) -> None:
    keepers = [run for run in deployed.of("store") if "redis" in run.image or "valkey" in run.image]
    assert bool(keepers) == (deployed.system.name in ("forgestack", "cipherbox"))
    for run in keepers:
        keeps_every_job(deployed.world, run)


@pytest.mark.requirement("FS-08")
def test_the_worker_finishes_its_job_and_everything_ends_in_time(
    deployed: Deployed, record_property: Callable[[str, object], None]
) -> None:
    made, left = deployed.world, [*deployed.services]
    if deployed.system.name == "forgestack":
        worker = made.run(named(made, "worker"))
        left.remove(worker)
        seconds = end_amid_a_job(made)
        record_property(
            "figure",
            f"forgestack on {deployed.platform}: the worker finished its job and ended {seconds:.1f} s after "
            f"{worker.signal}; it has {worker.seconds:.0f} s",
        )
    for run in (*left, *deployed.of("store")):
        assert run.seconds, f"{run.name} is given no time to end"
        made.told_to_end(run)
        _, code = made.ended(run)
        assert code in (0, 128 + 2, 128 + 15), run.name


@pytest.mark.parametrize("platform", NAMES)
def test_files_that_a_platform_serves_by_itself_are_built_by_its_command(
    platform: str, written: dict[str, Written], projects: dict[str, Any], tmp_path: Path
) -> None:
    """Where there is such a command; elsewhere an image serves them, which has been asked above."""
    system = written[STATIC]
    if platform == "fly":
        sites: tuple[StaticSite, ...] = ()
    elif platform == "railway":
        sites = railway_sites(projects[STATIC]["resources"], operate(system.root, platform, KNOWN, tmp_path / "told"))
    else:
        text = system.file("render*.yaml").read_text(encoding="utf-8")
        sites = render_sites(text, operate(system.root, platform, KNOWN, tmp_path / "told"))
    ours = {each.name for each in system.deployment.platform_services if each.platform == platform and each.dockerfile}
    assert len(sites) == (0 if any(name.endswith("web") for name in ours) else 1)
    for site in sites:
        files = built(site, system.root, tmp_path / "built")
        assert "<script" in files["index.html"]
        address = site.environment["VITE_API_URL"]
        assert address.startswith("https://")
        assert any(address in text for path, text in files.items() if path.endswith(".js"))
