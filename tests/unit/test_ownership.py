"""No hand edit is ever lost, and a write happens wholly or not at all."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.errors import BayplanError, BrokenFileError, TryAgainError, UsageError
from bayplan.ownership import disk
from bayplan.ownership.action import InPlace, Kind, Plan, digest
from bayplan.ownership.apply import apply, repair
from bayplan.ownership.decide import Choice, decide
from bayplan.ownership.lock import parse, render
from bayplan.ownership.merge import merge
from bayplan.ownership.show import diff

DOCKERFILE = "apps/api/Dockerfile"
FIRST = {DOCKERFILE: "FROM node\nRUN one\nRUN two\nCMD x\n", ".dockerignore": "node_modules\n"}
SECOND = {DOCKERFILE: "FROM node:20\nRUN one\nRUN two\nCMD x\n", "docs/new/deployment.md": "# Deploy\n"}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process leaves behind when it is killed does not depend on what has reached the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def write(root: Path, wanted: Mapping[str, str], choice: Choice | None = None) -> Plan:
    repair(root)
    plan = decide(root, wanted, choice=choice)
    apply(root, plan)
    return plan


def kinds(plan: Plan) -> dict[str, Kind]:
    return {action.path: action.kind for action in plan.actions}


def contents(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".bayplan" not in path.parts
    }


def stamps(root: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in sorted(root.rglob("*"))}


class TestWhatHappensToAFile:
    def test_new_files_are_written_with_their_folders(self, tmp_path: Path) -> None:
        plan = write(tmp_path, FIRST)
        assert set(kinds(plan).values()) == {Kind.CREATE}
        assert contents(tmp_path) == FIRST

    def test_writing_twice_touches_nothing(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        before = stamps(tmp_path)
        plan = write(tmp_path, FIRST)
        assert set(kinds(plan).values()) == {Kind.UNCHANGED}
        assert not plan.drifts
        assert stamps(tmp_path) == before

    def test_an_untouched_file_is_replaced_and_one_no_longer_wanted_is_removed(self, tmp_path: Path) -> None:
        write(tmp_path, {**FIRST, "old/deep/file": "x\n"})
        plan = write(tmp_path, SECOND)
        assert kinds(plan) == {
            DOCKERFILE: Kind.REPLACE,
            "docs/new/deployment.md": Kind.CREATE,
            ".dockerignore": Kind.REMOVE,
            "old/deep/file": Kind.REMOVE,
        }
        assert contents(tmp_path) == SECOND
        assert not (tmp_path / "old").exists()

    def test_an_edit_by_hand_survives_our_change(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        (tmp_path / DOCKERFILE).write_text("FROM node\nRUN one\nRUN two\nENV MINE=1\nCMD x\n")
        assert kinds(write(tmp_path, {**FIRST}))[DOCKERFILE] is Kind.UNCHANGED
        assert kinds(write(tmp_path, SECOND))[DOCKERFILE] is Kind.MERGE
        assert (tmp_path / DOCKERFILE).read_text() == "FROM node:20\nRUN one\nRUN two\nENV MINE=1\nCMD x\n"
        assert not decide(tmp_path, SECOND).drifts

    def test_a_conflict_is_shown_and_the_file_left_alone(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        mine = "FROM debian\nRUN one\nRUN two\nCMD x\n"
        (tmp_path / DOCKERFILE).write_text(mine)
        plan = write(tmp_path, SECOND)
        conflict = next(action for action in plan.actions if action.path == DOCKERFILE)
        assert conflict.kind is Kind.CONFLICT
        (only,) = conflict.conflicts
        assert only.line == 1
        assert only.marked == "<<<<<<< your edit\nFROM debian\n=======\nFROM node:20\n>>>>>>> bayplan\n"
        assert (tmp_path / DOCKERFILE).read_text() == mine
        assert (tmp_path / "docs/new/deployment.md").exists(), "what does not conflict is written"
        assert kinds(write(tmp_path, SECOND))[DOCKERFILE] is Kind.CONFLICT, "until someone decides"

    def test_every_conflict_names_its_line_in_the_file_on_disk(self, tmp_path: Path) -> None:
        write(tmp_path, {"f": "a\nb\nc\nd\ne\n"})
        (tmp_path / "f").write_text("mine\nmore\nb\nc\nd\nyours\n")
        (action,) = decide(tmp_path, {"f": "1\nb\nC\nc\nd\n2\n"}).actions
        assert [conflict.line for conflict in action.conflicts] == [1, 6]

    def test_a_conflict_is_resolved_by_editing(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        (tmp_path / DOCKERFILE).write_text("FROM debian\nRUN one\nRUN two\nCMD y\n")
        assert kinds(write(tmp_path, SECOND))[DOCKERFILE] is Kind.CONFLICT
        (tmp_path / DOCKERFILE).write_text("FROM node:20\nRUN one\nRUN two\nCMD y\n")
        assert kinds(write(tmp_path, SECOND))[DOCKERFILE] is Kind.UNCHANGED

    def test_a_conflict_is_resolved_by_keeping_mine_and_later_changes_still_come(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        mine = "FROM debian\nRUN one\nRUN two\nCMD x\n"
        (tmp_path / DOCKERFILE).write_text(mine)
        assert kinds(write(tmp_path, SECOND, Choice(keep=[DOCKERFILE])))[DOCKERFILE] is Kind.KEEP
        assert (tmp_path / DOCKERFILE).read_text() == mine
        assert kinds(write(tmp_path, SECOND))[DOCKERFILE] is Kind.UNCHANGED
        write(tmp_path, {**SECOND, DOCKERFILE: "FROM node:20\nRUN one\nRUN two\nCMD z\n"})
        assert (tmp_path / DOCKERFILE).read_text() == "FROM debian\nRUN one\nRUN two\nCMD z\n"

    def test_a_conflict_is_resolved_by_adopting_and_a_copy_of_mine_is_kept(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        (tmp_path / DOCKERFILE).write_text("FROM debian\n")
        assert kinds(write(tmp_path, SECOND, Choice(adopt=[DOCKERFILE])))[DOCKERFILE] is Kind.ADOPT
        assert contents(tmp_path) == SECOND
        assert (tmp_path / ".bayplan/replaced" / DOCKERFILE).read_text() == "FROM debian\n"

    def test_a_file_of_someone_else_is_left_alone_until_it_is_adopted(self, tmp_path: Path) -> None:
        (tmp_path / ".dockerignore").write_text("mine\n")
        plan = write(tmp_path, FIRST)
        assert kinds(plan)[".dockerignore"] is Kind.FOREIGN
        assert (tmp_path / ".dockerignore").read_text() == "mine\n"
        assert not decide(tmp_path, FIRST).drifts
        write(tmp_path, FIRST, Choice(adopt_all=True))
        assert contents(tmp_path) == FIRST
        (tmp_path / ".dockerignore").write_text("mine again\n")
        write(tmp_path, {**FIRST, ".dockerignore": "other\n"}, Choice(adopt=[".dockerignore"]))
        copies = sorted(path.read_text() for path in (tmp_path / ".bayplan/replaced").iterdir())
        assert copies == ["mine\n", "mine again\n"]

    def test_adopting_everything_settles_no_conflict(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        (tmp_path / DOCKERFILE).write_text("FROM debian\n")
        assert kinds(write(tmp_path, SECOND, Choice(adopt_all=True)))[DOCKERFILE] is Kind.CONFLICT

    def test_a_file_that_is_already_what_we_want_is_ours_from_then_on(self, tmp_path: Path) -> None:
        (tmp_path / ".dockerignore").write_text(FIRST[".dockerignore"])
        write(tmp_path, FIRST)
        assert kinds(write(tmp_path, {**FIRST, ".dockerignore": "more\n"}))[".dockerignore"] is Kind.REPLACE

    def test_a_deleted_file_comes_back_and_says_so(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        (tmp_path / DOCKERFILE).unlink()
        plan = write(tmp_path, FIRST)
        assert next(action.note for action in plan.writing) == "it was deleted: written again"
        assert contents(tmp_path) == FIRST

    def test_an_edited_file_that_is_no_longer_wanted_stays(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        (tmp_path / ".dockerignore").write_text("mine\n")
        assert kinds(write(tmp_path, SECOND))[".dockerignore"] is Kind.KEEP
        assert (tmp_path / ".dockerignore").read_text() == "mine\n"
        assert ".dockerignore" not in kinds(decide(tmp_path, SECOND))

    def test_line_ends_of_the_checkout_are_no_edit_and_are_kept(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        file = tmp_path / DOCKERFILE
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
        assert kinds(decide(tmp_path, FIRST))[DOCKERFILE] is Kind.UNCHANGED
        write(tmp_path, SECOND)
        assert file.read_bytes() == SECOND[DOCKERFILE].replace("\n", "\r\n").encode()

    def test_an_edit_that_is_no_text_is_a_conflict(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        (tmp_path / DOCKERFILE).write_bytes(b"\xff\xfe")
        assert kinds(write(tmp_path, SECOND))[DOCKERFILE] is Kind.CONFLICT
        assert (tmp_path / DOCKERFILE).read_bytes() == b"\xff\xfe"

    def test_the_mode_of_a_file_is_kept_and_a_new_script_can_be_run(self, tmp_path: Path) -> None:
        write(tmp_path, {"run.sh": "#!/bin/sh\n", "plain": "a\n"})
        assert os.access(tmp_path / "run.sh", os.X_OK)
        (tmp_path / "plain").chmod(0o640)
        write(tmp_path, {"run.sh": "#!/bin/sh\n", "plain": "b\n"})
        assert (tmp_path / "plain").stat().st_mode & 0o777 == 0o640

    def test_a_choice_about_a_file_we_do_not_write_is_refused_with_a_near_miss(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            decide(tmp_path, FIRST, choice=Choice(adopt=["apps/api/Dockerfil"]))
        assert caught.value.remedy == f"did you mean {DOCKERFILE}?"


class TestAPartOfTheUsersFile:
    def test_it_is_changed_without_adoption_once(self, tmp_path: Path) -> None:
        file = tmp_path / "next.config.ts"
        file.write_text("export default {}\n")
        edit = InPlace(file.name, digest(file.read_bytes()), "export default { output: 'standalone' }\n")
        plan = decide(tmp_path, {}, [edit])
        assert kinds(plan) == {file.name: Kind.EDIT}
        apply(tmp_path, plan)
        assert file.read_text() == edit.text
        again = decide(tmp_path, {}, [InPlace(file.name, digest(file.read_bytes()), edit.text)])
        assert kinds(again) == {file.name: Kind.UNCHANGED}
        assert kinds(decide(tmp_path, {}, [edit])) == {file.name: Kind.UNCHANGED}

    def test_it_is_never_removed_later(self, tmp_path: Path) -> None:
        file = tmp_path / "next.config.ts"
        file.write_text("a\n")
        apply(tmp_path, decide(tmp_path, {}, [InPlace(file.name, digest(b"a\n"), "b\n")]))
        write(tmp_path, {})
        assert file.read_text() == "b\n"

    def test_it_is_left_alone_when_it_changed_since(self, tmp_path: Path) -> None:
        (tmp_path / "next.config.ts").write_text("changed\n")
        with pytest.raises(TryAgainError):
            decide(tmp_path, {}, [InPlace("next.config.ts", digest(b"before\n"), "after\n")])


class TestWhatIsRefused:
    @pytest.mark.parametrize("path", ["../out", "/etc/x", "a/../../b", ".git/hooks/pre-commit", ".bayplan/lock.json"])
    def test_paths_outside_or_not_ours(self, tmp_path: Path, path: str) -> None:
        with pytest.raises(BrokenFileError):
            decide(tmp_path, {path: "x"})

    @pytest.mark.parametrize("path", [".GIT/config", "a//b", "./a", ".", "a\0b", "sub/.git/config"])
    def test_paths_that_only_look_harmless(self, tmp_path: Path, path: str) -> None:
        with pytest.raises(BrokenFileError):
            decide(tmp_path, {path: "x"})

    def test_folders_and_files_that_are_links_out_of_the_repository(self, tmp_path: Path) -> None:
        root, outside = tmp_path / "root", tmp_path / "outside"
        root.mkdir()
        outside.mkdir()
        (outside / "victim").write_text("v")
        (root / "folder").symlink_to(outside)
        (root / "file").symlink_to(outside / "victim")
        (root / "dangling").symlink_to(outside / "new")
        for path in ("folder/x", "file", "dangling", "folder/deep/x"):
            with pytest.raises(BrokenFileError, match="out of the repository"):
                decide(root, {path: "x"})
        assert contents(outside) == {"victim": "v"}

    def test_a_link_inside_the_repository_is_written_through(self, tmp_path: Path) -> None:
        (tmp_path / "docker").mkdir()
        (tmp_path / "docker/real").write_text("a\n")
        (tmp_path / "link").symlink_to("docker/real")
        write(tmp_path, {"link": "b\n"}, Choice(adopt=["link"]))
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "docker/real").read_text() == "b\n"
        with pytest.raises(BrokenFileError, match="the same file"):
            decide(tmp_path, {"link": "b\n", "docker/real": "c\n"})

    def test_a_link_into_git(self, tmp_path: Path) -> None:
        (tmp_path / ".git/hooks").mkdir(parents=True)
        (tmp_path / "apps").symlink_to(".git/hooks")
        with pytest.raises(BrokenFileError):
            decide(tmp_path, {"apps/pre-commit": "x"})

    def test_our_own_folder_being_a_link(self, tmp_path: Path) -> None:
        root = tmp_path / "root"
        root.mkdir()
        (root / ".bayplan").symlink_to(tmp_path)
        with pytest.raises(BrokenFileError, match="must be a folder"):
            write(root, FIRST)

    def test_a_link_that_leads_to_itself(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(BayplanError):
            decide(tmp_path, {"loop": "x"})

    @pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
    def test_something_that_is_no_file(self, tmp_path: Path, make: Callable[[Path], None]) -> None:
        make(tmp_path / "Dockerfile")
        with pytest.raises(BrokenFileError):
            decide(tmp_path, {"Dockerfile": "x"})

    def test_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "apps").write_text("")
        with pytest.raises(BrokenFileError, match="should be the other"):
            decide(tmp_path, FIRST)

    def test_half_a_character(self, tmp_path: Path) -> None:
        with pytest.raises(BrokenFileError, match="half a character"):
            decide(tmp_path, {"a": "\ud800"})


class TestTheLock:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"[]",
            b"null",
            b'{"version": 2}',
            b'{"version": 1}',
            b'{"version": 1, "files": []}',
            b'{"version": 1, "files": {"a": null}}',
            b'{"version": 1, "files": {"a": {"sha256": "0", "lines": ["x"]}}}',
            b'{"version": 1, "files": {"a": {"sha256": "0", "lines": ["\\ud800"]}}}',
            b'{"version": 1, "files": {"../a": {"sha256": "0", "lines": ["x"]}}}',
            b"<<<<<<< HEAD\n",
            b"\xff",
            b"[" * 100_000,
        ],
    )
    def test_a_broken_one_is_named(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / ".bayplan").mkdir()
        (tmp_path / ".bayplan/lock.json").write_bytes(content)
        with pytest.raises(BrokenFileError) as caught:
            decide(tmp_path, FIRST)
        assert caught.value.remedy

    def test_a_lock_from_the_repository_cannot_reach_outside(self, tmp_path: Path) -> None:
        root = tmp_path / "root"
        (root / ".bayplan").mkdir(parents=True)
        (tmp_path / "victim").write_text("v")
        (root / "link").symlink_to(tmp_path / "victim")
        (root / ".bayplan/lock.json").write_text(render({"link": "v"}))
        with pytest.raises(BrokenFileError):
            write(root, {})
        assert (tmp_path / "victim").read_text() == "v"

    @given(st.dictionaries(st.from_regex(r"[a-z]{1,3}(/[a-z]{1,3})?", fullmatch=True), st.text(), max_size=4))
    def test_it_reads_what_it_wrote(self, files: dict[str, str]) -> None:
        assert parse(render(files).encode()) == files


LINES = st.lists(st.sampled_from("abcdef"), max_size=8).map(lambda lines: "".join(f"{line}\n" for line in lines))


class TestMerging:
    @given(LINES, LINES)
    def test_one_change_alone_is_taken(self, base: str, other: str) -> None:
        assert merge(base, other, base).text == other
        assert merge(base, base, other).text == other
        assert merge(base, other, other).text == other

    @given(LINES, LINES, st.integers(0, 8))
    def test_a_line_added_by_hand_is_never_lost(self, base: str, ours: str, where: int) -> None:
        lines = base.splitlines(keepends=True)
        yours = "".join([*lines[:where], "# mine\n", *lines[where:]])
        merged = merge(base, yours, ours)
        assert "# mine\n" in merged.text + "".join(conflict.yours for conflict in merged.conflicts)

    def test_a_missing_last_newline_is_no_conflict(self) -> None:
        assert merge("a\nb\nc\n", "a\nb\nc", "x\nb\nc\n").text == "x\nb\nc"


class TestDiff:
    def test_git_takes_it(self, tmp_path: Path) -> None:
        before, after = tmp_path / "before", tmp_path / "after"
        for root in (before, after):
            root.mkdir()
            write(root, {**FIRST, "bare": "no newline"})
        wanted = {**SECOND, "bare": "still none"}
        patch = diff(decide(before, wanted))
        write(after, wanted)
        subprocess.run(["git", "apply", "-"], cwd=before, input=patch, text=True, check=True)
        assert contents(before) == contents(after)

    def test_nothing_to_do_is_an_empty_patch(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        assert diff(decide(tmp_path, FIRST)) == ""


STEPS = ("put", "move", "remove", "make_folder", "sync")


@contextmanager
def interfering(at_step: int, act: Callable[[], None]) -> Iterator[list[int]]:
    """Let every step on the disk count, and do something before the given one."""
    real = {name: getattr(disk, name) for name in STEPS}
    count = [0]

    def counted(name: str) -> Callable[..., object]:
        def step(*arguments: object) -> object:
            count[0] += 1
            if count[0] == at_step:
                act()
            return real[name](*arguments)

        return step

    for name in STEPS:
        setattr(disk, name, counted(name))
    try:
        yield count
    finally:
        for name in STEPS:
            setattr(disk, name, real[name])


def steps_of_a_write(folder: Path) -> int:
    folder.mkdir()
    write(folder, FIRST)
    with interfering(0, lambda: None) as count:
        write(folder, SECOND)
    return count[0]


def outcome(act: Callable[[], None]) -> BayplanError | None:
    try:
        act()
    except BayplanError as error:
        return error
    return None


def staging(root: Path) -> list[Path]:
    return list((root / ".bayplan").glob("staging-*"))


class TestFailures:
    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
    def test_a_failure_at_any_step_leaves_everything_as_it_was(self, tmp_path: Path, code: int) -> None:
        def fail() -> None:
            raise OSError(code, os.strerror(code))

        for step in range(1, steps_of_a_write(tmp_path / "counted") + 1):
            root = tmp_path / str(step)
            root.mkdir()
            write(root, FIRST)
            lock = (root / ".bayplan/lock.json").read_bytes()
            plan = decide(root, SECOND)
            with interfering(step, fail):
                failure = outcome(partial(apply, root, plan))
            if failure is None:
                assert contents(root) == SECOND, f"step {step}: it must have been after the end"
            else:
                assert failure.remedy, f"step {step}"
                assert contents(root) == FIRST, f"step {step}"
                assert (root / ".bayplan/lock.json").read_bytes() == lock, f"step {step}"
            assert not staging(root), f"step {step}"
            write(root, SECOND)
            assert contents(root) == SECOND

    def test_a_file_that_cannot_be_finished_is_not_left_half(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: int) -> None:
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(BayplanError, match="the disk is full"):
            write(tmp_path, FIRST)
        assert [path.name for path in tmp_path.rglob("*")] == [".bayplan"]

    def test_an_interrupt_at_any_step_leaves_old_or_new(self, tmp_path: Path) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        for step in range(1, steps_of_a_write(tmp_path / "counted") + 1):
            root = tmp_path / str(step)
            root.mkdir()
            write(root, FIRST)
            plan = decide(root, SECOND)
            with interfering(step, interrupt), pytest.raises(KeyboardInterrupt):
                apply(root, plan)
            assert contents(root) in (FIRST, SECOND), f"step {step}"
            write(root, SECOND)
            assert contents(root) == SECOND
            assert not staging(root), f"step {step}"

    def test_a_kill_at_any_step_is_repaired_by_the_next_write(self, tmp_path: Path) -> None:
        for step in range(1, steps_of_a_write(tmp_path / "counted") + 1):
            root = tmp_path / str(step)
            root.mkdir()
            write(root, FIRST)
            plan = decide(root, SECOND)
            child = os.fork()
            if child == 0:
                with interfering(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                    apply(root, plan)
                os._exit(0)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
            for path, text in contents(root).items():
                assert text in (FIRST.get(path), SECOND.get(path)), f"step {step}: half a file"
            repair(root)
            assert contents(root) in (FIRST, SECOND), f"step {step}"
            assert not staging(root), f"step {step}"
            assert kinds(decide(root, contents(root))) == dict.fromkeys(contents(root), Kind.UNCHANGED)
            assert not decide(root, contents(root)).forgets_or_learns, f"step {step}: the lock does not fit the files"

    def test_a_kill_while_a_failure_is_undone_is_repaired_too(self, tmp_path: Path) -> None:
        def fail() -> None:
            raise OSError(errno.EIO, "broken")

        last = steps_of_a_write(tmp_path / "counted") - 3
        for later in range(1, 6):
            root = tmp_path / str(later)
            root.mkdir()
            write(root, FIRST)
            plan = decide(root, SECOND)
            child = os.fork()
            if child == 0:
                with (
                    interfering(last + later, lambda: os.kill(os.getpid(), signal.SIGKILL)),
                    interfering(last, fail),
                ):
                    try:
                        apply(root, plan)
                    except BayplanError:
                        os._exit(0)
                os._exit(1)
            os.waitpid(child, 0)
            repair(root)
            assert contents(root) in (FIRST, SECOND), f"{later} steps later"
            assert not staging(root)

    def test_what_someone_changed_after_a_kill_is_not_overwritten(self, tmp_path: Path) -> None:
        for step in range(1, steps_of_a_write(tmp_path / "counted") + 1):
            root = tmp_path / str(step)
            root.mkdir()
            write(root, FIRST)
            plan = decide(root, SECOND)
            child = os.fork()
            if child == 0:
                with interfering(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                    apply(root, plan)
                os._exit(0)
            os.waitpid(child, 0)
            with (root / DOCKERFILE).open("a") as file:
                file.write("# mine\n")
            write(root, SECOND)
            assert (root / DOCKERFILE).read_text() == SECOND[DOCKERFILE] + "# mine\n", f"step {step}"

    def test_a_file_that_changes_between_decision_and_write_stops_it(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        plan = decide(tmp_path, SECOND)
        (tmp_path / DOCKERFILE).write_text("mine\n")
        with pytest.raises(TryAgainError):
            apply(tmp_path, plan)
        assert contents(tmp_path) == {**FIRST, DOCKERFILE: "mine\n"}
        assert not staging(tmp_path)

    def test_a_lock_that_changes_between_decision_and_write_stops_it(self, tmp_path: Path) -> None:
        plan = decide(tmp_path, FIRST)
        write(tmp_path, {"other": "of another bayplan\n"})
        with pytest.raises(TryAgainError, match=r"lock\.json changed"):
            apply(tmp_path, plan)
        assert contents(tmp_path) == {"other": "of another bayplan\n"}

    def test_an_interrupt_after_the_last_step_takes_nothing_back(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, FIRST)
        move = disk.move

        def interrupted(source: Path, target: Path) -> None:
            move(source, target)
            if target.name == "lock.json":
                raise KeyboardInterrupt

        monkeypatch.setattr(disk, "move", interrupted)
        with pytest.raises(KeyboardInterrupt):
            apply(tmp_path, decide(tmp_path, SECOND))
        assert contents(tmp_path) == SECOND
        assert not decide(tmp_path, SECOND).forgets_or_learns
        assert not staging(tmp_path)

    @pytest.mark.parametrize(
        "journal",
        [
            "{",
            "[]",
            '{"moves": [{"path": "../x", "before": null, "after": "0", "new": "0", "old": null}], "folders": []}',
            '{"moves": [{"path": "a", "before": null, "after": "0", "new": "../../x", "old": null}], "folders": []}',
            '{"moves": [], "folders": ["../made"]}',
            '{"moves": [{"path": 1, "before": {}, "after": 2}], "folders": 3}',
        ],
    )
    def test_a_journal_from_the_repository_does_nothing(self, tmp_path: Path, journal: str) -> None:
        root = tmp_path / "root"
        folder = root / ".bayplan/staging-0"
        folder.mkdir(parents=True)
        (folder / "journal.json").write_text(journal)
        (folder / "undo.json").write_text(journal)
        (folder / "lock.new").write_text("{}")
        write(root, FIRST)
        assert contents(root) == FIRST
        assert not staging(root)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["root"]

    @pytest.mark.parametrize("staged", ["../../../outside", "0000.new"])
    def test_a_journal_from_the_repository_moves_nothing_but_what_it_staged(self, tmp_path: Path, staged: str) -> None:
        root = tmp_path / "root"
        folder = root / ".bayplan/staging-0"
        folder.mkdir(parents=True)
        (tmp_path / "outside").write_text("outside")
        (folder / "0000.new").write_text("not what the journal says")
        (folder / "lock.new").write_text(render({}))
        move = {"path": "a", "before": None, "after": digest(b"outside"), "new": staged, "old": None}
        (folder / "journal.json").write_text(json.dumps({"moves": [move], "folders": []}))
        assert repair(root) == ()
        assert contents(tmp_path) == {"outside": "outside"}


SCRIPT = """
import sys
from pathlib import Path
from bayplan.ownership.apply import apply, repair
from bayplan.ownership.decide import decide
root = Path(sys.argv[1])
repair(root)
while True:
    for number in (1, 2):
        wanted = {f"folder{n % (4 * number)}/file{n}": f"{number}\\n" * 50 for n in range(12 + number)}
        apply(root, decide(root, wanted))
        print(number, flush=True)
