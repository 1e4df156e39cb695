"""The example everyskill on a real engine: Caddy at one address, pgvector behind it, a host outside, backups.

What stands in here for the world: Caddy's own authority signs in place of a public one, and the module that proves the
domain through Hetzner is a wrapper that says it is one, because it cannot be fetched where no registry answers.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bayplan.cli.main import main
from tests.e2e.system import (
    Event,
    Outside,
    System,
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

NAME = "everyskilltest"
"""Of the stack and of its database, and the same in every run, for what is built depends on it."""
HOST = "skills.localhost"
ROOT_CERTIFICATE = "/data/caddy/pki/authorities/local/root.crt"
SKILLS = (
    ("Proofread prose", "Corrects spelling and grammar of prose, and says why.", "ada"),
    ("Brew coffee", "Chooses beans, grind and water for a good cup of coffee.", "grace"),
    ("Tune a database", "Reads query plans and proposes indexes for PostgreSQL.", "ada"),
)


@dataclass(frozen=True)
class Marketplace:
    """The example, up, with a host outside that has the object store and asks by host name."""

    system: System
    world: Outside
    holder: socket.socket
    """What listens on port 443 of another address, as Tailscale does."""
    trusted: Path
    token: str
    offsite: Path
    identity: Path
    events: list[Event]
    began: float

    def ask(
        self, path: str, host: str = HOST, body: Any = None, *options: str, scheme: str = "https"
    ) -> tuple[int, dict[str, str], str]:
        """Ask from the other host, by host name, trusting Caddy's authority and nobody else."""
        sent = ("--header", f"x-admin-token: {self.token}", "--json", json.dumps(body)) if body is not None else ()
        shown = ("--include", "--cacert", str(self.trusted), *sent, *options)
        answer = self.world.curl(f"{scheme}://{host}{path}", *shown)
        assert answer.returncode == 0, answer.stderr
        head, _, text = answer.stdout.partition("\n\n")
        first, *lines = head.splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), headers, text

    def publish(self, name: str, summary: str, author: str) -> None:
        status, _, text = self.ask("/api/skills", HOST, {"name": name, "summary": summary, "author": author})
        assert status == 201, text

    def search(self, words: str) -> list[str]:
        status, _, text = self.ask(f"/api/skills/search?q={words.replace(' ', '%20')}")
        assert status == 200, text
        return [each["name"] for each in json.loads(text)]

    def sql(self, text: str, database: str = NAME) -> str:
        words = ("psql", "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-U", "app", "-d", database)
        return self.system.execute("postgres", *words, stdin=text).strip()

    def rows(self) -> list[str]:
        return self.sql("SELECT s FROM skills AS s ORDER BY id").splitlines()

    def databases(self) -> set[str]:
        return set(self.sql("SELECT datname FROM pg_database", "postgres").split())

    def run(self, *words: str) -> int:
        return main(["-C", str(self.system.root), *words])

    def backups(self) -> list[Path]:
        return sorted(self.offsite.rglob("*.age"))


def filled(root: Path, **values: str) -> dict[str, str]:
    """Make the file of values as the user does, fill in what is asked for, and let bayplan look at it."""
    bayplan(root, "env", "new")
    path = root / "docker" / ".env"
    text = path.read_text(encoding="utf-8")
    for name, value in values.items():
        text, found = re.subn(rf"(?m)^{name}=$", f"{name}={value}", text)
        assert found == 1, name
    path.write_text(text, encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    bayplan(root, "env", "check")
    return dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z]", line))


