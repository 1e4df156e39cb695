"""The example cipherbox on a real engine: staging behind Caddy, as its requirements say it, and back to nothing."""

import base64
import itertools
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.authority import authority
from tests.e2e.cipherbox_stack import (
    API,
    APP,
    COMPOSE,
    ENV,
    ENVIRONMENT,
    EVIDENCE,
    PROJECT,
    RUNNING,
    Drive,
    Staging,
    new_drive,
    until_it_answers,
    while_visited,
)
from tests.e2e.system import (
    Outside,
    asked,
    bayplan,
    copied,
    docker,
    evidence_of,
    fixed_ports,
    outside,
    quickest,
    up_again,
    watched,
)

pytestmark = pytest.mark.engine
OWNER = "bayplan-test"
STAY = ("api", "postgres", "redis", "ipfs", "tee-worker", "caddy")
OURS = {"api": "api", "migrate": "api", "web": "web", "tee-worker": "tee-worker"}
PUBLIC = {(80, "tcp"), (443, "tcp"), (443, "udp"), (4001, "tcp"), (4001, "udp")}
LOCAL = {
    ("api", "127.0.0.1", 3000, 3000, "tcp"),
    ("postgres", "127.0.0.1", 5432, 5432, "tcp"),
    ("redis", "127.0.0.1", 6379, 6379, "tcp"),
    ("ipfs", "127.0.0.1", 5001, 5001, "tcp"),
    ("ipfs", "127.0.0.1", 8080, 8080, "tcp"),
    ("tee-worker", "127.0.0.1", 3001, 3001, "tcp"),
}


def left(project: str) -> list[str]:
    """Return what of a stack is on this machine."""
    label = f"label=com.docker.compose.project={project}"
    found = (
        docker(*kind, "--quiet", "--filter", label) for kind in (("ps", "-a"), ("volume", "ls"), ("network", "ls"))
    )
    return "".join(found).split()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, engine: str, neighbour: Outside) -> Iterator[Staging]:
    assert engine
    assert neighbour.open_before.isdisjoint(port for port, _ in PUBLIC)
    if left(PROJECT):
        pytest.fail(
            f"a stack named {PROJECT} is here, whose data this would delete: bayplan down --volumes in its folder"
        )
    folder = tmp_path_factory.mktemp("cipherbox")
    root = copied("cipherbox", folder)
    bayplan(root, "env", "new", "--env", ENVIRONMENT)
    values = (root / ENV).read_text(encoding="utf-8")
    (root / ENV).write_text(values.replace("\nGITHUB_OWNER=\n", f"\nGITHUB_OWNER={OWNER}\n"), encoding="utf-8")
    maker = authority(folder / "authority")
    maker.issue(root / "docker/certs/origin.pem", root / "docker/certs/origin.key", API, APP)
    try:
        began = time.monotonic()
        with watched(PROJECT) as events:
            up = bayplan(root, "up", "--env", ENVIRONMENT, expect=None)
        seconds = time.monotonic() - began
        assert up.returncode == 0, up.stdout + up.stderr
        proved = evidence_of(root, EVIDENCE)
        yield Staging(root, COMPOSE, PROJECT, ENV, up.stdout, seconds, proved, tuple(events), maker.certificate)
    finally:
        bayplan(root, "down", "--env", ENVIRONMENT, "--volumes", "--images", expect=None)


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Outside]:
    """Wait for the ports of the stack, and look at this machine before it has one."""
    with fixed_ports(*(port for port, _ in PUBLIC), *(port for _, _, port, _, _ in LOCAL)), outside(3) as host:
        yield host


@pytest.fixture(scope="module")
def drive(stack: Staging) -> Drive:
    return new_drive(stack)


# What was started


@pytest.mark.requirement("CB-31")
def test_everything_that_was_promised_is_proved(stack: Staging, record_property: Callable[[str, object], None]) -> None:
    record_property("figure", f"cipherbox: the first bayplan up {stack.seconds:.1f} s")
    assert [each for each in stack.evidence if each["status"] != "proved"] == []
    for kind in ("health", "http", "ports", "proxy", "networks", "user", "layers", "hardened", "stop", "cascade"):
        assert stack.proofs(kind), kind


