"""What bayplan writes for Fly.io, Railway and Render, run against the built images as each platform would run it.

Each file is read by bayplan's own reader, turned into the containers its platform starts, and these are started in a
network like the platform's: host names have IPv6 addresses alone on Fly, both on Railway, IPv4 on Render. What an
operator tells an app comes from the written template, by the commands at its head. No platform is reached: Docker
stands in for them, and the open databases for those that are theirs.
"""

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
from tests.e2e.platform_railway import evaluated, railway_runs
from tests.e2e.platform_render import render_runs, render_sites
from tests.e2e.platform_run import PlatformRun
from tests.e2e.platform_static import built
from tests.e2e.platform_systems import KNOWN, USES, end_amid_a_job, keeps_every_job, named
from tests.e2e.platform_world import Names, World, world
from tests.e2e.system import bayplan, copied

pytestmark = pytest.mark.engine
SYSTEMS = tuple(USES)
NAMES = {"fly": Names.IPV6, "railway": Names.BOTH, "render": Names.IPV4}
LOOK_UP = "require('dns').lookup(process.argv[1], {all: true}, (_, a) => console.log(a.map((b) => b.family).sort()))"
FAMILIES = {Names.IPV4: "[ 4 ]", Names.IPV6: "[ 6 ]", Names.BOTH: "[ 4, 6 ]"}
SERVICES = {
    "forgestack": {"api", "web", "worker"},
    "cipherbox": {"api", "tee-worker", "web"},
    "everyskill": {"migrate", "web"},
    "whereabouts": {"backend"},
}
"""What is ours, and has to be somewhere on each platform."""
CASES = [(system, platform) for system in SYSTEMS for platform in NAMES]


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
        root = copied(name, tmp_path_factory.mktemp(name))
        bayplan(root, "write")
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


def short(name: str, system: str) -> str:
    """Return what the stack calls a service: where names are shared by all the world, the stack's stands before it."""
    return name.removeprefix(f"{system}-").removeprefix("staging-")


@dataclass(frozen=True)
class Deployed:
    """A system that runs as a platform runs it."""

    system: Written
    platform: str
    world: World
    seconds: float

    @property
    def sites(self) -> tuple[str, ...]:
        """The names of what the platform serves by itself."""
        services = self.system.deployment.platform_services
        return tuple(each.name for each in services if (each.platform, each.kind) == (self.platform, "static"))

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
    made, name = deployed.world, deployed.system.name
    ours = [run.name for run in (*deployed.services, *deployed.of("job"))]
    assert {short(each, name) for each in (*ours, *deployed.sites)} == SERVICES[name]
    assert all(run.checks for run in deployed.of("web"))
    assert len(made.released) == 1, "the database is migrated once, by a release command or a job"
    USES[name](made)
    record_property(
        "figure",
        f"{name} on {deployed.platform}: {len(made.began)} containers up and healthy in {deployed.seconds:.1f} s, "
        f"{sum(made.released.values()):.1f} s of it the migration; {made.checks} checks and {made.requests} requests",
    )


def test_host_names_lead_where_they_lead_there(deployed: Deployed) -> None:
    """Without this, a client that speaks IPv4 alone would pass here and fail on Fly."""
    for host in [host for run in deployed.of("store") for host in run.hosts]:
        found = deployed.world.tried(deployed.services[0], "node", "-e", LOOK_UP, host).stdout
        assert found.strip() == FAMILIES[deployed.world.names], host


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


def test_a_static_site_is_built_by_its_command(written: dict[str, Written], tmp_path: Path) -> None:
    system = written["cipherbox"]
    operator = operate(system.root, "render", KNOWN, tmp_path / "operator")
    (site,) = render_sites(system.file("render*.yaml").read_text(encoding="utf-8"), operator)
    files = built(site, system.root, tmp_path / "site")
    assert "<script" in files["index.html"]
    address = site.environment["VITE_API_URL"]
    assert address.startswith("https://")
    assert any(address in text for path, text in files.items() if path.endswith(".js"))
