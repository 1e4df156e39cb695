"""The tiny stack of `mini/`, planned by hand: nothing of the planner takes part in proving engine and probes."""

from bayplan.model.code import Code
from bayplan.model.image import Copy, Image, Run, Stage, Workdir
from bayplan.model.lockfile import Manager
from bayplan.model.parts import Asked, Binding, Composed, Condition, Given, Health, Limits, Need, Variable
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.model.workspace import Package, Workspace
from bayplan.source import At, Fact, Why

WHY = Why("test", "by hand")
LIMITS = Limits(memory_mb=256, cpus=1.0)
DATABASE = Composed(
    (Given("postgres://app:"), Asked("POSTGRES_PASSWORD"), Given("@postgres:5432/app")),
)


def _image(name: str) -> Image:
    build = Stage("build", "node:20-alpine", (Workdir("/app", WHY), Run(("true",), WHY)), WHY)
    run = Stage("run", "node:20-alpine", (Workdir("/app", WHY), Copy((name,), name, WHY)), WHY)
    return Image(f"{name}/Dockerfile", ".", (build, run))


def mini(name: str, port: int, *, budget: int | None = None) -> Stack:
    """Plan the stack under a name and a port of its own."""
    web = Service(
        name="web",
        package="web",
        role=Fact(Role.WEB, WHY),
        image=_image("web"),
        command=Fact(("node", "web/server.js"), WHY),
        limits=LIMITS,
        port=Fact(3000, WHY),
        health=Health(WHY, path="/health"),
        binding=Binding(port, "127.0.0.1", WHY),
        variables=(
            Variable("PUBLIC_GREETING", Asked("PUBLIC_GREETING", default="hello"), WHY, at_build=True),
            Variable("DATABASE_URL", DATABASE, WHY, secret=True),
            Variable("WEB_PORT", Asked("WEB_PORT"), WHY, example=str(port)),
            Variable("MINI", Asked("MINI"), WHY, example=name),
        ),
        needs=(Need("migrate", Condition.DONE, WHY), Need("redis", Condition.HEALTHY, WHY)),
        budget_mb=budget,
    )
    migrate = Service(
        name="migrate",
        package="web",
        role=Fact(Role.JOB, WHY),
        image=_image("web"),
        command=Fact(("node", "web/migrate.js"), WHY),
        limits=LIMITS,
        variables=(Variable("DATABASE_URL", DATABASE, WHY, secret=True),),
        needs=(Need("postgres", Condition.HEALTHY, WHY),),
        image_of="web",
    )
    worker = Service(
        name="worker",
        package="worker",
        role=Fact(Role.WORKER, WHY),
        image=_image("worker"),
        command=Fact(("node", "worker/worker.js"), WHY),
        limits=LIMITS,
        variables=(Variable("REDIS_URL", Given("redis://redis:6379"), WHY),),
        needs=(Need("redis", Condition.HEALTHY, WHY),),
        grace_seconds=5,
        budget_mb=budget,
    )
    return Stack(name, "production", Fact("20", WHY), (web, migrate, worker), (_postgres(), _redis()))


def _postgres() -> Store:
    return Store(
        name="postgres",
        kind="postgres",
        image=Fact("postgres:15-alpine", WHY),
        port=5432,
        health=Health(WHY, command=("pg_isready",)),
        data="/var/lib/postgresql/data",
        volume="postgres-data",
        limits=LIMITS,
        why=WHY,
        variables=(Variable("POSTGRES_PASSWORD", Asked("POSTGRES_PASSWORD"), WHY, secret=True),),
        writable=("/tmp", "/var/run/postgresql"),
        capabilities=("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"),
    )


def _redis() -> Store:
    return Store(
        name="redis",
        kind="redis",
        image=Fact("redis:7-alpine", WHY),
        port=6379,
        health=Health(WHY, command=("redis-cli", "ping")),
        data="/data",
        volume="redis-data",
        limits=LIMITS,
        why=WHY,
        writable=("/tmp",),
        capabilities=("CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"),
    )


def workspace() -> Workspace:
    """Return the packages of `mini/`."""
    at = At("package.json")
    web = Package("@mini/web", "web", at, code=Code(framework=Fact("next", WHY)))
    return Workspace("mini", Manager("pnpm", Fact("10.0.0", WHY)), (web, Package("@mini/worker", "worker", at)))