def prepared(folder: Path) -> tuple[Path, Path, Path]:
    """Return a copy of the example with a stack name and a key of our own, the far end of its remote, and the key."""
    root, identity, offsite = copied("everyskill", folder), folder / "key.txt", folder / "off site"
    subprocess.run(["age-keygen", "--output", identity], check=True, capture_output=True)
    public = subprocess.run(["age-keygen", "-y", identity], check=True, capture_output=True, text=True).stdout.strip()
    config = root / "bayplan.yaml"
    text = config.read_text(encoding="utf-8") + f"environments: {{ production: {{ backups: {{ age: {public} }} }} }}\n"
    config.write_text(f"name: {NAME}\n{text}", encoding="utf-8")
    (folder / "rclone.conf").write_text(f"[offsite]\ntype = alias\nremote = {offsite}\n", encoding="utf-8")
    return root, offsite, identity


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Marketplace]:
    assert engine
    folder = tmp_path_factory.mktemp("everyskill")
    root, offsite, identity = prepared(folder)
    patch = pytest.MonkeyPatch()
    patch.setenv("RCLONE_CONFIG", str(folder / "rclone.conf"))
    patch.setenv("BAYPLAN_AGE_IDENTITY", str(identity))
    bayplan(root, "write")
    with contextlib.ExitStack() as stack:
        stack.callback(patch.undo)
        stack.enter_context(fixed_ports(80, 443))
        world = stack.enter_context(outside(5))
        (folder / "bucket").mkdir()
        endpoint = stack.enter_context(world.serving(folder / "bucket"))
        holder = stack.enter_context(socket.create_server(("127.0.0.2", 443)))
        values = filled(
            root,
            PUBLIC_IP=world.here,
            DOMAIN=HOST,
            HETZNER_API_TOKEN=secrets.token_hex(24),
            AUTH_URL=f"https://{HOST}",
            S3_ENDPOINT=endpoint,
            S3_BUCKET="skills",
            AWS_ACCESS_KEY_ID=secrets.token_hex(10),
            AWS_SECRET_ACCESS_KEY=secrets.token_hex(20),
            ADMIN_EMAIL="ada@skills.test",
        )
        stack.callback(bayplan, root, "down", "--volumes", "--images", expect=None)
        began = time.time()
        with watched(NAME) as events:
            up = bayplan(root, "up")
        seconds = time.time() - began
        system = System(root, "docker/docker-compose.prod.yml", NAME, "", up.stdout, seconds, evidence_of(root))
        trusted = folder / "caddy.crt"
        trusted.write_text(system.execute("caddy", "cat", ROOT_CERTIFICATE), encoding="utf-8")
        made = Marketplace(system, world, holder, trusted, values["ADMIN_TOKEN"], offsite, identity, events, began)
        for skill in SKILLS:
            made.publish(*skill)
        yield made


def test_everything_that_was_promised_is_proved(
    market: Marketplace, record_property: Callable[[str, object], None]
) -> None:
    record_property("figure", f"everyskill: the first bayplan up {market.system.seconds:.1f} s")
    unproved = [each for each in market.system.evidence if each["status"] == "failed"]
    assert unproved == []
    for kind in ("health", "proxy", "user", "layers", "hardened", "stop", "cascade", "ports"):
        assert any(each["status"] == "proved" for each in market.system.proofs(kind)), kind


@pytest.mark.requirement("ES-10", "ES-40")
def test_the_compose_file_is_valid_and_three_services_stay(market: Marketplace) -> None:
    """`migrate` comes on top, for the tables have to be there before web starts: it does that one thing and ends."""
    assert market.system.command("config", "--quiet") == ""
    assert set(market.system.command("config", "--services").split()) == {"caddy", "migrate", "postgres", "web"}
    assert set(market.system.command("ps", "--services").split()) == {"caddy", "postgres", "web"}
    assert market.system.container("postgres")["Config"]["Image"] == "pgvector/pgvector:pg17"
    migrated = market.system.container("migrate")["State"]
    assert (migrated["Status"], migrated["ExitCode"]) == ("exited", 0)


@pytest.mark.requirement("ES-01")
def test_web_is_the_standalone_server_and_not_root(market: Marketplace) -> None:
    container = market.system.container("web")
    assert {"PORT=2000", "HOSTNAME=0.0.0.0", "NODE_ENV=production"} <= set(container["Config"]["Env"])
    assert "2000/tcp" in container["Config"]["ExposedPorts"]
    assert market.system.execute("web", "id", "-u").strip() != "0"
    status = market.system.execute("web", "cat", "/proc/1/status")
    assert re.search(r"(?m)^Uid:\t1000\t1000\t", status), status
    assert market.system.execute("web", "cat", "/proc/1/cmdline").startswith("next-server")
    # traced from the root of the repository: the server and the workspace's packages stand as they do there
    inside = market.system.execute("web", "find", "/app", "-name", "server.js", "-path", "*/web/server.js")
    assert inside.split() == ["/app/apps/web/server.js"]
    listening = market.system.execute("web", "netstat", "-ltn")
    assert re.search(r"0\.0\.0\.0:2000\b", listening), listening


@pytest.mark.requirement("ES-02")
def test_caddy_has_the_module_of_hetzner_and_passes_the_host_on(market: Marketplace) -> None:
    assert "dns.providers.hetzner" in market.system.execute("caddy", "caddy", "list-modules").split()
    everybody = market.ask("/")[2]
    assert all(name in everybody for name, _, _ in SKILLS)
    page = market.ask("/", f"ada.{HOST}")[2]
    assert "Skills by" in page
    assert "Tune a database" in page
    assert "Brew coffee" not in page