"""


class TestRealProcesses:
    def test_a_real_kill_at_any_time_leaves_one_version(self, tmp_path: Path) -> None:
        generator = random.Random(4)  # noqa: S311 - no secret depends on when a process is killed
        interrupted = 0
        for _ in range(40):
            process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)], stdout=subprocess.PIPE)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(generator.random() * 0.03)
            process.kill()
            process.communicate()
            interrupted += bool(staging(tmp_path))
            repair(tmp_path)
            assert not staging(tmp_path)
            number = (tmp_path / "folder0/file0").read_text()[0]
            assert set(contents(tmp_path).values()) == {f"{number}\n" * 50}
            assert len(contents(tmp_path)) == 12 + int(number)
            assert not decide(tmp_path, contents(tmp_path)).forgets_or_learns
        assert interrupted > 5, "the kills came too late to show anything"

    def test_two_at_once_do_not_mix(self, tmp_path: Path) -> None:
        script = SCRIPT.replace("while True:", "import time\nfor _ in range(15):")
        processes = [
            subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        for process in processes:
            error = process.communicate()[1]
            assert process.returncode == 0 or "TryAgainError" in error, error
        assert len(set(contents(tmp_path).values())) == 1
        assert not decide(tmp_path, contents(tmp_path)).forgets_or_learns

    def test_a_second_one_is_told_to_try_again(self, tmp_path: Path) -> None:
        plan = decide(tmp_path, FIRST)
        with disk.alone(tmp_path.resolve()), pytest.raises(TryAgainError, match="another bayplan"):
            apply(tmp_path, plan)

    @pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root; the failures above are injected")
    def test_a_real_full_disk_and_a_real_read_only_one(self, tmp_path: Path) -> None:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("this machine does not let a file system be mounted")
        try:
            write(tmp_path, FIRST)
            with pytest.raises(BayplanError, match="the disk is full"):
                write(tmp_path, {**SECOND, "large": "x" * 100_000})
            assert contents(tmp_path) == FIRST
            assert not staging(tmp_path)
            subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
            with pytest.raises(BayplanError, match="read-only"):
                write(tmp_path, SECOND)
            assert contents(tmp_path) == FIRST
        finally:
            subprocess.run(["umount", str(tmp_path)], check=True)
