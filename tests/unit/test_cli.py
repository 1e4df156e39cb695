"""The command line: what it shows, and which exit code it ends with."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from bayplan import __version__, pipeline
from bayplan.cli import init, main, plan, terminal, why
from bayplan.cli.parser import COMMANDS, Command, top_parser
from bayplan.engines.engine import DockerEngine
from bayplan.errors import (
    BayplanError,
    BrokenFileError,
    CommandFailedError,
    ConfigError,
    MissingToolError,
    TryAgainError,
    UsageError,
)
from bayplan.model.config import Config
from bayplan.model.front import Proxy, Site, Tls, TlsKind
from bayplan.model.image import Image, Stage
from bayplan.model.parts import Asked, Binding, Composed, Condition, Given, Health, Limits, Need, Note, Variable
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.model.workspace import Workspace
from bayplan.ownership import disk
from bayplan.ownership.action import InPlace, digest
from bayplan.readers.config import parse_config
from bayplan.source import At, Fact, Why
from bayplan.tree import Tree

Run = Callable[..., tuple[int, str, str]]

WHY = Why("ports", "it listens on PORT ?? 4000", At("apps/api/src/main.ts", 2, 10, 4))
SAYS = Why("test", "somebody said so")
DOCKERFILE = "apps/api/Dockerfile"
RENDERED = Rendered("FROM node:20\nEXPOSE 4000\nCMD x\n", ((1, 3, SAYS), (2, 2, WHY)))


def an_image() -> Image:
    return Image(DOCKERFILE, ".", (Stage("run", "node:20-alpine", (), SAYS),))


def a_service(**changes: object) -> Service:
    service = {
        "name": "api",
        "package": "apps/api",
        "role": Fact(Role.WEB, WHY),
        "image": an_image(),
        "command": Fact(("node", "dist/main.js"), SAYS),
        "limits": Limits(512, 1.0),
        "port": Fact(4000, WHY),
        "health": Health(SAYS, "/api/health"),
        "binding": Binding(8080, "127.0.0.1", SAYS),
        "needs": (Need("postgres", Condition.HEALTHY, SAYS),),
        "variables": (
            Variable("DATABASE_URL", Composed((Given("postgres://"), Asked("PASSWORD"))), SAYS),
            Variable("JWT_SECRET", Asked("JWT_SECRET"), SAYS, secret=True, uses=(At("apps/api/src/jwt.ts", 3),)),
            Variable("API_KEY", Given("sk-do-not-show"), SAYS, secret=True, purpose="payments"),
            Variable("LOG_LEVEL", Asked("LOG_LEVEL", "info", required=False), SAYS),
        ),
    }
    return Service(**{**service, **changes})  # type: ignore[arg-type]


def a_stack(*services: Service, notes: tuple[Note, ...] = ()) -> Stack:
    store = Store(
        name="postgres",
        kind="postgres",
        image=Fact("postgres:15-alpine", SAYS),
        port=5432,
        health=Health(SAYS, command=("pg_isready",)),
        data="/var/lib/postgresql/data",
        volume="postgres-data",
        limits=Limits(512, 1.0),
        why=SAYS,
    )
    return Stack("forgestack", "production", Fact("20", SAYS), services or (a_service(),), (store,), notes=notes)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for which the pipeline plans one service and one Dockerfile."""
    root = tmp_path / "repo"
    (root / "apps/api/src").mkdir(parents=True)
    (root / "apps/api/src/main.ts").write_text("// main\nlisten(PORT ?? 4000)\n")
    state = {"files": {DOCKERFILE: RENDERED}, "stack": a_stack(), "edits": ()}

    def planned(folder: Path, environment: str | None = None) -> pipeline.Planned:
        del environment
        tree = Tree(folder)
        workspace = Workspace.__new__(Workspace)
        stacks = (state["stack"],)
        return pipeline.Planned(tree, workspace, Config(), stacks=stacks, **state)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "plan", planned)
    monkeypatch.setattr(pipeline, "refuse_unbuildable", lambda _: None)
    monkeypatch.setattr(pipeline, "check_writes", lambda found, _: (found.tree, (), ()))
    monkeypatch.setattr(sys.modules[__name__], "STATE", state, raising=False)
    monkeypatch.chdir(root)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return root


STATE: dict[str, object] = {}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*argv: str) -> tuple[int, str, str]:
        code = main(argv)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(_: Path, environment: str | None = None) -> None:
        del environment
        raise error

    monkeypatch.setattr(pipeline, "plan", fail)


