"""Taking, reading and bringing back, with real pipelines and a store that is a program."""

import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest

from bayplan.engines.backups import work
from bayplan.engines.backups.cipher import Age, Gpg, try_out
from bayplan.engines.backups.destination import Folder, Remote, destination
from bayplan.engines.backups.manifest import Contents, Manifest
from bayplan.engines.backups.scratch import Room
from bayplan.errors import BayplanError, CommandFailedError, UsageError
from bayplan.run import Local
from tests.unit.backing import CONTENTS, NOISE, SERIES, Program, age_key, needs, opened, take

DAMAGED = r"damaged|cannot be decrypted"


@pytest.fixture
def key(tmp_path: Path) -> tuple[str, Path]:
    return age_key(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "to", Local())


def read(path: Path, secret: Path) -> Manifest:
    return work.read(opened(path), Age("", secret), path.name, say=lambda _: None)


def test_a_backup_is_whole_encrypted_and_its_owners_alone(key: tuple[str, Path], folder: Folder) -> None:
    taken = take(Program("print('PLAIN' * 1000)"), key[0], folder)
    path = folder.path / taken.name
    assert folder.names() == (taken.name,)
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert b"PLAIN" not in path.read_bytes()
    assert read(path, key[1]) == taken.manifest
    compressed = subprocess.run(["age", "-d", "-i", key[1], path], capture_output=True, check=True).stdout
    plain = subprocess.run(["gunzip"], input=compressed, capture_output=True, check=True).stdout
    assert plain == b"PLAIN" * 1000 + b"\n"


@pytest.mark.parametrize("code", ["import sys; sys.exit(3)", NOISE.format(count=20) + "sys.exit(3)"])
def test_a_dump_that_fails_leaves_nothing(code: str, key: tuple[str, Path], folder: Folder) -> None:
    earlier = take(Program(), key[0], folder).name
    sleep(1.1)
    with pytest.raises(CommandFailedError, match="could not dump the store"):
        take(Program(code), key[0], folder)
    assert folder.names() == (earlier,)


def test_a_dump_that_was_killed_leaves_nothing(key: tuple[str, Path], folder: Folder) -> None:
    with pytest.raises(CommandFailedError):
        take(Program(NOISE.format(count=20) + "os.kill(os.getpid(), 9)"), key[0], folder)
    assert folder.names() == ()


def test_a_wrong_recipient_is_known_before_anything_begins(key: tuple[str, Path]) -> None:
    try_out(Age(key[0]), Local())
    for wrong in (Age("age1nonsense"), Age(key[0][:-1]), Gpg("nobody@example.invalid")):
        with pytest.raises(BayplanError, match="nothing can be encrypted for the key"):
            try_out(wrong, Local())


