"""The stand-in for a Caddy with DNS modules: what becomes of a Caddyfile on its way to Caddy."""

import os
import subprocess
from pathlib import Path

import pytest

FILES = Path(__file__).parents[1] / "standins/files"
SHOW_CONFIG = """#!/bin/sh
while [ "${1#--config}" = "$1" ]; do shift; done
case $1 in *=*) cat "${1#*=}" ;; *) cat "$2" ;; esac
"""


def build(folder: Path, *modules: str) -> subprocess.CompletedProcess[str]:
    script = (FILES / "xcaddy").read_text().replace("/usr/share/xcaddy", str(FILES))
    options = [word for module in modules for word in ("--with", module)]
    return subprocess.run(
        ["sh", "-c", script, "xcaddy", "build", "v2.10.0", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def caddy(tmp_path: Path) -> Path:
    tmp_path /= "site"
    tmp_path.mkdir()
    assert build(tmp_path, "github.com/caddy-dns/hetzner/v2@v2.0.0", "github.com/caddy-dns/cloudflare").returncode == 0
    real = tmp_path / "real"
    real.write_text(SHOW_CONFIG)
    real.chmod(0o755)
    built = tmp_path / "caddy"
    built.write_text(built.read_text().replace("/usr/libexec/caddy", str(real)))
    return built


def given_to_caddy(caddy: Path, text: str, *words: str) -> str:
    (caddy.parent / "Caddyfile").write_text(text)
    copies = caddy.parent.with_name("copies")
    copies.mkdir()
    words = words or ("run", "--config", "Caddyfile", "--adapter", "caddyfile")
    done = subprocess.run(
        [caddy, *words],
        cwd=caddy.parent,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(copies)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_dns_challenge_becomes_the_internal_authority_and_the_rest_stays(caddy: Path) -> None:
    given = """*.a.test {
\ttls me@a.test { # by DNS
\t\tdns hetzner {
\t\t\tapi_token {env.TOKEN}
\t\t}
\t\tresolvers 1.1.1.1
\t\tprotocols tls1.3
\t\tclient_auth {
\t\t\tmode request
\t\t}
\t}
\trespond hello
}
"""
    assert (
        given_to_caddy(caddy, given)
        == """*.a.test {
\ttls internal {
\t\tprotocols tls1.3
\t\tclient_auth {
\t\t\tmode request
\t\t}
\t}
\trespond hello
}
"""
    )


@pytest.mark.parametrize("option", ["acme_dns hetzner {env.T}", "acme_dns cloudflare {\n\t\tapi_token x\n\t}"])
def test_the_global_option_becomes_local_certificates(caddy: Path, option: str) -> None:
    assert given_to_caddy(caddy, f"{{\n\t{option}\n}}\na.test\n") == "{\n\tlocal_certs\n}\na.test\n"


@pytest.mark.parametrize(
    "text",
    [
        "a.test {\n\ttls {\n\t\tdns unknown x\n\t}\n}\n",
        "a.test {\n\ttls /certs/a.pem /certs/a.key\n}\n",
        "a.test {\n\ttls {\n\t\tissuer acme {\n\t\t\tdir x\n\t\t}\n\t}\n}\n",
        "a.test {\n\t# tls { dns hetzner }\n\trespond ok\n}\n",
    ],
)
def test_what_asks_no_built_in_module_is_left_to_caddy(caddy: Path, text: str) -> None:
    assert given_to_caddy(caddy, text) == text


@pytest.mark.parametrize("words", [("validate", "--config=Caddyfile"), ("adapt",), ("reload", "--config", "Caddyfile")])
def test_every_command_that_reads_a_caddyfile_gets_the_same(caddy: Path, words: tuple[str, ...]) -> None:
    assert "internal" in given_to_caddy(caddy, "a.test {\n\ttls {\n\t\tdns hetzner x\n\t}\n}\n", *words)


def test_imported_files_lie_beside_the_copy(caddy: Path) -> None:
    (caddy.parent / "sites").mkdir()
    (caddy.parent / "sites/a.caddy").write_text("a.test {\n\ttls {\n\t\tdns hetzner x\n\t}\n}\n")
    given_to_caddy(caddy, "import sites/*.caddy\n")
    copied = list(caddy.parent.with_name("copies").glob("caddy.*/sites/a.caddy"))
    assert [path.read_text() for path in copied] == ["a.test {\n\ttls internal {\n\t}\n}\n"]


def test_a_module_that_cannot_be_imitated_stops_the_build(tmp_path: Path) -> None:
    done = build(tmp_path, "github.com/mholt/caddy-l4")
    assert done.returncode == 1
    assert "github.com/mholt/caddy-l4" in done.stderr
    assert not (tmp_path / "caddy").exists()