class TestHelp:
    def test_it_lists_every_command_along_the_road(self, run: Run) -> None:
        code, out, _ = run("--help")
        assert code == 0
        places = [out.index(f"\n  {command.name:<12}{command.summary}\n") for command in COMMANDS]
        assert places == sorted(places)

    def test_it_is_what_bayplan_alone_shows(self, run: Run) -> None:
        assert run() == run("--help")

    def test_its_lines_fit_a_screen(self, run: Run) -> None:
        assert max(len(line) for line in run("--help")[1].splitlines()) <= 120

    def test_it_imports_nothing_heavy(self) -> None:
        script = "import sys; from bayplan.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        loaded = set(done.stderr.split())
        heavy = {"yaml", "rich", "tree_sitter", "merge3", "shtab", "json", "subprocess", "bayplan.pipeline"}
        assert not loaded & heavy
        assert not {command.module for command in COMMANDS} & loaded

    def test_a_command_imports_no_other_command(self) -> None:
        script = "import sys; from bayplan.cli import main; main(['schema']); print(*sys.modules, file=sys.stderr)"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert {command.module for command in COMMANDS} & set(done.stderr.split()) == {"bayplan.cli.schema"}

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.name))
    def test_every_command_explains_itself(self, command: Command, run: Run) -> None:
        code, out, _ = run(command.name, "--help")
        assert code == 0
        assert f"usage: bayplan {command.name}" in out

    def test_the_version(self, run: Run) -> None:
        assert run("--version") == (0, f"bayplan {__version__}\n", "")

    def test_as_a_module(self) -> None:
        done = subprocess.run([sys.executable, "-m", "bayplan", "wirte"], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr == "error: there is no command `wirte`\nhelp: did you mean `write`?\n"


class TestWrongCommandLines:
    @pytest.mark.parametrize(
        ("argv", "said"),
        [
            (["wirte"], "did you mean `write`?"),
            (["zzzzz"], "help: there are plan, write, check"),
            (["write", "--chek"], "takes no option `--chek`\nhelp: did you mean `--check`?"),
            (["write", "--dif=x"], "did you mean `--diff`?"),
            (["write", "a", "b"], "takes no argument `b`"),
            (["--color", "alway", "schema"], "there is no value of --color `alway`\nhelp: did you mean `always`?"),
            (["completion", "fsh"], "did you mean `fish`?"),
            (["why"], "the following arguments are required: FILE:LINE\nhelp: `bayplan why --help`"),
            (["write", "--adopt"], "expected one argument"),
            (["-C", "nowhere", "schema"], "nowhere is not a folder"),
            (["plan", "nowhere"], "nowhere is not a folder"),
        ],
    )
    def test_say_what_was_probably_meant(self, run: Run, repository: Path, argv: list[str], said: str) -> None:
        del repository
        code, out, err = run(*argv)
        assert (code, out) == (2, "")
        assert said in err
        assert "Traceback" not in err

    def test_options_stand_before_or_after_the_command(self, run: Run, repository: Path, tmp_path: Path) -> None:
        os.chdir(tmp_path)
        assert run("-C", "repo", "plan") == run("plan", "-C", "repo") == run("plan", "repo")
        assert run("-C", ".", "plan", "repo")[0] == 0
        assert repository.is_dir()


class TestFailures:
    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (BayplanError("wrong", remedy="do this"), 1),
            (BrokenFileError("wrong", remedy="do this"), 1),
            (UsageError("wrong", remedy="do this"), 2),
            (MissingToolError("wrong", remedy="do this"), 3),
            (CommandFailedError("wrong", remedy="do this"), 4),
            (TryAgainError("wrong", remedy="do this"), 75),
        ],
    )
    def test_each_kind_has_its_exit_code(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch, error: BayplanError, code: int
    ) -> None:
        del repository
        failing(monkeypatch, error)
        assert run("plan") == (code, "", "error: wrong\nhelp: do this\n")

    def test_the_place_is_shown_with_its_line(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del repository
        failing(monkeypatch, BrokenFileError("wrong", at=At("apps/api/src/main.ts", 2, 8, 4)))
        assert run("plan")[2].splitlines() == [
            "error: wrong",
            "  --> apps/api/src/main.ts:2:8",
            "  2 | listen(PORT ?? 4000)",
            "    |        ^^^^",
        ]

    def test_every_mistake_of_the_configuration_is_shown(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = "version: 1\nservices:\n  api:\n    prot: 1\nnode: x\n"
        (repository / "bayplan.yaml").write_text(text)
        with pytest.raises(ConfigError) as caught:
            parse_config(text)
        failing(monkeypatch, caught.value)
        code, _, err = run("plan")
        assert code == 2
        assert (
            "  4 |     prot: 1\n    |     ^^^^ services.api.prot: there is no key `prot`; did you mean `port`?\n" in err
        )
        assert "  5 | node: x\n    |       ^ node: expected a whole number from 1 to 99" in err

    def test_a_place_that_cannot_be_read_is_still_named(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del repository
        for at in (At("gone", 3, 1), At("apps/api/src/main.ts", 99, 1), At("../../x", 1, 1), At("apps", 1)):
            failing(monkeypatch, BrokenFileError("wrong", at=at))
            code, _, err = run("plan")
            assert code == 1
            assert f"  --> {at}" in err

    def test_a_line_of_enormous_length_is_cut_around_its_place(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (repository / "min.js").write_text("x" * 5000 + "HERE" + "y" * 5000)
        failing(monkeypatch, BrokenFileError("wrong", at=At("min.js", 1, 5001, 4)))
        *_, line, mark = run("plan")[2].splitlines()
        assert len(line) < 150
        assert line[mark.index("^") : mark.rindex("^") + 1] == "HERE"

    def test_the_last_words_of_another_program_are_shown(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del repository
        failing(monkeypatch, CommandFailedError("`docker` failed", output="one\nno space left\x1b[2J"))
        assert run("plan")[2] == "error: `docker` failed\n  | one\n  | no space left\\x1b[2J\n"

    def test_text_of_the_repository_cannot_steer_the_terminal(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (repository / "evil").write_text("a\x1b]0;title\x07b\u202ec\n")
        failing(monkeypatch, BrokenFileError("bad\x1b[31m", remedy="\x9b1m", at=At("evil", 1, 1, 1)))
        err = run("plan")[2]
        assert "\x1b" not in err
        assert "\x9b" not in err
        assert "\u202e" not in err
        assert "a\\x1b]0;title\\x07b\\u202ec" in err

    def test_an_interrupt_is_one_line(self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        del repository
        failing(monkeypatch, KeyboardInterrupt())
        assert run("plan") == (130, "", "\ninterrupted\n")

    def test_anything_else_is_our_bug_and_names_no_machine(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del repository
        failing(monkeypatch, ZeroDivisionError("oops"))
        code, _, err = run("plan")
        assert code == 70
        assert "ZeroDivisionError: oops" in err
        assert "this is a bug of bayplan" in err
        assert f"bayplan {__version__}, Python 3." in err
        assert os.uname().nodename not in err.split("this is a bug")[1]

    def test_verbose_shows_where_a_failure_comes_from(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del repository
        failing(monkeypatch, BayplanError("wrong"))
        assert "Traceback" in run("plan", "-v")[2]

    def test_nobody_listening_is_quiet(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "bayplan", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        assert process.communicate()[1] == b""
        assert process.returncode == 141

    def test_a_terminal_that_knows_only_ascii_gets_escapes(self) -> None:
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        done = subprocess.run(
            [sys.executable, "-m", "bayplan", "wr\u00fcte"], capture_output=True, env=environment, check=False
        )
        assert b"there is no command `wr\\xfcte`" in done.stderr


class TestColours:
    def test_they_are_off_unless_it_is_a_terminal_or_they_are_asked_for(self, run: Run, repository: Path) -> None:
        del repository
        assert "\x1b[" not in run("plan")[1]
        assert "\x1b[" in run("--color", "always", "plan")[1]
        assert "\x1b[" not in run("plan", "--color", "never")[1]

    def test_no_color_is_obeyed_and_the_option_is_stronger(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del repository
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        assert not terminal.coloured()
        assert "\x1b[" in run("--color", "always", "plan")[1]


class TestTables:
    def test_empty_columns_are_left_out(self) -> None:
        assert terminal.table(("A", "B", "C"), [("one", "", ""), ("x", "", "three")]) == (
            "  A    C\n  one\n  x    three"
        )

    def test_a_cell_cannot_break_its_line(self) -> None:
        assert terminal.table(("A",), [("x\n\x1b[2J",)]) == "  A\n  x\\n\\x1b[2J"


class TestPlan:
    def test_it_shows_services_stores_and_variables(self, run: Run, repository: Path) -> None:
        del repository
        code, out, _ = run("plan")
        assert code == 0
        assert "forgestack on Node.js 20" in out
        service = next(line for line in out.splitlines() if line.startswith("api "))
        assert re.split(" {2,}", service) == [
            *("api", "web", "4000", "127.0.0.1:8080 to 4000", "/api/health"),
            *("postgres (healthy)", "node:20-alpine", "node dist/main.js"),
        ]
        assert "postgres:15-alpine" in out
        assert "postgres://${PASSWORD}" in out

    def test_what_only_the_compose_file_and_the_proxy_ask_for_is_shown_too(self) -> None:
        pulled = Composed((Given("ghcr.io/"), Asked("OWNER"), Given("/api:"), Asked("TAG", default="latest")))
        tls = Tls(TlsKind.AUTOMATIC, SAYS, dns="hetzner", token=Asked("HETZNER_API_TOKEN"))
        sites = (Site(("${DOMAIN}",), SAYS),)
        bindings = (Binding(443, Asked("PUBLIC_IP"), SAYS),)
        limits, health = Limits(64, 1.0), Health(SAYS, "/")
        front = Proxy("caddy", Fact("caddy:2", SAYS), sites, tls, bindings, "Caddyfile", SAYS, limits, health)
        (shown,) = (
            each for each in plan.sections(replace(a_stack(a_service(pulled=pulled)), proxy=front)) if "PURPOSE" in each
        )
        rows = {line.split()[0]: re.split(" {2,}", line)[1:3] for line in shown.splitlines()}
        assert rows["OWNER"] == ["compose", "you give it"]
        assert rows["TAG"] == ["compose", "latest"]
        assert rows["DOMAIN"] == ["caddy", "you give it"]
        assert rows["PUBLIC_IP"] == ["compose", "you give it"]
        assert rows["HETZNER_API_TOKEN"] == ["caddy", "you give it"]
        assert re.search("HETZNER_API_TOKEN .* secret ", shown)
        assert shown.count("JWT_SECRET") == 1

    def test_a_secret_is_never_shown(self, run: Run, repository: Path) -> None:
        del repository
        for argv in (["plan"], ["plan", "--why"], ["plan", "--json"]):
            assert "sk-do-not-show" not in run(*argv)[1]

    def test_reasons_name_their_place(self, run: Run, repository: Path) -> None:
        del repository
        assert "port 4000: it listens on PORT ?? 4000 (apps/api/src/main.ts:2)" in run("plan", "--why")[1]

    def test_json_holds_everything(self, run: Run, repository: Path) -> None:
        del repository
        document = json.loads(run("plan", "--json")[1])
        assert document["services"][0]["port"]["value"] == 4000
        assert document["services"][0]["role"]["value"] == "web"
        assert document["files"] == [DOCKERFILE]

    def test_notes_come_last(self) -> None:
        *_, last = plan.sections(a_stack(notes=(Note("api", "Node.js 20 has reached its end", At("package.json", 3)),)))
        assert last == "note: api: Node.js 20 has reached its end (package.json:3)"

    def test_a_repository_without_anything_to_run_says_so(self) -> None:
        empty = Stack("x", "production", Fact("20", SAYS), (), ())
        assert "Nothing that could run was found." in list(plan.sections(empty))


class TestWrite:
    def test_it_writes_says_so_and_does_nothing_twice(self, run: Run, repository: Path) -> None:
        assert run("write") == (0, f"  created     {DOCKERFILE}\n", "")
        assert (repository / DOCKERFILE).read_text() == RENDERED.text
        assert run("write") == (0, "nothing to write: 1 file is as bayplan would write it\n", "")

    def test_check_writes_nothing_and_fails_on_drift(self, run: Run, repository: Path) -> None:
        code, out, _ = run("write", "--check")
        assert code == 1
        assert out.startswith(f"  create      {DOCKERFILE}\n")
        assert "`bayplan write` makes them" in out
        assert not (repository / DOCKERFILE).exists()
        assert not (repository / ".bayplan").exists()
        run("write")
        assert run("write", "--check")[0] == 0

    def test_diff_is_a_patch_that_git_takes(self, run: Run, repository: Path) -> None:
        code, out, _ = run("write", "--diff")
        assert code == 0
        assert not (repository / DOCKERFILE).exists()
        subprocess.run(["git", "apply", "-"], input=out, text=True, check=True, cwd=repository)
        assert (repository / DOCKERFILE).read_text() == RENDERED.text

    def test_a_conflict_is_shown_and_settled_by_keeping(self, run: Run, repository: Path) -> None:
        run("write")
        (repository / DOCKERFILE).write_text("FROM debian\nEXPOSE 4000\nCMD x\n")
        STATE["files"] = {DOCKERFILE: Rendered(RENDERED.text.replace(":20", ":22"))}
        code, out, _ = run("write")
        assert code == 1
        assert f"  --> {DOCKERFILE}:1\n   | <<<<<<< your edit\n   | FROM debian\n   | =======\n" in out
        assert f"bayplan write --keep {DOCKERFILE}" in out
        assert run("write", "--check")[0] == 1
        assert run("write", "--keep", DOCKERFILE)[0] == 0
        assert run("write")[0] == 0
        assert (repository / DOCKERFILE).read_text().startswith("FROM debian\n")

    def test_a_file_of_the_user_is_left_alone_and_adopted_when_asked(self, run: Run, repository: Path) -> None:
        (repository / DOCKERFILE).write_text("mine\n")
        code, out, _ = run("write")
        assert code == 0
        assert f"bayplan write --adopt {DOCKERFILE}" in out
        assert (repository / DOCKERFILE).read_text() == "mine\n"
        os.chdir(repository / "apps")
        assert run("write", "-C", "..", "--adopt", "api/Dockerfile")[0] == 0
        assert (repository / DOCKERFILE).read_text() == RENDERED.text

    def test_a_part_of_the_users_file_is_edited(self, run: Run, repository: Path) -> None:
        file = repository / "next.config.ts"
        file.write_text("old\n")
        STATE["edits"] = (InPlace(file.name, digest(b"old\n"), "new\n"),)
        assert "edited      next.config.ts" in run("write")[1]
        assert file.read_text() == "new\n"
        assert run("write", "--check")[0] == 0

    def test_what_a_kill_left_is_finished_first(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        move = disk.move
        child = os.fork()
        if child == 0:
            monkeypatch.setattr(
                disk, "move", lambda source, target: os._exit(9) if target.name == "lock.json" else move(source, target)
            )
            main(["write"])
            os._exit(0)
        os.waitpid(child, 0)
        assert "repaired" in run("write")[1]
        assert not list((repository / ".bayplan").glob("staging-*"))

    def test_an_unknown_path_gets_a_near_miss(self, run: Run, repository: Path) -> None:
        del repository
        assert run("write", "--adopt", "apps/api/Dokerfile")[2].endswith(f"did you mean `{DOCKERFILE}`?\n")

    def test_what_failed_is_not_said_to_be_done(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device", DOCKERFILE)

        monkeypatch.setattr(disk, "put", full)
        code, out, err = run("write")
        assert (code, out) == (1, "")
        assert "the disk is full" in err
        assert not (repository / DOCKERFILE).exists()

    def test_a_second_bayplan_is_told_to_try_again(self, run: Run, repository: Path) -> None:
        with disk.alone(repository):
            assert run("write")[0] == 75


class TestWhy:
    def test_it_names_the_reason_and_shows_the_line_that_decided(self, run: Run, repository: Path) -> None:
        run("write")
        code, out, _ = run("why", f"{DOCKERFILE}:2")
        assert code == 0
        assert out.splitlines() == [
            f"{DOCKERFILE}:2  EXPOSE 4000",
            "  it listens on PORT ?? 4000",
            "  --> apps/api/src/main.ts:2:10",
            "  2 | listen(PORT ?? 4000)",
            "    |          ^^^^",
        ]
        assert repository.is_dir()

    def test_a_line_that_moved_is_found_again_and_a_line_of_the_user_is_not_ours(
        self, run: Run, repository: Path
    ) -> None:
        run("write")
        (repository / DOCKERFILE).write_text("# mine\n" + RENDERED.text)
        assert "it listens on" in run("why", f"{DOCKERFILE}:3")[1]
        assert "it was edited by hand" in run("why", f"{DOCKERFILE}:1")[1]

    def test_without_a_line_everything_is_explained(self, run: Run, repository: Path) -> None:
        del repository
        out = run("why", DOCKERFILE)[1]
        assert f"{DOCKERFILE}:1-3  FROM node:20\n  somebody said so" in out
        assert f"{DOCKERFILE}:2  EXPOSE 4000" in out

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            (f"{DOCKERFILE}:9", "has no line 9"),
            (f"{DOCKERFILE}:0", "has no line 0"),
            ("apps/api/Dockrfile:2", f"did you mean `{DOCKERFILE}`?"),
            ("", "bayplan writes no file"),
            ("../../etc/passwd:1", "bayplan writes no file"),
            ("\0:1", "bayplan writes no file"),
        ],
    )
    def test_what_it_cannot_explain(self, run: Run, repository: Path, typed: str, said: str) -> None:
        del repository
        code, _, err = run("why", typed)
        assert code == 2
        assert said in err

    def test_a_place_as_a_compiler_writes_it(self) -> None:
        assert why.place("a:b/c:12:4") == ("a:b/c", 12)
        assert why.place("a b") == ("a b", None)


class TestInit:
    def test_it_asks_only_for_what_is_missing(self, run: Run, repository: Path) -> None:
        STATE["stack"] = a_stack(a_service(health=None), notes=(Note("web", "no port\nwas found"),))
        code, out, _ = run("init")
        assert code == 0
        assert out == "wrote bayplan.yaml: it has 3 keys for you to fill in\n"
        text = (repository / "bayplan.yaml").read_text()
        assert "# web: no port\\nwas found\n" in text
        assert "  JWT_SECRET:  # read in apps/api/src/jwt.ts:3\n    purpose:" in text
        assert "LOG_LEVEL" not in text, "it has a default"
        assert "API_KEY" not in text, "its purpose is known"

    def test_what_it_writes_changes_nothing_until_it_is_filled_in(self, run: Run, repository: Path) -> None:
        run("init")
        config = parse_config((repository / "bayplan.yaml").read_text())
        assert not any(each.purpose for each in config.variables.values())
        assert config.name is None

    def test_it_never_touches_a_file_that_is_there(self, run: Run, repository: Path) -> None:
        (repository / "bayplan.yml").symlink_to("nowhere")
        code, _, err = run("init")
        assert code == 1
        assert "bayplan.yml exists already" in err
        assert not (repository / "bayplan.yaml").exists()

    def test_hostile_names_stay_comments(self) -> None:
        service = a_service(name='x"\n: y', health=None)
        evil = Note("a\nversion: 2", "b\r\nservices: 1", At("c\nnode: 3"))
        text = init.begun(a_stack(service, notes=(evil,)))
        assert next(line for line in text.splitlines() if not line.startswith("#")) == "version: 1"
        assert "\nnode: 3" not in text
        assert "\nservices: 1" not in text


class TestCompletion:
    @pytest.mark.skipif(any(find_spec(command.module) is None for command in COMMANDS), reason="a command is missing")
    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_every_shell_gets_a_script_it_can_read(self, run: Run, shell: str) -> None:
        code, out, _ = run("completion", shell)
        assert code == 0
        assert "adopt-all" in out
        program = shutil.which(shell)
        assert "`" not in re.sub(r"(?m)^ *#.*$", "", out), "a shell would run what stands between them"
        if program:
            subprocess.run([program, "-n"], input=out, text=True, check=True)


def test_every_command_takes_the_global_options() -> None:
    _, parsers = top_parser()
    for parser in parsers.values():
        assert {"-C", "--color", "-v"} <= {name for action in parser.actions() for name in action.option_strings}


class TestRunning:
    def test_a_platform_that_does_not_exist_is_refused_with_the_nearest(self, run: Run) -> None:
        code, _, err = run("build", "--platform", "linux/arm46", "--dry-run")
        assert code == 2
        assert "there is no value of --platform `linux/arm46`" in err
        assert "did you mean `linux/arm64`?" in err

    def test_verify_where_nothing_runs_fails_and_makes_nothing(
        self, run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (repository / "docker-compose.prod.yml").write_text("services: {}\n")
        monkeypatch.setattr(DockerEngine, "check", lambda _: "28")
        monkeypatch.setattr(DockerEngine, "containers", lambda _: ())
        code, _, err = run("verify")
        assert code == 1
        assert "nothing of the stack" in err
        assert "bayplan up" in err
        assert not (repository / ".bayplan/run.env").exists()