@pytest.mark.requirement("ES-02", "ES-11")
def test_the_world_reaches_it_by_host_name_over_tls_alone(market: Marketplace) -> None:
    for host in (HOST, f"grace.{HOST}"):
        assert market.ask("/api/health", host)[0] == 200
        status, headers, _ = market.ask("/some/path?q=1", host, scheme="http")
        assert status in (301, 302, 308)
        assert headers["location"] == f"https://{host}/some/path?q=1"
    other = market.world.curl("https://elsewhere.test/", "--insecure")
    assert other.returncode != 0
    assert "200" not in other.stdout


@pytest.mark.requirement("ES-11", "ES-12", "ES-40")
def test_caddy_is_bound_to_one_address_and_nothing_else_to_any(market: Marketplace) -> None:
    here = market.world.here
    assert market.system.published() == {
        ("caddy", here, 80, 80, "tcp"),
        ("caddy", here, 443, 443, "tcp"),
        ("caddy", here, 443, 443, "udp"),
    }
    assert market.system.opened_to(market.world) == {80, 443}
    for address in ("127.0.0.1", *own_addresses() - {here}):
        for port in (80, 443):
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((address, port), timeout=5).close()


@pytest.mark.requirement("ES-11")
def test_another_program_holds_443_of_another_address_all_the_while(market: Marketplace) -> None:
    with socket.create_connection(("127.0.0.2", 443), timeout=5) as asking:
        answering, _ = market.holder.accept()
        with answering:
            answering.sendall(b"tailscale")
        assert asking.recv(9) == b"tailscale"


def own_addresses() -> set[str]:
    told = subprocess.run(["ip", "-4", "-json", "address"], capture_output=True, text=True, check=True).stdout
    return {each["local"] for link in json.loads(told) for each in link["addr_info"]} - {"127.0.0.1"}


def networks(container: dict[str, Any]) -> set[str]:
    project = container["Config"]["Labels"]["com.docker.compose.project"]
    return {name.removeprefix(f"{project}_") for name in container["NetworkSettings"]["Networks"]}


@pytest.mark.requirement("ES-12", "ES-40")
def test_postgres_is_reached_from_the_internal_network_only(market: Marketplace) -> None:
    system, postgres = market.system, market.system.container("postgres")
    assert networks(postgres) == {"internal"}
    assert networks(system.container("web")) == {"internal", "public"}
    assert networks(system.container("caddy")) == {"public"}
    (network,) = postgres["NetworkSettings"]["Networks"].values()
    assert json.loads(docker("network", "inspect", network["NetworkID"]))[0]["Internal"] is True
    address = network["IPAddress"]
    assert system.reaches_from("web", address, 5432)
    assert not system.reaches_from("caddy", address, 5432)
    found = system.execute("caddy", "sh", "-c", "wget -T 3 -O - http://postgres:5432 2>&1 || true")
    assert "bad address" in found or "not resolve" in found, found
    assert not market.world.reaches(5432, address)
    assert not any(reachable(each, 5432) for each in own_addresses() - {network["Gateway"]})


def reachable(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=2).close()
    except OSError:
        return False
    return True


@pytest.mark.requirement("ES-12", "ES-40")
def test_web_reaches_the_database_and_the_outside_and_postgres_only_web(market: Marketplace) -> None:
    assert json.loads(market.ask("/api/health")[2]) == {"status": "ok", "database": "up"}
    assert json.loads(market.ask("/api/outside")[2]) == {"reached": True, "status": 200}
    assert market.system.reaches_from("web", market.world.there, 9000)
    assert not market.system.reaches_from("postgres", market.world.there, 9000)


@pytest.mark.requirement("ES-13", "ES-40")
def test_the_cascade_is_the_order_of_the_engines_own_events(
    market: Marketplace, record_property: Callable[[str, object], None]
) -> None:
    def first(service: str, what: str) -> Event:
        return next(each for each in market.events if each.service == service and each.what.startswith(what))

    migrated = first("migrate", "die")
    assert migrated.code == "0"
    order = [
        first("postgres", "health_status: healthy"),
        first("migrate", "start"),
        migrated,
        first("web", "start"),
        first("web", "health_status: healthy"),
        first("caddy", "start"),
        first("caddy", "health_status: healthy"),
    ]
    assert order == sorted(order, key=lambda each: each.at)
    seconds = (order[-1].at - market.events[0].at) / 1e9
    record_property("figure", f"everyskill: from nothing running to a healthy caddy {seconds:.1f} s")
    assert seconds < 15