def test_a_full_disk_leaves_nothing_but_what_was_there(key: tuple[str, Path], tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small], capture_output=True, check=False)
    if mounted.returncode:
        refused = f"mounting is not permitted here: {mounted.stderr.decode().strip()}"
        (pytest.fail if os.environ.get("BAYPLAN_REQUIRE_ENGINE") else pytest.skip)(refused)
    try:
        target = Folder(small, Local())
        earlier = take(Program("print('small')"), key[0], target).name
        sleep(1.1)
        with pytest.raises(CommandFailedError) as failure:
            take(Program(NOISE.format(count=100)), key[0], target)
        assert "no space left" in failure.value.output
        assert target.names() == (earlier,)
        assert read(small / earlier, key[1]).stack == "shop"
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("where", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_damaged_byte_is_noticed(where: float, key: tuple[str, Path], folder: Folder) -> None:
    path = folder.path / take(Program(), key[0], folder).name
    data = bytearray(path.read_bytes())
    data[int(where * len(data))] ^= 1
    path.write_bytes(data)
    with pytest.raises(BayplanError, match="cannot be decrypted"):
        read(path, key[1])


@pytest.mark.parametrize("size", [0, 1, 200, 65536 + 200, -1, -65536])
def test_a_file_that_was_cut_off_is_noticed(size: int, key: tuple[str, Path], folder: Folder) -> None:
    path = folder.path / take(Program(), key[0], folder).name
    data = path.read_bytes()
    path.write_bytes(data[:size])
    with pytest.raises(BayplanError, match="cannot be decrypted"):
        read(path, key[1])


def test_the_wrong_key_is_said_to_be_that(key: tuple[str, Path], folder: Folder, tmp_path: Path) -> None:
    path = folder.path / take(Program(), key[0], folder).name
    with pytest.raises(BayplanError, match="no identity matched"):
        read(path, age_key(tmp_path, "other.txt")[1])


def test_what_decrypts_and_is_no_backup_is_refused(key: tuple[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "x.age"
    for content in (b"hello", b"", bytes(100_000)):
        path.write_bytes(subprocess.run(["age", "-r", key[0]], input=content, capture_output=True, check=True).stdout)
        with pytest.raises(BayplanError, match="no backup of bayplan's"):
            read(path, key[1])


def test_without_a_key_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no key was named"):
        Age("").decrypt()
    with pytest.raises(UsageError, match="not a file"):
        Age("", tmp_path / "none").decrypt()


def test_old_ones_go_only_after_a_newer_one_is_there(key: tuple[str, Path], folder: Folder) -> None:
    folder.ready()
    old = [SERIES.name(datetime.now(UTC) - timedelta(days=days), "age") for days in (20, 15, 13)]
    strange = ["notes.txt", old[0].replace("shop", "shop2"), old[0] + ".part.bak"]
    for name in (*old, *strange, old[0] + ".part"):
        (folder.path / name).touch()
    with pytest.raises(CommandFailedError):
        take(Program("import sys; sys.exit(1)"), key[0], folder)
    assert set(old) <= set(folder.names())
    taken = work.retire(take(Program(), key[0], folder), SERIES, folder, 14)
    assert set(taken.deleted) == set(old[:2])
    assert set(folder.names()) == {old[2], *strange, taken.name}


def test_a_backup_counts_though_an_old_one_cannot_be_deleted(key: tuple[str, Path], folder: Folder) -> None:
    folder.ready()
    old = SERIES.name(datetime.now(UTC) - timedelta(days=99), "age")
    (folder.path / old).mkdir()

    class Listing(Folder):
        def names(self) -> tuple[str, ...]:
            return tuple(sorted(os.listdir(self.path)))  # noqa: PTH208 - the folder too

    there = Listing(folder.path, Local())
    taken = work.retire(take(Program(), key[0], there), SERIES, there, 14)
    assert taken.trouble
    assert read(folder.path / taken.name, key[1]) == taken.manifest


ENDLESS = "import time, os, sys\nwhile True: sys.stdout.buffer.write(os.urandom(65536)); time.sleep(0.001)"
RUN = """
import sys
from pathlib import Path
from bayplan.engines.backups.destination import Folder
from bayplan.run import Local
from tests.unit.backing import Program, take
take(Program(sys.argv[3]), sys.argv[1], Folder(Path(sys.argv[2]), Local()))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_one_that_is_killed_leaves_no_file_that_looks_like_a_backup(
    how: signal.Signals, key: tuple[str, Path], folder: Folder
) -> None:
    process = subprocess.Popen([sys.executable, "-c", RUN, key[0], folder.path, ENDLESS], cwd=Path(__file__).parents[2])
    began = monotonic()
    while not any(path.stat().st_size > 500_000 for path in folder.path.glob("*.part")):
        assert monotonic() - began < 30
        sleep(0.05)
    process.send_signal(how)
    process.wait(timeout=30)
    assert SERIES.among(folder.names()) == ()
    assert (folder.names() == ()) == (how is signal.SIGINT)
    sleep(1.1)
    taken = take(Program(), key[0], folder)
    assert folder.names() == (taken.name,)


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    needs("rclone")
    (tmp_path / "cloud").mkdir()
    monkeypatch.setenv("RCLONE_CONFIG", str(tmp_path / "rclone.conf"))
    monkeypatch.setenv("RCLONE_CONFIG_CLOUD_TYPE", "alias")
    monkeypatch.setenv("RCLONE_CONFIG_CLOUD_REMOTE", str(tmp_path / "cloud"))
    found = destination("rclone:cloud:shop", Local())
    assert isinstance(found, Remote)
    return found


def test_a_remote_of_rclones_is_as_good_as_a_folder(key: tuple[str, Path], remote: Remote, tmp_path: Path) -> None:
    taken = take(Program(), key[0], remote)
    assert remote.names() == (taken.name,)
    manifest = work.read(
        lambda steps: remote.giving(taken.name, steps), Age("", key[1]), taken.name, say=lambda _: None
    )
    assert manifest == taken.manifest
    old = SERIES.name(datetime.now(UTC) - timedelta(days=99), "age")
    (tmp_path / "cloud" / "shop" / old).touch()
    assert work.retire(taken, SERIES, remote, 14).deleted == (old,)
    assert remote.names() == (taken.name,)


def test_nothing_stays_at_a_remote_when_the_dump_fails(key: tuple[str, Path], remote: Remote, tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match="could not dump the store"):
        take(Program(NOISE.format(count=50) + "sys.exit(2)"), key[0], remote)
    assert list((tmp_path / "cloud" / "shop").iterdir()) == []


def test_a_remote_that_fails_is_named(key: tuple[str, Path], remote: Remote, tmp_path: Path) -> None:
    remote.ready()
    broken = Remote("nowhere:shop", remote.runner)
    with pytest.raises(CommandFailedError, match=r"rclone .*could not reach where the backups are kept"):
        broken.ready()
    shutil.rmtree(tmp_path / "cloud" / "shop")
    (tmp_path / "cloud" / "shop").write_text("in the way")
    with pytest.raises(CommandFailedError, match="rclone"):
        take(Program(), key[0], remote)


def test_a_remote_that_fails_half_way_is_the_cause_not_what_it_stops(
    key: tuple[str, Path], remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("rclone")
    fake = tmp_path / "bin" / "rclone"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\n[ "$2" = rcat ] || exec {real} "$@"\nhead -c 1000 >/dev/null\necho "quota exceeded" >&2\nexit 7\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(CommandFailedError, match="could not send the backup away") as failure:
        take(Program(NOISE.format(count=100)), key[0], remote)
    assert "quota exceeded" in failure.value.output
    assert remote.names() == ()


def restore(path: Path, secret: Path, program: Program) -> tuple[Contents, str, tuple[str, ...]]:
    manifest = read(path, secret)
    inside = program.inside("none", Local())
    return work.restore(
        opened(path), Age("", secret), path.name, manifest, program, inside, Room("none", "none"), say=lambda _: None
    )


def test_a_restore_loads_compares_and_only_then_swaps(key: tuple[str, Path], folder: Folder) -> None:
    program = Program("print('dump')")
    path = folder.path / take(program, key[0], folder).name
    found, old, back = restore(path, key[1], program)
    (target,) = program.loaded
    assert program.loaded[target] == b"dump\n"
    assert program.asked == ["room", f"swap {target}"]
    assert found == CONTENTS
    assert old.startswith("shop_before_2")
    assert back == ("back", "drop")


def test_a_restore_that_is_not_what_was_dumped_is_undone(key: tuple[str, Path], folder: Folder) -> None:
    path = folder.path / take(Program(), key[0], folder).name
    program = Program(found=Contents())
    with pytest.raises(BayplanError, match=r"not what was dumped: public\.items is missing"):
        restore(path, key[1], program)
    assert program.loaded == {}
    assert program.asked == ["room"]


def test_an_older_server_is_not_given_what_it_cannot_read(key: tuple[str, Path], folder: Folder) -> None:
    path = folder.path / take(Program(server="17.2 (Debian)"), key[0], folder).name
    with pytest.raises(UsageError, match=r"is of version 17\.2 .*, and this server is 15\.3"):
        restore(path, key[1], Program())


def test_gpg_is_as_good_as_age(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("gpg")
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    make = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "b@example.com", "default", "encr"]
    subprocess.run(make, check=True, capture_output=True)
    try:
        gpg = Gpg("b@example.com")
        try_out(gpg, Local())
        folder.ready()
        about = work.About(SERIES, "postgres", "postgres:15-alpine")
        program = Program()
        taken = work.take(about, program, program.inside("none", Local()), gpg, folder, say=lambda _: None)
        path = folder.path / taken.name
        assert path.name.endswith(".pgdump.gz.gpg")
        assert work.read(opened(path), Gpg(""), path.name, say=lambda _: None) == taken.manifest
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        with pytest.raises(BayplanError, match=DAMAGED):
            work.read(opened(path), Gpg(""), path.name, say=lambda _: None)
        path.write_bytes(data[: len(data) // 2])
        with pytest.raises(BayplanError, match=DAMAGED):
            work.read(opened(path), Gpg(""), path.name, say=lambda _: None)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=False)
