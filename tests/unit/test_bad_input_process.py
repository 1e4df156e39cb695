"""What only a whole process can show: kills, interrupts, rights, full disks, closed streams, folders that are gone.

One interpreter imports bayplan and forks for each run, so that a hundred runs cost no hundred starts.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

BASE = Path(__file__).parent.parent / "cases" / "rules" / "base"
NOBODY = 65534
SIGINT, SIGKILL = 2, 9
FORKS = r"""
import json, os, pkgutil, signal, sys, tempfile, time, traceback
from importlib import import_module
import encodings.ascii, platform, merge3, bayplan
for module in pkgutil.walk_packages(bayplan.__path__, "bayplan."):
    if not module.name.endswith("__main__"):
        import_module(module.name)
main = import_module("bayplan.cli.main").main
printed, sys.stdout = sys.stdout, open(os.devnull, "w")
for warm in (["plan"], ["write", "--diff"], ["check"]):  # whatever they import later, another user could not read
    main(["-C", sys.argv[1], *warm])
sys.stdout = printed

def start(job, out):
    child = os.fork()
    if child:
        return child
    os.setsid()
    if job.get("folder"):
        os.chdir(job["folder"])
    if job.get("gone"):
        os.rmdir(job["folder"])
    os.dup2(out.fileno(), 2)
    os.dup2(os.open(job["stdout"], os.O_WRONLY) if job.get("stdout") else out.fileno(), 1)
    os.environ.update(job.get("environment", {}))
    sys.stdout = open(1, "w", encoding=job.get("encoding", "utf-8"), closefd=False)
    sys.stderr = open(2, "w", encoding=job.get("encoding", "utf-8"), closefd=False)
    if job.get("closed"):
        sys.stdout = sys.stderr = None
    if job.get("user"):
        os.setgroups([]); os.setgid(job["user"]); os.setuid(job["user"])
    code = 99
    try:
        code = main(job["argv"])
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(code)

def end(child, job, out):
    if "after" in job:
        time.sleep(job["after"])
        try:
            os.kill(child, job["signal"])
        except ProcessLookupError:
            pass
    _, status = os.waitpid(child, 0)
    out.seek(0)
    return [os.waitstatus_to_exitcode(status), out.read().decode(errors="replace")]

