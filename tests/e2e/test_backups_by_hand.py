"""The runbook's commands for a store that bayplan does not back up, with a real engine."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from bayplan import pipeline
from tests.unit.backing import age_key
from tests.unit.planning import Repository

CONTAINER = "handled-ipfs-1"
CODE = """import { createServer } from 'node:http'
const api = process.env.IPFS_API_URL
if (!api) throw new Error('no IPFS_API_URL')
createServer().listen(3000)
"""
IMAGE = "ipfs/kubo:v0.34.0"
pytestmark = pytest.mark.engine


@pytest.fixture
def node(engine: str) -> Iterator[str]:
    """A node as the compose file runs it: on a root file system that is read-only, as its own user."""
    subprocess.run([engine, "rm", "--force", "--volumes", CONTAINER], capture_output=True, check=False)
    hardened = ["--volume=/data/ipfs", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--user=ipfs"]
    started = [engine, "run", "--detach", f"--name={CONTAINER}", *hardened, IMAGE]
    subprocess.run(started, capture_output=True, check=True)
    try:
        up = [engine, "exec", CONTAINER, "ipfs", "--api", "/ip4/127.0.0.1/tcp/5001", "id"]
        began = monotonic()
        while subprocess.run(up, capture_output=True, check=False).returncode:
            assert monotonic() - began < 60
            sleep(0.2)
        yield CONTAINER
    finally:
        subprocess.run([engine, "rm", "--force", "--volumes", CONTAINER], capture_output=True, check=True)


def test_a_nodes_folder_is_copied_and_comes_back_as_it_was(node: str, tmp_path: Path) -> None:
    def inside(script: str) -> str:
        argv = ["docker", "exec", "--user=ipfs", node, "sh", "-c", script]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    public, identity = age_key(tmp_path)
    (tmp_path / "repo").mkdir()
    repository = Repository(tmp_path / "repo").app("api", CODE)
    repository.lock()
    repository.write(
        "bayplan.yaml", f"version: 1\nname: handled\nbackups: {{ to: {tmp_path / 'to'}, age: {public} }}\n"
    )
    runbook = pipeline.plan(repository.root).files["docs/backups.md"].text
    copy, back = re.findall(r"```bash\n(.*?)```", runbook.split("### ipfs")[1], re.DOTALL)

    def bash(script: str) -> None:
        done = subprocess.run(["bash"], input=script, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr

    inside("cd /data/ipfs && echo 1 > blocks/kept && echo 1 > .hidden && chmod 640 blocks/kept && rm -f api")
    listed = "cd /data/ipfs && find . ! -name api -exec stat -c '%n %u %g %a' {} + | sort && cat blocks/kept"
    before = inside(listed)
    bash(copy)
    inside("cd /data/ipfs && echo 2 > blocks/kept && echo 2 > since && rm .hidden")
    bash(back.replace("backup-key.txt", str(identity)))
    assert inside(listed) == before
