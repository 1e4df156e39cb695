"""A tiny stack behind Caddy on a real engine: what is changed is replaced, what is not goes on running."""

import errno
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bayplan.probes.web import Reply, Server, get
from tests.authority import Authority, authority

pytestmark = pytest.mark.engine
HERE = Path(__file__).parent
API, WWW, NEW = "api.mini.test", "www.mini.test", "new.mini.test"


def bayplan(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bayplan", *words], cwd=root, capture_output=True, text=True, timeout=300, check=False
    )


@dataclass(frozen=True)
class Behind:
    """A repository whose stack runs behind a proxy at an address of its own."""

    root: Path
    name: str
    address: str
    maker: Authority

    def up(self, *words: str) -> str:
        done = bayplan(self.root, "up", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self) -> str:
        before = self.containers()
        done = bayplan(self.root, "up", "--no-verify")
        assert done.returncode not in (0, 70), done.stdout + done.stderr
        assert self.containers() == before
        return done.stdout + done.stderr

    def containers(self) -> dict[str, tuple[str, str]]:
        """Return the id of each service's container, and when it was started."""
        label = f"label=com.docker.compose.project={self.name}"
        ids = subprocess.run(["docker", "ps", "-aq", "--filter", label], capture_output=True, text=True, check=True)
        told = '{{index .Config.Labels "com.docker.compose.service"}} {{.Id}} {{.State.StartedAt}}'
        words = ["docker", "inspect", "--format", told, *ids.stdout.split()]
        if not ids.stdout.split():
            return {}
        lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
        return {name: (container, started) for name, container, started in (line.split() for line in lines)}

    def certify(self, *, starts: int = -1, ends: int = 90) -> None:
        folder = self.root / "certs"
        folder.mkdir(exist_ok=True)
        self.maker.issue(folder / "origin.pem", folder / "origin.key", API, WWW, NEW, starts=starts, ends=ends)

    def get(self, host: str, path: str = "/") -> Reply:
        """Ask over TLS, as a browser that trusts the authority, and resolves the name to this address."""
        context = ssl.create_default_context(cafile=self.maker.certificate)
        return get(Server(self.address, 443, context), path, host)

    def evidence(self) -> dict[tuple[str, str], str]:
        kept = json.loads((self.root / ".bayplan/evidence/evidence.json").read_text(encoding="utf-8"))
        return {(each["subject"], each["claim"]): each["status"] for each in kept["evidence"]}


def free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def settings(name: str, address: str, *sites: str) -> str:
    lines = [
        "version: 1",
        f"name: {name}",
        "proxy:",
        "  certificate: certs/origin.pem",
        "  key: certs/origin.key",
        f"  publish: {address}",
        "  sites:",
        f"    {API}: {{ to: api, refuse: [/metrics], headers: {{ X-Frame-Options: DENY }} }}",
        f"    {WWW}: {{ redirect_to: https://{API} }}",
        *(f"    {site}" for site in sites),
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Behind]:
    assert engine
    if shutil.which("openssl") is None:
        pytest.skip("OpenSSL's command makes the certificates")
    folder = tmp_path_factory.mktemp("proxy")
    root = folder / "mini"
    shutil.copytree(HERE / "proxied", root)
    # every address that begins with 127 is this machine's, so that several such stacks may run at a time
    address = f"127.{77 + os.getpid() // 62500}.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}"
    if not (os.environ.get("BAYPLAN_REQUIRE_ENGINE") or (free(address, 80) and free(address, 443))):
        pytest.skip("another program of this machine has port 80 or 443")
    made = Behind(root, f"bayplan-proxy-{os.getpid()}", address, authority(folder / "ca"))
    (root / "bayplan.yaml").write_text(settings(made.name, made.address), encoding="utf-8")
    made.certify()
    try:
        made.up()
        yield made
    finally:
        bayplan(root, "down", "--volumes", "--images")