@pytest.mark.requirement("CB-30", "CB-10")
def test_six_services_stay_and_two_end(stack: Staging) -> None:
    """The two do one thing and end: the migrations, before the api, and web's files, which it lays out for Caddy.

    Neither is a service that runs, and a compose file has no other place for what has to be done before one does.
    """
    services = stack.configured()["services"]
    assert {name for name, each in services.items() if each["restart"] == "unless-stopped"} == set(STAY)
    assert {name for name, each in services.items() if each["restart"] == "no"} == {"migrate", "web"}
    for name in STAY:
        found = stack.container(name)
        assert found["State"]["Health"]["Status"] == "healthy"
        assert found["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    for name in ("migrate", "web"):
        state = stack.container(name)["State"]
        assert (state["Status"], state["ExitCode"]) == ("exited", 0)


@pytest.mark.requirement("CB-10")
def test_the_images_are_those_of_the_requirements(stack: Staging) -> None:
    images = {name: each["image"] for name, each in stack.configured()["services"].items() if name not in OURS}
    assert images == {
        "postgres": "postgres:16-alpine",
        "redis": "redis:7-alpine",
        "ipfs": "ipfs/kubo:v0.34.0",
        "caddy": "caddy:2-alpine",
    }
    assert "IPFS_PROFILE=server" in stack.container("ipfs")["Config"]["Env"]


@pytest.mark.requirement("CB-11")
def test_our_images_are_pulled_by_tag_and_never_built(stack: Staging) -> None:
    services = stack.configured()["services"]
    assert [name for name, each in services.items() if "build" in each] == []
    for name, image in OURS.items():
        assert services[name]["image"] == f"ghcr.io/{OWNER}/cipherbox-{image}:latest"


@pytest.mark.requirement("CB-11")
def test_an_owner_in_capitals_is_refused_before_anything_is_changed(stack: Staging) -> None:
    file = stack.root / ENV
    values = file.read_text(encoding="utf-8")
    before = stack.running("api")
    file.write_text(values.replace(f"={OWNER}\n", "=Bayplan-Test\n"), encoding="utf-8")
    try:
        checked = bayplan(stack.root, "env", "check", "--env", ENVIRONMENT, expect=1)
        tried = bayplan(stack.root, "up", "--env", ENVIRONMENT, "--no-verify", expect=None)
    finally:
        file.write_text(values, encoding="utf-8")
    assert "lower case" in checked.stdout + checked.stderr
    assert tried.returncode not in (0, 70)
    assert "lower case" in tried.stdout + tried.stderr
    assert stack.running("api") == before


# The order of the start, from the engine's own events


@pytest.mark.requirement("CB-13", "CB-18", "CB-31")
def test_each_started_after_what_it_waits_for(stack: Staging) -> None:
    first = list(itertools.takewhile(lambda event: event.what not in ("kill", "stop"), stack.events))
    began = {event.service: event.at for event in reversed(first) if event.what == "start"}
    healthy = {event.service: event.at for event in reversed(first) if event.what == "health_status: healthy"}
    done = {event.service: event.at for event in first if event.what == "die" and event.code == "0"}
    services = stack.configured()["services"]
    assert began.keys() == services.keys()
    reached = {"service_healthy": healthy, "service_completed_successfully": done}
    for name, service in services.items():
        for other, wait in service.get("depends_on", {}).items():
            assert reached[wait["condition"]][other] < began[name], f"{name} before {other}"
    waits = {name: set(service.get("depends_on", {})) for name, service in services.items()}
    assert waits["api"] >= {"postgres", "redis", "migrate"}
    assert waits["migrate"] >= {"postgres"}
    assert waits["caddy"] >= {"api"}


@pytest.mark.requirement("CB-13")
def test_the_health_of_each_is_asked_as_its_kind_is_asked(stack: Staging) -> None:
    asks = {name: " ".join(stack.container(name)["Config"]["Healthcheck"]["Test"][1:]) for name in STAY}
    assert re.search(r"pg_isready .*-U app -d cipherbox", asks["postgres"])
    assert "redis-cli ping" in asks["redis"]
    assert re.search(r"\bipfs .*\bid$", asks["ipfs"])
    assert "http://127.0.0.1:3000/health" in asks["api"]
    assert "http://127.0.0.1:3001/health" in asks["tee-worker"]


@pytest.mark.requirement("CB-13")
def test_redis_answers_nobody_without_its_password(stack: Staging) -> None:
    assert "NOAUTH" in stack.execute("redis", "env", "-u", "REDISCLI_AUTH", "redis-cli", "ping")
    assert stack.execute("redis", "redis-cli", "ping") == "PONG\n"
    health = stack.container("redis")["Config"]["Healthcheck"]["Test"]
    refused = subprocess.run(
        ["docker", "exec", "--env", "REDISCLI_AUTH=wrong", stack.container("redis")["Id"], *health[1:]],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert refused.returncode != 0, "a Redis that refuses its own password is not healthy"


# What each may use


@pytest.mark.requirement("CB-14")
def test_everything_has_limits(stack: Staging) -> None:
    for name in (*STAY, "migrate", "web"):
        host = stack.container(name)["HostConfig"]
        assert host["Memory"] > 0, name
        assert host["NanoCpus"] > 0, name
        assert host["PidsLimit"] > 0, name
    ipfs = stack.container("ipfs")["HostConfig"]
    assert 2 * 10**9 <= ipfs["Memory"] <= 2 * 2**30
    assert ipfs["NanoCpus"] == 10**9


@pytest.mark.requirement("CB-15")
def test_services_are_told_each_others_names(stack: Staging) -> None:
    told = dict(each.split("=", 1) for each in stack.container("api")["Config"]["Env"])
    assert told["DB_HOST"] == "postgres"
    assert told["REDIS_HOST"] == "redis"
    assert told["IPFS_LOCAL_API_URL"] == "http://ipfs:5001"
    assert told["TEE_WORKER_URL"] == "http://tee-worker:3001"
    for name in OURS:
        values = [each.partition("=")[2] for each in stack.container(name)["Config"]["Env"]]
        assert not [each for each in values if "localhost" in each or "127.0.0.1" in each], name


@pytest.mark.requirement("CB-16")
def test_data_is_in_named_volumes_and_logs_are_rotated(stack: Staging) -> None:
    where = {
        "postgres": ("postgres_staging", "/var/lib/postgresql/data"),
        "redis": ("redis_staging", "/data"),
        "ipfs": ("ipfs_staging", "/data/ipfs"),
    }
    for name, (volume, path) in where.items():
        mounts = stack.container(name)["Mounts"]
        assert [(each.get("Name"), each["Destination"]) for each in mounts] == [(f"{PROJECT}_{volume}", path)]
    caddy = {each.get("Name"): each["Destination"] for each in stack.container("caddy")["Mounts"]}
    assert caddy[f"{PROJECT}_caddy_data"] == "/data"
    assert caddy[f"{PROJECT}_caddy_config"] == "/config"
    for name in (*STAY, "migrate", "web"):
        kept = stack.container(name)["HostConfig"]["LogConfig"]
        assert kept["Type"] == "local" or "max-size" in kept["Config"], name


@pytest.mark.requirement("CB-17")
def test_secrets_are_in_files_of_mode_600_that_git_ignores(stack: Staging) -> None:
    assert (stack.root / ENV).stat().st_mode & 0o777 == 0o600
    holding = {
        path.relative_to(stack.root).as_posix()
        for path in stack.root.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in stack.secrets())
    }
    assert holding - {RUNNING} == {ENV}
    assert {(stack.root / path).stat().st_mode & 0o777 for path in holding} == {0o600}
    for words in (("init", "--quiet"), ("add", "--all")):
        subprocess.run(["git", "-C", str(stack.root), *words], check=True, capture_output=True)
    kept = subprocess.run(["git", "-C", str(stack.root), "ls-files"], check=True, capture_output=True, text=True).stdout
    assert "docker/.env.staging.example" in kept.split()
    assert not {*holding, "docker/certs/origin.key"} & set(kept.split("\n"))


@pytest.mark.requirement("CB-17")
def test_no_secret_is_in_a_command_a_label_a_log_or_an_image(stack: Staging) -> None:
    secrets = stack.secrets()
    for name in (*STAY, "migrate", "web"):
        found = stack.container(name)
        config = {key: value for key, value in found["Config"].items() if key != "Env"}
        text = json.dumps([found["Path"], found["Args"], config, found["HostConfig"], found["State"]])
        if name in STAY:
            text += docker("top", found["Id"], "-eo", "pid,args")
        said = subprocess.run(["docker", "logs", found["Id"]], capture_output=True, text=True, check=True)
        assert not [secret for secret in secrets if secret in text + said.stdout + said.stderr], name
    for image in sorted(set(OURS.values())):
        named = f"ghcr.io/{OWNER}/cipherbox-{image}:latest"
        text = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", named) + docker("inspect", named)
        assert not [secret for secret in secrets if secret in text], image


# What the images hold


def listing(image: str, *words: str) -> list[str]:
    named = f"ghcr.io/{OWNER}/cipherbox-{image}:latest"
    return docker("run", "--rm", "--network", "none", "--entrypoint", words[0], named, *words[1:]).splitlines()


@pytest.mark.requirement("CB-01", "CB-02")
@pytest.mark.usefixtures("stack")
def test_the_api_image_holds_what_runs_and_nothing_else() -> None:
    files = listing("api", "find", "/app", "-not", "-path", "*/node_modules/*/node_modules/*/*")
    ours = [path for path in files if "/node_modules" not in path]
    assert "/app/apps/api/dist/main.js" in ours
    assert not [path for path in ours if path.endswith((".ts", ".tsx", ".map", ".tsbuildinfo")) or "/src" in path]
    assert not [path for path in ours if "/apps/" in path and not path.startswith("/app/apps/api")]
    assert not [path for path in ours if "/packages" in path or "/.env" in path]
    installed = {re.sub(r".*/\.pnpm/", "", path).split("@")[0] for path in files if "/.pnpm/" in path}
    assert {"typeorm", "ioredis", "pg"} <= installed
    assert not installed & {"typescript", "vite", "react", "esbuild", "wouter"}


@pytest.mark.requirement("CB-02")
def test_the_api_runs_as_its_requirements_say(stack: Staging) -> None:
    config = json.loads(docker("inspect", f"ghcr.io/{OWNER}/cipherbox-api:latest"))[0]["Config"]
    assert config["Cmd"] == ["node", "dist/main.js"]
    assert {"NODE_ENV=production", "PORT=3000"} <= set(config["Env"])
    assert "uid=1001(appuser) gid=1001(appgroup)" in stack.execute("api", "id")
    processes = docker("top", stack.container("api")["Id"], "-eo", "pid,uid,args")
    assert re.search(r"^\s*\d+\s+1001\s+node dist/main\.js$", processes, re.MULTILINE), processes


@pytest.mark.requirement("CB-03")
def test_the_tee_worker_holds_what_its_own_lockfile_says(stack: Staging) -> None:
    locked = json.loads((stack.root / "tee-worker/package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = {
        path.removeprefix("node_modules/"): each["version"]
        for path, each in locked.items()
        if path and not each.get("dev") and not each.get("optional")
    }
    kept = json.loads("".join(listing("tee-worker", "cat", "/app/node_modules/.package-lock.json")))["packages"]
    found = {path.removeprefix("node_modules/"): each["version"] for path, each in kept.items()}
    assert found == wanted
    ours = [path for path in listing("tee-worker", "find", "/app") if "/node_modules" not in path]
    assert "/app/dist/index.js" in ours
    assert not [path for path in ours if path.endswith((".ts", ".map"))]


@pytest.mark.requirement("CB-04", "CB-32")
@pytest.mark.parametrize(
    ("folder", "path"),
    [(".", "apps/api/Dockerfile"), (".", "apps/web/Dockerfile"), ("tee-worker", "tee-worker/Dockerfile")],
)
def test_nothing_that_is_copied_is_ignored(stack: Staging, tmp_path: Path, folder: str, path: str) -> None:
    """What a build can see is what a build of nothing but the context says.

    apps/web is not ignored: web's image is built from the same root, for which there is one .dockerignore. The api's
    Dockerfile copies none of it.
    """
    everything = tmp_path / "Dockerfile"
    everything.write_text("FROM scratch\nCOPY . /\n", encoding="utf-8")
    seen = tmp_path / "seen"
    docker("build", "--output", str(seen), "--file", str(everything), str(stack.root / folder))
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (stack.root / path).read_text(encoding="utf-8"), re.MULTILINE)
    assert copies
    for source in " ".join(copies).split():
        here = stack.root / folder / source
        assert here.exists(), source
        assert (seen / source).exists(), f"{source} is copied, and ignored"
    gone = ("apps/desktop", "tee-worker", "tools", "docs", ".planning", ".git", ENV, "docker/certs/origin.key")
    assert not [each for each in gone if (seen / each).exists()]
    names = [each.name for each in seen.rglob("*")]
    assert not [each for each in names if each.endswith(".md") or ".test." in each or each.startswith(".env")]
    assert "node_modules" not in names
    assert folder != "." or {"tsconfig.base.json", "pnpm-lock.yaml"} <= set(names)


# What the world reaches


@pytest.mark.requirement("CB-12", "CB-30")
def test_exactly_these_ports_are_published(stack: Staging) -> None:
    published = stack.published()
    assert {each for each in published if each[1] == "127.0.0.1"} == LOCAL
    world = {each for each in published if each[1] != "127.0.0.1"}
    assert {(host, protocol) for _, _, host, _, protocol in world} == PUBLIC
    assert all(host == inside for _, _, host, inside, _ in published)
    assert {name for name, *_ in world} == {"caddy", "ipfs"}
    configured = {
        (name, port.get("host_ip", ""), int(port["published"]), port["target"], port["protocol"])
        for name, each in stack.configured()["services"].items()
        for port in each.get("ports", ())
    }
    assert {each for each in configured if each[1]} == LOCAL
    assert {(each[2], each[4]) for each in configured if not each[1]} == PUBLIC


@pytest.mark.requirement("CB-12", "CB-31")
def test_nothing_else_answers_on_a_public_address(stack: Staging, neighbour: Outside) -> None:
    """Of all the ports that there are."""
    assert stack.opened_to(neighbour) == {port for port, protocol in PUBLIC if protocol == "tcp"}
    for _, _, port, _, _ in LOCAL:
        assert asked_port("127.0.0.1", port), f"{port} does not answer on this machine"
        assert not neighbour.reaches(port), f"{port} answers on {neighbour.here}"


def asked_port(address: str, port: int) -> bool:
    try:
        return bool(asked("nobody", "/", address=address, port=port))
    except ConnectionRefusedError:
        return False
    except Exception:  # noqa: BLE001 - whatever it answered, somebody is there
        return True


@pytest.mark.requirement("CB-12", "CB-31")
def test_what_the_world_talks_to_reaches_no_database(stack: Staging) -> None:
    """Kubo's RPC asks for no password at all."""
    ports = {"postgres": 5432, "redis": 6379, "ipfs": 5001}
    places = [f"{place}:{port}" for name, port in ports.items() for place in (name, *stack.addresses(name))]
    asks = [f"(wget -T 1 -qO- http://{place}/ 2>&1 | sed 's/^/{place} /') &" for place in (*places, "api:3000")]
    for name in ("caddy", "tee-worker"):
        said = stack.execute(name, "sh", "-c", "\n".join([*asks, "wait"])).splitlines()
        refused = {place: [line for line in said if line.startswith(f"{place} ")] for place in places}
        assert all(UNREACHED.search(" ".join(lines)) for lines in refused.values()), (name, refused)
        assert any("api:3000 wget: server returned error: HTTP/1.1 404" in line for line in said), said
    for service, port in ports.items():
        assert stack.execute("api", "node", "-e", CONNECTS, service, str(port)) == "connected\n"


UNREACHED = re.compile("bad address|timed out|unreachable")
CONNECTS = """
const [host, port] = process.argv.slice(1);
require("node:net").connect(Number(port), host).on("connect", function () { console.log("connected"); this.end(); });
"""


@pytest.mark.requirement("CB-31", "CB-21")
def test_a_visitor_from_outside_is_served_over_https(stack: Staging, neighbour: Outside) -> None:
    trusting = ("--cacert", str(stack.trusted))
    found = neighbour.curl(f"https://{API}/health", *trusting)
    assert json.loads(found.stdout) == {"status": "ok", "database": True, "redis": True}, found.stderr
    assert '<div id="root">' in neighbour.curl(f"https://{APP}/", *trusting).stdout
    assert neighbour.curl(f"https://{API}/health").returncode == 60, "a stranger's authority is believed"
    moved = neighbour.curl(f"http://{API}/files?x=1", "--head", "--output", "-").stdout
    assert f"Location: https://{API}/files?x=1" in moved


# Through Caddy


@pytest.mark.requirement("CB-20", "CB-31")
@pytest.mark.parametrize("host", [API, APP])
@pytest.mark.usefixtures("stack")
def test_http_leads_to_https(host: str) -> None:
    status, headers, _ = asked(host, "/some/where?x=1")
    assert status in (301, 308)
    assert headers["location"] == f"https://{host}/some/where?x=1"


@pytest.mark.requirement("CB-20")
def test_the_certificate_is_the_one_that_is_mounted(stack: Staging) -> None:
    lines = (stack.root / "docker/Caddyfile").read_text(encoding="utf-8").splitlines()
    assert "\tauto_https off" in lines
    assert [line.split() for line in lines if "tls " in line] == [
        ["tls", "/etc/caddy/certs/origin.pem", "/etc/caddy/certs/origin.key"]
    ] * 2
    mounts = {each["Destination"]: each for each in stack.container("caddy")["Mounts"]}
    assert mounts["/etc/caddy/certs"]["Source"] == str(stack.root / "docker/certs")
    assert not mounts["/etc/caddy/certs"]["RW"]


@pytest.mark.requirement("CB-23")
def test_caddy_calls_the_caddyfile_valid(stack: Staging) -> None:
    mounts = [("docker/Caddyfile", "/etc/caddy/Caddyfile"), ("docker/certs", "/etc/caddy/certs")]
    given = [word for here, there in mounts for word in ("--volume", f"{stack.root / here}:{there}:ro")]
    command = ("caddy", "validate", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile")
    done = subprocess.run(
        ["docker", "run", "--rm", "--network", "none", *given, "caddy:2-alpine", *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Valid configuration" in done.stdout + done.stderr
    assert "not formatted" not in done.stderr


@pytest.mark.requirement("CB-31", "CB-15", "CB-21")
def test_a_file_goes_through_the_proxy_to_every_store(stack: Staging, drive: Drive) -> None:
    content = b"\x00\xffsealed \xe2\x98\x83"
    made = drive.store(content)
    assert drive.call("GET", f"/files/{made['id']}")["contentBase64"] == base64.b64encode(content).decode()
    rows = stack.query("SELECT id, name, size, cid FROM files").splitlines()
    assert f"{made['id']}|letter|{len(content)}|{made['cid']}" in rows
    kept = stack.execute("ipfs", "ipfs", "--api", "/ip4/127.0.0.1/tcp/5001", "pin", "ls", made["cid"])
    assert made["cid"] in kept
    sealed = drive.call("POST", f"/files/{made['id']}/seal")
    assert re.fullmatch(r"[0-9a-f]{64}", sealed["seal"])
    assert sealed["sealedAt"]


@pytest.mark.requirement("CB-31", "CB-15")
def test_a_list_comes_from_redis_while_redis_has_it(stack: Staging, drive: Drive) -> None:
    made = drive.store()
    assert made["id"] in {each["id"] for each in drive.call("GET", "/files")}
    key = f"files:{made['drive']}"
    assert made["id"] in stack.execute("redis", "redis-cli", "get", key)
    stack.execute("redis", "redis-cli", "set", key, '["from Redis"]', "EX", "10")
    assert drive.call("GET", "/files") == ["from Redis"]
    stack.execute("redis", "redis-cli", "del", key)


SPELLINGS = (
    "/metrics",
    "/metrics/",
    "/metrics/below",
    "/metrics?x=1",
    "//metrics",
    "///metrics//",
    "/Metrics",
    "/METRICS/",
    "/metrics%2f",
    "/%6detrics",
    "/metric%73",
    "/%2fmetrics",
    "/./metrics",
    "/%2e/metrics",
    "/health/../metrics",
    "/health/..%2fmetrics",
    "/metrics;x",
    "/metrics%00",
    "/metrics%3f",
    "/metrics.",
    "/metrics\\",
    f"http://{API}/metrics",
)


@pytest.mark.requirement("CB-21")
def test_metrics_are_for_the_inside_however_they_are_spelt(stack: Staging) -> None:
    assert "cipherbox_files_stored_total" in stack.execute("api", "wget", "-qO-", "http://127.0.0.1:3000/metrics")
    answers = {path: stack.ask(API, path) for path in SPELLINGS}
    assert {answers[path][0] for path in SPELLINGS[:4]} == {403}
    told = [path for path, (status, _, body) in answers.items() if status < 400 or b"cipherbox_files" in body]
    assert told == []
    assert stack.ask(API, "/metrics", method="POST")[0] == 403
    assert stack.ask(API, "/metrics", headers={"Host": f"{API}:443"})[0] == 403


@pytest.mark.requirement("CB-22")
def test_every_path_of_the_app_is_its_page_and_no_asset_is(stack: Staging) -> None:
    status, headers, page = stack.ask(APP, "/")
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert "no-cache" in headers["cache-control"]
    assert stack.ask(APP, "/files/0b9a1c52-5f4a-4e4f-9d55-4dcd3c7e6b1e")[2] == page
    assert stack.ask(APP, "/icon.svg")[1]["content-type"] == "image/svg+xml"
    script = re.search(r'src="(/assets/[^"]+\.js)"', page.decode())
    assert script
    status, headers, code = stack.ask(APP, script[1])
    assert status == 200
    assert "javascript" in headers["content-type"]
    assert "immutable" in headers["cache-control"]
    assert f"https://{API}".encode() in code
    assert stack.ask(APP, "/assets/gone.js")[0] == 404
    assert stack.ask(APP, "/../../etc/passwd")[2] in (page, b"")


@pytest.mark.requirement("CB-21", "CB-22")
def test_browsers_at_the_app_may_call_the_api_and_others_may_not(stack: Staging) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    status, headers, _ = stack.ask(API, "/files", method="OPTIONS", headers={"Origin": f"https://{APP}", **asks})
    assert status in (200, 204)
    assert headers["access-control-allow-origin"] == f"https://{APP}"


# A new version


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.requirement("CB-22", "CB-21")
def test_a_new_version_of_web_and_api_needs_no_restart_of_caddy_and_no_visitor_sees_it(
    stack: Staging, record_property: Callable[[str, object], None]
) -> None:
    caddy, api = stack.running("caddy"), stack.running("api")
    old = stack.ask(APP, "/")[2].decode()
    edit(stack.root / "apps/web/index.html", "<title>cipherbox</title>", "<title>version two</title>")
    edit(stack.root / "apps/web/src/app.tsx", "There is no such page.", "There is no such page here.")
    edit(stack.root / "apps/api/src/health/health.controller.ts", "status: 'ok'", "status: 'ok', version: 2")
    answers = while_visited(stack, lambda: void(bayplan(stack.root, "up", "--env", ENVIRONMENT, "--no-verify")))
    assert b"<title>version two</title>" in stack.ask(APP, "/")[2]
    assert json.loads(stack.ask(API, "/health")[2])["version"] == 2
    assert stack.running("caddy") == caddy
    assert stack.running("api") != api
    assert {status for host, status, _ in answers if host == APP} == {200}
    assert {status for host, status, _ in answers if host == API} == {200}
    longest = max(took for host, _, took in answers if host == API)
    record_property("figure", f"cipherbox: the longest wait for the api while it is replaced {longest:.1f} s")
    for script in re.findall(r'(?:src|href)="(/assets/[^"]+)"', old):
        assert stack.ask(APP, script)[0] == 200, "a page that is still open lost its script"


def void(_: object) -> None:
    """Drop what a call returns."""


@pytest.mark.requirement("CB-22")
def test_compose_alone_brings_a_new_version_of_web_beside_a_caddy_that_goes_on(stack: Staging) -> None:
    image = f"ghcr.io/{OWNER}/cipherbox-web:latest"
    new = f"FROM {image}\nUSER root\nRUN sed -i 's/version two/version three/' /site/index.html\nUSER 1000:1000\n"
    before = {name: stack.running(name) for name in STAY}
    docker("build", "--quiet", "--tag", image, "-", stdin=new)
    stack.command("up", "--detach", "web")
    for _ in range(50):
        if b"<title>version three</title>" in stack.ask(APP, "/")[2]:
            break
        time.sleep(0.1)
    assert b"<title>version three</title>" in stack.ask(APP, "/files/x")[2]
    assert {name: stack.running(name) for name in STAY} == before


@pytest.mark.requirement("CB-18")
def test_a_migration_that_fails_leaves_the_old_api_answering(stack: Staging, drive: Drive) -> None:
    made = drive.store()
    health = stack.root / "apps/api/src/health/health.controller.ts"
    source = stack.root / "apps/api/src/data-source.ts"
    kept = source.read_text(encoding="utf-8")
    edit(health, "version: 2", "version: 3")
    (source.parent / "migrations/1800000000000-broken.ts").write_text(BROKEN, encoding="utf-8")
    edit(
        source,
        "import { AddSeals",
        "import { Broken1800000000000 } from './migrations/1800000000000-broken';\nimport { AddSeals",
    )
    edit(source, "AddSeals1790400000000]", "AddSeals1790400000000, Broken1800000000000]")
    try:
        up = bayplan(stack.root, "up", "--env", ENVIRONMENT, "--no-verify", expect=None)
    finally:
        edit(health, "version: 3", "version: 2")
        source.write_text(kept, encoding="utf-8")
        (source.parent / "migrations/1800000000000-broken.ts").unlink()
    assert up.returncode not in (0, 70), up.stdout + up.stderr
    assert "no_such_table" in up.stdout + up.stderr, "the reason is not said"
    assert json.loads(stack.ask(API, "/health")[2])["version"] == 2
    assert drive.call("GET", f"/files/{made['id']}")["name"] == "letter"
    columns = stack.query("SELECT column_name FROM information_schema.columns WHERE table_name = 'files'")
    assert "half_done" not in columns.split()
    assert not [secret for secret in stack.secrets() if secret in up.stdout + up.stderr]


BROKEN = """import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Broken1800000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE files ADD COLUMN half_done integer');
    await runner.query('ALTER TABLE no_such_table ADD COLUMN other integer');
  }

  async down(): Promise<void> {}
}
"""


# The end


def moment(text: str) -> datetime:
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))


@pytest.mark.requirement("CB-16", "CB-31", "CB-13")
def test_data_survives_down_and_one_compose_command_brings_it_back(
    stack: Staging, drive: Drive, record_property: Callable[[str, object], None]
) -> None:
    def start() -> float:
        bayplan(stack.root, "down", "--env", ENVIRONMENT)
        assert docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}") == ""
        began = time.monotonic()
        stack.command("up", "--detach")
        return time.monotonic() - began

    content = b"here before and after"
    made = drive.store(content)
    stack.execute("redis", "redis-cli", "set", "survives", "yes")
    seconds = quickest(15, start)
    record_property("figure", f"cipherbox: docker compose up from nothing running {seconds:.1f} s")
    assert seconds < 15
    until_it_answers(stack)
    api = moment(stack.container("api")["State"]["StartedAt"])
    for store in ("postgres", "redis"):
        log = stack.container(store)["State"]["Health"]["Log"]
        assert min(moment(each["End"]) for each in log if each["ExitCode"] == 0) < api, store
    assert stack.container("migrate")["State"]["ExitCode"] == 0
    assert moment(stack.container("migrate")["State"]["FinishedAt"]) < api
    read = drive.call("GET", f"/files/{made['id']}")
    assert base64.b64decode(read["contentBase64"]) == content
    assert stack.execute("redis", "redis-cli", "get", "survives") == "yes\n"


@pytest.mark.requirement("CB-31")
def test_it_is_up_and_verified_within_a_minute_when_nothing_is_new(
    stack: Staging, record_property: Callable[[str, object], None]
) -> None:
    seconds = quickest(60, lambda: up_again(stack.root, "--env", ENVIRONMENT))
    record_property("figure", f"cipherbox: bayplan up from a warm cache {seconds:.1f} s")
    assert seconds < 60
    assert [each for each in evidence_of(stack.root, EVIDENCE) if each["status"] != "proved"] == []


@pytest.mark.requirement("CB-31")
def test_everything_ends_by_itself_when_it_is_told_to(stack: Staging) -> None:
    stack.see_each_end(*STAY)


@pytest.mark.requirement("CB-31")
def test_down_leaves_nothing(stack: Staging) -> None:
    bayplan(stack.root, "down", "--env", ENVIRONMENT, "--volumes", "--images")
    assert left(PROJECT) == []
    assert f"ghcr.io/{OWNER}/" not in docker("images", "--format", "{{.Repository}}")
    for port in (80, 443, 3000, 4001):
        assert not asked_port("127.0.0.1", port)