for line in sys.stdin:
    jobs = json.loads(line)
    outs = [tempfile.TemporaryFile() for _ in jobs]
    children = [start(job, out) for job, out in zip(jobs, outs)]
    print(json.dumps([end(*each) for each in zip(children, jobs, outs)]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Forks:
    """Runs bayplan, several at once when several are asked for; each answer is an exit code and what was said."""

    process: "subprocess.Popen[str]"

    def __call__(self, *jobs: dict[str, Any]) -> list[tuple[int, str]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(jobs), file=self.process.stdin, flush=True)
        answers = [(code, text) for code, text in json.loads(self.process.stdout.readline())]
        for _, text in answers:
            assert "Traceback" not in text, text
        return answers

    def one(self, *argv: str | Path, **how: object) -> tuple[int, str]:
        (answer,) = self({"argv": [str(each) for each in argv], **how})
        return answer


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    environment = {**os.environ, "NO_COLOR": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", FORKS, str(BASE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        yield Forks(process)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BASE, tmp_path / "shop"))


def written(shop: Path) -> dict[str, str]:
    """Return every text but bayplan's own memory."""
    return {
        str(file.relative_to(shop)): file.read_text()
        for file in sorted(shop.rglob("*"))
        if file.is_file() and ".bayplan" not in file.parts
    }


def staging(shop: Path) -> list[Path]:
    return list((shop / ".bayplan").glob("staging-*"))


def change(shop: Path, port: int) -> None:
    (shop / "bayplan.yaml").write_text(f"version: 1\nservices: {{ api: {{ port: {port} }} }}\n")


def test_a_kill_at_any_moment_of_a_write_leaves_old_or_new_and_the_next_write_repairs(shop: Path, forks: Forks) -> None:
    change(shop, 4001)
    forks.one("-C", shop, "write")
    began = monotonic()
    change(shop, 4002)
    assert forks.one("-C", shop, "write")[0] == 0
    whole = monotonic() - began
    chance = random.Random(7)  # noqa: S311 - no secret is made of it
    killed = 0
    for port in range(4003, 4017):
        old = written(shop)
        change(shop, port)
        after = chance.uniform(0.3, 1.05) * whole
        code, _ = forks.one("-C", shop, "write", after=after, signal=SIGKILL)
        killed += code == -SIGKILL
        left = written(shop)
        code, text = forks.one("-C", shop, "write")
        assert code == 0, text
        new = written(shop)
        assert new != old
        for path, content in left.items():
            assert content in (old.get(path), new[path]), path
        assert not staging(shop)
        assert forks.one("-C", shop, "write", "--check")[0] == 0
    assert killed


def test_an_interrupt_at_any_moment_of_a_write_leaves_all_old_or_all_new(shop: Path, forks: Forks) -> None:
    change(shop, 4001)
    forks.one("-C", shop, "write")
    began = monotonic()
    forks.one("-C", shop, "write", "--check")
    whole = monotonic() - began
    chance = random.Random(11)  # noqa: S311 - no secret is made of it
    for port in range(4002, 4011):
        old = written(shop)
        change(shop, port)
        asked = written(shop)["bayplan.yaml"]
        code, text = forks.one("-C", shop, "write", after=chance.uniform(0.2, 1.3) * whole, signal=SIGINT)
        assert code in (0, 130), text
        left = written(shop)
        assert not staging(shop)
        code, text = forks.one("-C", shop, "write")
        assert code == 0, text
        assert left in ({**old, "bayplan.yaml": asked}, written(shop))


def test_two_at_once_write_once(shop: Path, forks: Forks) -> None:
    for port in range(4001, 4006):
        change(shop, port)
        codes = {code for code, _ in forks(*[{"argv": ["-C", str(shop), "write"]}] * 3)}
        assert codes <= {0, 75}
        assert 0 in codes
        assert forks.one("-C", shop, "write", "--check")[0] == 0


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user or mount a file system")


@needs_root
@pytest.mark.parametrize(
    ("path", "mode", "command", "told"),
    [
        ("package.json", 0o000, "plan", "package.json cannot be read: Permission denied"),
        ("pnpm-lock.yaml", 0o000, "plan", "pnpm-lock.yaml cannot be read: Permission denied"),
        ("apps/api/package.json", 0o000, "plan", "apps/api/package.json cannot be read"),
        ("apps/api", 0o555, "write", "permission denied"),
        (".", 0o555, "write", "permission denied"),
        (".", 0o555, "init", "permission denied"),
    ],
)
def test_without_permission_the_place_is_named_and_nothing_changes(
    shop: Path, forks: Forks, path: str, mode: int, command: str, told: str
) -> None:
    open_to_nobody(shop)
    before = written(shop)
    (shop / path).chmod(mode)
    code, text = forks.one("-C", shop, command, user=NOBODY)
    (shop / path).chmod(0o755)
    assert code == 1
    assert told in text
    assert "help: " in text
    assert written(shop) == before


def open_to_nobody(shop: Path) -> None:
    for each in (shop, *shop.rglob("*")):
        os.chown(each, NOBODY, NOBODY)
    for folder in shop.parents:
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)


@needs_root
def test_a_full_and_a_read_only_disk(tmp_path: Path, forks: Forks) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a file system be mounted")
    try:
        shop = Path(shutil.copytree(BASE, disk / "shop"))
        with pytest.raises(OSError, match="No space"):
            (disk / "filler").write_bytes(b"x" * 200_000)
        before = written(shop)
        code, text = forks.one("-C", shop, "write")
        assert (code, written(shop)) == (1, before)
        assert "the disk is full" in text
        assert "help: make room" in text
        assert forks.one("-C", shop, "plan")[0] == 0
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        code, text = forks.one("-C", shop, "write")
        assert code == 1
        assert "read-only" in text
        assert forks.one("-C", shop, "check")[0] == 0
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("command", [["plan"], ["write", "--diff"], ["check", "--format", "json"], ["schema"]])
def test_output_that_cannot_be_written_is_said(shop: Path, forks: Forks, command: list[str]) -> None:
    code, text = forks.one("-C", shop, *command, stdout="/dev/full")
    assert code == 1
    assert "No space left on device" in text
    assert forks.one("-C", shop, *command, closed=True)[0] in (0, 1)


@pytest.mark.parametrize(
    "environment", [{"TERM": "dumb"}, {"COLUMNS": "20"}, {"COLUMNS": "none"}, {"HOME": ""}, {"LC_ALL": "C"}]
)
def test_any_environment_will_do(shop: Path, forks: Forks, environment: dict[str, str]) -> None:
    (shop / "apps/api").rename(shop / "apps/ünï")
    for command in ("plan", "check", "explain"):
        folder = [] if command == "explain" else ["-C", str(shop)]
        code, text = forks.one(*folder, command, environment=environment, encoding="ascii")
        assert (code, text.isascii()) == (0, True), text


def test_the_reader_of_a_pipe_may_leave(shop: Path) -> None:
    command = [sys.executable, "-m", "bayplan", "-C", str(shop), "plan", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_a_current_folder_that_is_gone(tmp_path: Path, shop: Path, forks: Forks) -> None:
    for argv, expected in ((["plan"], 2), (["up", "--dry-run"], 2), (["-C", str(shop), "plan"], 0)):
        (tmp_path / "gone").mkdir()
        code, text = forks.one(*argv, folder=str(tmp_path / "gone"), gone=True)
        assert code == expected
        assert expected == 0 or "the current folder is gone" in text


def test_a_worktree_of_git_is_a_repository_like_any_other(tmp_path: Path, shop: Path, forks: Forks) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for argv in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "x"], ["worktree", "add", "-q", "../tree"]):
        subprocess.run(["git", "-C", str(shop), *argv], check=True, capture_output=True)
    before = (tmp_path / "tree/.git").read_text()
    assert forks.one("-C", tmp_path / "tree", "write")[0] == 0
    assert (tmp_path / "tree/.git").read_text() == before
    assert not (shop / ".bayplan").exists()