def test_everything_about_the_proxy_is_proved(behind: Behind) -> None:
    found = behind.evidence()
    assert set(found.values()) == {"proved"}
    for claim in (
        f"is published on {behind.address}:80, {behind.address}:443, {behind.address}:443/udp and nowhere else",
        f"port 443 answers on {behind.address} only",
        f"the certificate for {API} is valid",
        f"http://{API} leads to https",
        f"{API} refuses /metrics and what is below",
        f"{API} sends X-Frame-Options: DENY",
        f"{WWW}/some/path?q=1 leads to https://{API}/some/path?q=1",
        "answers no other host name with an app",
        "can have no capability of the kernel but NET_BIND_SERVICE, DAC_READ_SEARCH",
        "starts after api is healthy",
        "ends by itself within 10 s of SIGTERM",
    ):
        assert found["caddy", claim] == "proved"
    assert behind.get(API, "/here").body == f"version 1 of {API}/here".encode()


def test_an_unchanged_stack_is_left_alone(behind: Behind) -> None:
    before = behind.containers()
    assert "nothing changed since the last proof" in behind.up()
    assert behind.containers() == before


def test_a_new_version_behind_the_proxy_does_not_touch_it(behind: Behind) -> None:
    before = behind.containers()
    (behind.root / "packages/words/index.js").write_text("exports.version = 'version 2';\n", encoding="utf-8")
    behind.up("--no-verify")
    after = behind.containers()
    assert after["caddy"] == before["caddy"]
    assert after["api"][0] != before["api"][0]
    assert behind.get(API).body.startswith(b"version 2")


def test_a_changed_caddyfile_is_seen_by_the_container_that_runs(behind: Behind) -> None:
    before = behind.containers()
    text = settings(behind.name, behind.address, f"{NEW}: {{ to: api }}")
    (behind.root / "bayplan.yaml").write_text(text, encoding="utf-8")
    behind.up("--no-verify")
    after = behind.containers()
    assert after["api"] == before["api"]
    assert after["caddy"][0] == before["caddy"][0]
    assert after["caddy"][1] != before["caddy"][1]
    assert behind.get(NEW).status == 200


def test_an_edit_that_caddy_cannot_run_with_changes_nothing(behind: Behind) -> None:
    caddyfile = behind.root / "Caddyfile"
    sound = caddyfile.read_text(encoding="utf-8")
    broken = sound.replace("\theader {", "\theadr {")
    assert broken != sound
    caddyfile.write_text(broken, encoding="utf-8")
    said = behind.refused()
    assert "Caddyfile" in said
    assert "headr" in said
    assert behind.get(API).status == 200
    caddyfile.write_text(sound, encoding="utf-8")


def test_an_expired_certificate_is_refused_and_a_new_one_is_taken(behind: Behind) -> None:
    behind.certify(starts=-30, ends=-1)
    assert "certs/origin.pem has expired" in behind.refused()
    assert behind.get(API).status == 200
    before = behind.containers()
    behind.certify(ends=30)
    behind.up("--no-verify")
    after = behind.containers()
    assert (after["caddy"][0], after["api"]) == (before["caddy"][0], before["api"])
    assert after["caddy"][1] != before["caddy"][1]
    assert behind.get(API).status == 200


def _other(behind: Behind, folder: Path, text: str) -> Behind:
    root = folder / "other"
    shutil.copytree(behind.root, root, ignore=shutil.ignore_patterns(".bayplan"))
    (root / "bayplan.yaml").write_text(text, encoding="utf-8")
    for written in ("Caddyfile", "docker-compose.prod.yml", ".dockerignore", "apps/api/Dockerfile"):
        (root / written).unlink()
    return Behind(root, f"{behind.name}-other", behind.address, behind.maker)


def test_an_address_that_another_stack_has_is_refused(behind: Behind, tmp_path: Path) -> None:
    other = _other(behind, tmp_path, settings(f"{behind.name}-other", behind.address))
    said = other.refused()
    assert "port 80 of this machine is taken by another program, and caddy needs it" in said
    assert other.containers() == {}


def test_an_address_of_another_machine_is_refused(behind: Behind, tmp_path: Path) -> None:
    other = _other(behind, tmp_path, settings(f"{behind.name}-other", "203.0.113.9"))
    assert "203.0.113.9 is no address of this machine" in other.refused()


def test_a_host_named_twice_is_refused(behind: Behind, tmp_path: Path) -> None:
    text = settings(f"{behind.name}-other", behind.address, f"{NEW}: {{ to: api, also: [{API}] }}")
    assert f"names the host {API} twice" in _other(behind, tmp_path, text).refused()