@pytest.mark.requirement("ES-14")
def test_data_is_in_volumes_and_the_caddyfile_is_read_only(market: Marketplace) -> None:
    mounts = {
        (service, mount["Destination"]): mount
        for service in ("caddy", "postgres")
        for mount in market.system.container(service)["Mounts"]
    }
    prefix = f"{market.system.project}_"
    volumes = {place: each["Name"].removeprefix(prefix) for place, each in mounts.items() if each["Type"] == "volume"}
    assert volumes == {
        ("caddy", "/data"): "caddy_data",
        ("caddy", "/config"): "caddy_config",
        ("postgres", "/var/lib/postgresql/data"): "postgres_data",
    }
    assert mounts["caddy", "/etc/caddy/Caddyfile"]["RW"] is False
    written = "echo >> /etc/caddy/Caddyfile && echo written || echo refused"
    assert market.system.execute("caddy", "sh", "-c", f"({written}) 2>/dev/null").strip() == "refused"


@pytest.mark.requirement("ES-40")
def test_the_nearest_neighbours_are_found_by_pgvector(market: Marketplace) -> None:
    assert market.sql("SELECT extname FROM pg_extension WHERE extname = 'vector'") == "vector"
    assert market.search("spelling and grammar of prose")[0] == "Proofread prose"
    assert market.search("beans and water for coffee")[0] == "Brew coffee"
    assert market.search("indexes for PostgreSQL query plans")[0] == "Tune a database"
    assert market.sql("SELECT '[1,0]'::vector <=> '[0,1]'::vector") == "1"
    assert "hnsw" in market.sql("SELECT indexdef FROM pg_indexes WHERE indexname = 'skills_embedding_index'")


@contextlib.contextmanager
def writing(market: Marketplace) -> Iterator[None]:
    """Publish skills through Caddy without a pause."""
    done, failed = threading.Event(), list[BaseException]()

    def write() -> None:
        try:
            while not done.is_set():
                market.publish(secrets.token_hex(8), "Written while a backup is taken.", "load")
        except BaseException as error:  # noqa: BLE001 - told where the test can see it
            failed.append(error)

    writers = [threading.Thread(target=write) for _ in range(3)]
    try:
        for writer in writers:
            writer.start()
        yield
    finally:
        done.set()
        for writer in writers:
            writer.join()
    assert failed == []


@pytest.mark.requirement("ES-30")
def test_a_backup_goes_off_encrypted_and_old_ones_go(market: Marketplace) -> None:
    far = market.offsite / "everyskill"
    far.mkdir(parents=True)
    form = f"{NAME}.production.postgres.{{:%Y%m%dT%H%M%SZ}}.pgdump.gz.age"
    old, young = (far / form.format(datetime.now(UTC) - timedelta(days=days)) for days in (31, 29))
    for path in (old, young):
        path.write_bytes(b"an earlier one")
    assert market.run("backup") == 0
    assert not old.exists()
    assert young.exists()
    young.unlink()
    (path,) = market.backups()
    assert path.parent == far
    assert path.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert b"Proofread" not in path.read_bytes()
    opened = subprocess.run(["age", "-d", "-i", market.identity, path], capture_output=True, check=True).stdout
    dump = subprocess.run(["gzip", "-d"], input=opened, capture_output=True, check=False).stdout
    assert dump.startswith(b"PGDMP")
    left = [each for each in market.system.root.rglob("*") if each.is_file() and "pgdump" in each.name]
    assert left == []


