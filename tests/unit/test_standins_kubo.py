"""The stand-in for Kubo names content as the real one does, and keeps it."""

import importlib
import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies

KUBO = Path(__file__).parents[1] / "standins/files/kubo"
sys.path.insert(0, str(KUBO))
dag: Any = importlib.import_module("dag")
uploaded = importlib.import_module("server").uploaded

Ipfs = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ipfs(tmp_path: Path) -> Ipfs:
    def run(*words: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(KUBO / "ipfs.py"), *words],
            input=said,
            env={"IPFS_PATH": str(tmp_path / "repository")},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    run("init", "--profile=server")
    return run


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def daemon(tmp_path: Path, ipfs: Ipfs) -> Iterator[tuple[str, str]]:
    """Where the API and the gateway of a running daemon answer."""
    api, gateway = free_port(), free_port()
    ipfs("config", "--json", "Addresses.Swarm", "[]")
    ipfs("config", "Addresses.API", f"/ip4/127.0.0.1/tcp/{api}")
    ipfs("config", "Addresses.Gateway", f"/ip4/127.0.0.1/tcp/{gateway}")
    with subprocess.Popen(
        [sys.executable, str(KUBO / "ipfs.py"), "daemon", "--migrate=true"],
        env={"IPFS_PATH": str(tmp_path / "repository")},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "ready" in line:
                break
        yield f"http://127.0.0.1:{api}/api/v0", f"http://127.0.0.1:{gateway}"
        running.terminate()
        assert running.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("content", "options", "cid"),
    [
        ("hello world\n", [], "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"),
        ("", [], "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"),
        ("hello world", ["--cid-version=1"], "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
    ],
)
def test_content_gets_the_name_that_kubo_gives_it(ipfs: Ipfs, content: str, options: list[str], cid: str) -> None:
    assert ipfs("add", "-Q", *options, said=content).stdout == f"{cid}\n"
    assert ipfs("cat", f"/ipfs/{cid}").stdout == content


def test_a_new_repository_has_the_empty_directory_that_the_health_check_asks_for(ipfs: Ipfs) -> None:
    done = ipfs("dag", "stat", "/ipfs/QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn")
    assert (done.returncode, json.loads(done.stdout)["TotalSize"]) == (0, 4)


def test_garbage_is_what_no_pin_holds(ipfs: Ipfs) -> None:
    kept, dropped = (ipfs("add", "-Q", said=content).stdout.strip() for content in ("kept", "dropped"))
    ipfs("pin", "rm", dropped)
    assert ipfs("repo", "gc").stdout.count("removed") == 1
    assert ipfs("cat", kept).stdout == "kept"
    assert "could not find" in ipfs("cat", dropped).stderr


def test_an_api_of_two_addresses_answers_at_both(tmp_path: Path, ipfs: Ipfs) -> None:
    port = free_port()
    ipfs("config", "--json", "Addresses.Swarm", "[]")
    ipfs("config", "--json", "Addresses.API", json.dumps([f"/ip4/127.0.0.1/tcp/{port}", f"/ip6/::1/tcp/{port}"]))
    ipfs("config", "Addresses.Gateway", f"/ip4/127.0.0.1/tcp/{free_port()}")
    with subprocess.Popen(
        [sys.executable, str(KUBO / "ipfs.py"), "daemon"],
        env={"IPFS_PATH": str(tmp_path / "repository")},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert any("ready" in line for line in running.stdout)
        for host in ("127.0.0.1", "[::1]"):
            with urllib.request.urlopen(f"http://{host}:{port}/api/v0/id", data=b"", timeout=20) as answer:
                assert answer.status == 200
        running.terminate()


@pytest.mark.parametrize("path", ["../../etc/passwd", "", "Qm0OIl", "b!!", "Qm" + "z" * 300])
def test_what_is_no_cid_is_refused(ipfs: Ipfs, path: str) -> None:
    done = ipfs("cat", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: invalid path")


@given(strategies.binary(max_size=300), strategies.sampled_from(["raw", "wrapped"]))
def test_many_chunks_come_together_again(content: bytes, leaf: str) -> None:
    blocks: dict[Any, bytes] = {}
    old = dag.CHUNK, dag.LINKS_PER_NODE
    dag.CHUNK, dag.LINKS_PER_NODE = 7, 3
    try:
        root = dag.Builder(blocks.__setitem__, 1, leaf == "raw").file(content)
    finally:
        dag.CHUNK, dag.LINKS_PER_NODE = old

    def read(cid: Any) -> bytes:
        node = dag.decode(dag.parse_cid(str(cid)), blocks[cid])
        return bytes(node.data) + b"".join(read(link.cid) for link in node.links)

    assert read(root.cid) == content


@given(strategies.binary(), strategies.sampled_from(["plain", "with space", "ünïcode", "a/b"]))
def test_a_form_gives_back_what_was_put_in(content: bytes, name: str) -> None:
    quoted = urllib.request.quote(name)  # type: ignore[attr-defined]
    head = f'--xyzzy\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--xyzzy--\r\n"
    if b"\r\n--xyzzy" not in content:
        assert uploaded("multipart/form-data; boundary=xyzzy", body) == [(name, content)]


def test_the_api_takes_only_posts_and_names_what_is_missing(daemon: tuple[str, str], ipfs: Ipfs) -> None:
    address, gateway = daemon
    with pytest.raises(urllib.error.HTTPError, match="405") as refused:
        urllib.request.urlopen(f"{address}/id")  # noqa: S310  # always http
    refused.value.close()
    asked = urllib.request.Request(f"{address}/cat", method="POST")  # noqa: S310
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        urllib.request.urlopen(asked)  # noqa: S310
    assert json.load(refused.value)["Type"] == "error"
    refused.value.close()
    cid = ipfs("add", "-Q", said="through the daemon").stdout.strip()
    with urllib.request.urlopen(f"{gateway}/ipfs/{cid}") as answer:  # noqa: S310
        assert answer.read() == b"through the daemon"
    assert ipfs(f"--api=/ip4/127.0.0.1/tcp/{free_port()}", "id").returncode == 1
