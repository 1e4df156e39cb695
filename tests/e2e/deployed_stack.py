"""The small stack that is deployed to a machine, planned by hand: the planner takes no part in what is proved here."""

from bayplan.model.config import GithubConfig, TargetsConfig
from bayplan.model.front import Answer, Proxy, Site, Tls, TlsKind
from bayplan.model.image import Copy, Image, Stage
from bayplan.model.parts import Asked, Binding, Composed, Condition, Given, Health, Limits, Mount, Need, Variable
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.source import Fact, Why

WHY = Why("test", "by hand")
LIMITS = Limits(memory_mb=256, cpus=1.0)
API, APP = "api.deployed.test", "app.deployed.test"
REDIS = Need("redis", Condition.HEALTHY, WHY)


def _service(name: str, role: Role, registry: str, **more: object) -> Service:
    image = str(more.get("image_of") or name)
    return Service(
        name=name,
        package=name,
        role=Fact(role, WHY),
        image=Image(f"{image}/Dockerfile", ".", (Stage("run", "x", (Copy((image,), ".", WHY),), WHY),)),
        limits=LIMITS,
        pulled=Composed((Given(f"{registry}/"), Asked("OWNER"), Given(f"/deployed-{image}:"), Asked("TAG", "latest"))),
        **{"command": Fact(("node", f"{name}.js"), WHY), **more},  # type: ignore[arg-type]
    )


def deployed(name: str, registry: str, folder: str, port: int, headers: tuple[tuple[str, str], ...] = ()) -> Stack:
    """Plan the stack under a name, a registry, a folder of the machine and a port of its own."""
    api = _service(
        "api",
        Role.WEB,
        registry,
        port=Fact(3000, WHY),
        health=Health(WHY, path="/health"),
        variables=(
            Variable("MESSAGE", Asked("MESSAGE"), WHY, secret=True),
            Variable("OTHER", Asked("OTHER", required=False), WHY, required=False),
            Variable("REDIS_PASSWORD", Asked("REDIS_PASSWORD"), WHY, secret=True),
        ),
        needs=(REDIS, Need("migrate", Condition.DONE, WHY)),
    )
    migrate = _service("migrate", Role.JOB, registry, image_of="api", needs=(REDIS,))
    worker = _service("worker", Role.WORKER, registry, needs=(REDIS,))
    files = Mount("web_files", "/srv/site", WHY)
    web = _service("web", Role.FILES, registry, mounts=(files,), writable=(), uid=0)
    return Stack(
        name,
        "staging",
        Fact("22", WHY),
        (migrate, api, worker, web),
        (_redis(),),
        proxy=_proxy(port, headers),
        compose="docker/compose.staging.yml",
        env_file="docker/.env.staging",
        project=name,
        targets=TargetsConfig(github=GithubConfig(folder=folder)),
    )


def _redis() -> Store:
    return Store(
        name="redis",
        kind="redis",
        image=Fact("redis:7-alpine", WHY),
        port=6379,
        health=Health(WHY, command=("redis-cli", "ping")),
        data="/data",
        volume="redis_data",
        limits=LIMITS,
        why=WHY,
        writable=("/tmp",),
        capabilities=("CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"),
    )


def _proxy(port: int, headers: tuple[tuple[str, str], ...]) -> Proxy:
    caddyfile = "docker/Caddyfile"
    return Proxy(
        name="caddy",
        base=Fact("caddy:2-alpine", WHY),
        sites=(
            Site((API,), WHY, (Answer("", "api", 3000),), headers=headers),
            Site((APP,), WHY, (Answer("", "web", files="/srv/web/current"),)),
        ),
        tls=Tls(TlsKind.INTERNAL, WHY),
        bindings=(Binding(port, "127.0.0.1", WHY, inside=443),),
        caddyfile=caddyfile,
        why=WHY,
        limits=LIMITS,
        health=Health(WHY, command=("wget", "--quiet", "--spider", "http://127.0.0.1:2019/config/")),
        needs=(Need("api", Condition.HEALTHY, WHY), Need("web", Condition.DONE, WHY)),
        mounts=(
            Mount(caddyfile, "/etc/caddy/Caddyfile", WHY, is_volume=False, read_only=True),
            Mount("web_files", "/srv/web", WHY, read_only=True),
            Mount("caddy_data", "/data", WHY),
            Mount("caddy_config", "/config", WHY),
        ),
        capabilities=("NET_BIND_SERVICE",),
    )