@pytest.mark.requirement("ES-30")
def test_the_units_are_sound_and_their_command_works_where_nothing_else_is_set(market: Marketplace) -> None:
    units = market.system.root / "deploy" / "systemd"
    service, timer = (units / f"{market.system.project}-backup@.{kind}" for kind in ("service", "timer"))
    text = service.read_text(encoding="utf-8")
    (command,) = re.findall(r"(?m)^ExecStart=bayplan (.*)$", text)
    if shutil.which("systemd-analyze"):
        calendar = re.findall(r"(?m)^OnCalendar=(.*)$", timer.read_text(encoding="utf-8"))
        subprocess.run(["systemd-analyze", "calendar", *calendar], check=True, capture_output=True)
    bare = {"PATH": os.environ["PATH"], "RCLONE_CONFIG": os.environ["RCLONE_CONFIG"]}
    before = len(market.backups())
    time.sleep(1)  # the names of backups tell the second
    run = subprocess.run(
        [sys.executable, "-m", "bayplan", *command.split()],
        cwd=market.system.root, env=bare, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(market.backups()) == before + 1


@pytest.mark.requirement("ES-30")
@pytest.mark.parametrize("damage", ["flipped", "cut", "wrong key"])
def test_a_restore_of_a_bad_backup_changes_nothing(
    market: Marketplace, damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = market.backups()[-1]
    data, identity = bytearray(newest.read_bytes()), market.identity
    if damage == "flipped":
        data[len(data) // 2] ^= 1
    elif damage == "cut":
        del data[-200:]
    else:
        identity = tmp_path / "other.txt"
        subprocess.run(["age-keygen", "--output", identity], check=True, capture_output=True)
    path = tmp_path / newest.name
    path.write_bytes(data)
    before = market.rows(), market.databases()
    assert market.run("restore", "--identity", str(identity), "--yes", str(path)) not in (0, 70)
    assert "error: " in capsys.readouterr().err
    assert (market.rows(), market.databases()) == before


@pytest.mark.requirement("ES-30")
def test_the_commands_of_the_runbook_bring_the_rows_back_without_bayplan(market: Marketplace, tmp_path: Path) -> None:
    before = market.rows()
    market.sql("DELETE FROM skills WHERE author = 'ada'")
    runbook = (market.system.root / "docs" / "backups.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", runbook.split("## Restore without bayplan")[1], re.DOTALL)
    script = "set -e\n" + "".join(blocks).replace("key=backup-key.txt", f"key='{market.identity}'")
    done = subprocess.run(["sh"], input=script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert market.rows() == before
    assert market.search("spelling and grammar of prose")[0] == "Proofread prose"


@pytest.mark.requirement("ES-30", "ES-40")
def test_a_backup_taken_under_load_brings_a_lost_machine_back_row_by_row(
    market: Marketplace, capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    with writing(market):
        while len(market.rows()) < 50:
            time.sleep(0.1)
        first = market.rows()
        assert market.run("backup") == 0
        while len(market.rows()) < len(first) + 20:
            time.sleep(0.1)
    last = market.rows()
    assert market.run("backup", "--verify") == 0
    assert "all as they were dumped" in capsys.readouterr().out

    market.system.command("down", "--volumes")
    began = time.monotonic()
    market.system.command("up", "--detach", "--wait", "caddy")
    record_property("figure", f"everyskill: docker compose up from nothing {time.monotonic() - began:.1f} s")
    assert market.rows() == []
    assert market.run("restore", "newest", "--yes") == 0
    restored = set(market.rows())
    assert set(first) <= restored <= set(last)
    market.trusted.write_text(market.system.execute("caddy", "cat", ROOT_CERTIFICATE), encoding="utf-8")
    assert market.search("spelling and grammar of prose")[0] == "Proofread prose"
    market.publish("After", "Published after the machine was lost.", "ada")


@pytest.mark.requirement("ES-14")
def test_data_and_certificates_survive_down_and_up(
    market: Marketplace, record_property: Callable[[str, object], None]
) -> None:
    before, trusted = market.rows(), market.system.execute("caddy", "cat", ROOT_CERTIFICATE)
    seconds = quickest(60, lambda: up_again(market.system.root))
    record_property("figure", f"everyskill: bayplan up from a warm cache {seconds:.1f} s")
    assert seconds < 60
    assert market.rows() == before
    assert market.system.execute("caddy", "cat", ROOT_CERTIFICATE) == trusted
    assert market.ask("/api/health")[0] == 200


@pytest.mark.requirement("ES-40")
def test_each_ends_by_itself_at_sigterm(market: Marketplace) -> None:
    market.system.see_each_end("caddy", "web", "postgres")


@pytest.mark.requirement("ES-40")
def test_down_leaves_nothing(market: Marketplace) -> None:
    bayplan(market.system.root, "down", "--volumes", "--images")
    label = f"label=com.docker.compose.project={market.system.project}"
    assert docker("ps", "--all", "--quiet", "--filter", label) == ""
    assert docker("volume", "ls", "--quiet", "--filter", label) == ""
    assert docker("network", "ls", "--quiet", "--filter", label) == ""
    assert market.system.project not in docker("images", "--format", "{{.Repository}}")
    assert not market.world.reaches(443)
