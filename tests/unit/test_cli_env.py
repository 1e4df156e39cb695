"""`bayplan env`, as it is typed."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from bayplan import pipeline
from bayplan.cli.main import main
from bayplan.cli.session import open_session
from bayplan.engines.engine import DockerEngine
from tests.unit.planning import Repository, server

CODE = server(
    4100,
    "const env = z.object({\n"
    "  JWT_SECRET: z.string(),\n"
    "  STRIPE_SECRET_KEY: z.string(),\n"
    "  API_URL: z.string().url(),\n"
    "  MODE: z.enum(['fast', 'slow']).default('fast'),\n"
    "}).parse(process.env);\n",
)
STRONG = "4f9d0c1ab27e63885a0e19d7c6b4f2a1"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    Repository(tmp_path).app("api", "import { z } from 'zod';\n" + CODE, zod="4.0.0")
    return tmp_path


def env(shop: Path, *words: str) -> int:
    return main(["-C", str(shop), "env", *words])


@pytest.mark.requirement("CB-17")
def test_a_new_file_is_private_and_says_what_is_left(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert env(shop, "new") == 0
    said = capsys.readouterr().out
    text = (shop / ".env").read_text()
    made = re.search(r"^JWT_SECRET=([0-9a-f]{64})$", text, re.MULTILINE)
    assert made is not None
    assert made[1] not in said
    assert "fresh secrets: JWT_SECRET" in said
    assert re.search(r"STRIPE_SECRET_KEY .*Stripe's dashboard", said)
    assert (shop / ".env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("what", ["new", "check"])
def test_a_stack_that_takes_no_values_needs_no_file(
    tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Repository(tmp_path).app("api", server(4100))
    assert env(tmp_path, what) == 0
    assert "needs no .env" in capsys.readouterr().out
    assert not (tmp_path / ".env").exists()


def test_the_check_of_a_new_file_finds_exactly_what_is_left(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env(shop, "new")
    capsys.readouterr()
    assert env(shop, "check") == 1
    said = capsys.readouterr().out
    assert re.findall(r"^error\[missing-value\]: (\w+) is empty", said, re.MULTILINE) == [
        "STRIPE_SECRET_KEY",
        "API_URL",
    ]
    assert said.endswith("2 errors in 1 file\n")


def test_a_filled_in_file_draws_no_finding(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env(shop, "new")
    text = (shop / ".env").read_text()
    filled = text.replace("API_URL=", "API_URL=https://api.shop.dev").replace(
        "STRIPE_SECRET_KEY=", f"STRIPE_SECRET_KEY={STRONG}"
    )
    (shop / ".env").write_text(filled)
    capsys.readouterr()
    assert env(shop, "check") == 0
    assert capsys.readouterr().out == "no findings\n"


def test_no_value_is_ever_shown(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / ".env").write_text(
        "JWT_SECRET=tiny-Q7\nAPI_URL=hidden-Q7\nMODE=odd-Q7\nLOST=lost-Q7\nbare-Q7\nbareQ7\nX='open-Q7\n"
    )
    assert env(shop, "check") == 1
    assert env(shop, "new", "--add") == 0
    out = capsys.readouterr()
    assert "Q7" not in out.out + out.err


def test_a_secret_of_the_committed_example_is_not_shown_either(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "apps/api/.env.example").write_text(f"JWT_SECRET={STRONG}\n")
    (shop / ".env").write_text(f"JWT_SECRET={STRONG}\n")
    assert env(shop, "check") == 1
    said = capsys.readouterr().out
    assert "published-secret" in said
    assert "apps/api/.env.example:1" in said
    assert STRONG not in said


def test_a_file_that_is_there_is_left_as_it_is(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / ".env").write_text("MINE=1\n")
    assert env(shop, "new") == 2
    assert "--add" in capsys.readouterr().err
    assert (shop / ".env").read_text() == "MINE=1\n"


def test_adding_keeps_every_byte_and_a_copy(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = f"# mine\r\nSTRIPE_SECRET_KEY='{STRONG}'\r\nJWT_SECRET=\r\nODD=é"
    (shop / ".env").write_bytes(before.encode())
    (shop / ".env").chmod(0o640)
    assert env(shop, "new", "--add") == 0
    after = (shop / ".env").read_bytes().decode()
    assert re.sub(r"(?<=JWT_SECRET=)[0-9a-f]{64}", "", after).startswith(before)
    assert re.search(r"^API_URL=$", after, re.MULTILINE)
    assert after.count("STRIPE_SECRET_KEY") == 1
    assert (shop / ".env").stat().st_mode & 0o777 == 0o600
    (copy,) = (shop / ".bayplan/env").iterdir()
    assert copy.read_bytes() == before.encode()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.name in capsys.readouterr().out


def test_adding_twice_adds_once(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / ".env").write_text("")
    env(shop, "new", "--add")
    once = (shop / ".env").read_text()
    capsys.readouterr()
    assert env(shop, "new", "--add") == 0
    assert "lacks nothing that can be made" in capsys.readouterr().out
    assert (shop / ".env").read_text() == once


def test_adding_leaves_a_misspelt_line_to_its_owner(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / ".env").write_text(f"JWT_SECERT={STRONG}\n")
    env(shop, "new", "--add")
    assert "line 1 says JWT_SECERT: did you mean JWT_SECRET?" in capsys.readouterr().out
    assert "JWT_SECRET=" not in (shop / ".env").read_text()


def test_what_a_trial_made_is_taken_over_for_its_data(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / ".bayplan").mkdir()
    (shop / ".bayplan/run.env").write_text(f"JWT_SECRET={STRONG}\nAPI_URL=development\n")
    (shop / ".bayplan/run.env").chmod(0o600)
    env(shop, "new")
    assert f"\nJWT_SECRET={STRONG}\n" in (shop / ".env").read_text()
    said = capsys.readouterr().out
    assert "made for a trial" in said
    assert STRONG not in said


def test_what_came_with_the_repository_is_nobodys_secret(shop: Path) -> None:
    (shop / ".bayplan").mkdir()
    (shop / ".bayplan/run.env").write_text(f"JWT_SECRET={STRONG}\n")
    (shop / ".bayplan/run.env").chmod(0o644)
    env(shop, "new")
    assert STRONG not in (shop / ".env").read_text()


def test_another_file_may_be_named(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("srv") / "shop.env"
    assert env(shop, "check", str(file)) == 2
    assert env(shop, "new", str(file)) == 0
    assert env(shop, "check", str(file)) == 1
    assert not (shop / ".env").exists()


def test_a_folder_that_leads_out_of_the_repository_gets_no_secrets(
    shop: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (shop / "deploy").symlink_to(outside)
    (shop / "bayplan.yaml").write_text("version: 1\nenv_file: deploy/.env\n")
    assert env(shop, "new") == 2
    assert "leaves the repository" in capsys.readouterr().err
    assert list(outside.iterdir()) == []


def test_git_is_asked_whether_it_would_take_the_file_along(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run(["git", "init", "-q", str(shop)], check=True)
    env(shop, "new")
    assert "git does not ignore .env" in capsys.readouterr().out


def test_a_file_that_is_not_there_names_the_command_that_makes_it(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert env(shop, "check") == 2
    said = capsys.readouterr().err
    assert "there is no .env" in said
    assert "`bayplan env new` makes it" in said


@pytest.mark.parametrize(
    ("words", "help_"), [(["chek"], "did you mean `check`?"), (["check", "--add"], "bayplan env new")]
)
def test_a_wrong_word_is_answered(shop: Path, words: list[str], help_: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert env(shop, *words) == 2
    assert help_ in capsys.readouterr().err


def test_a_pipe_in_its_place_is_refused(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(shop / ".env")
    assert env(shop, "check") == 2
    assert env(shop, "new", "--add") == 2
    assert "not a file" in capsys.readouterr().err


@pytest.mark.requirement("CB-17")
def test_an_environment_has_a_file_of_its_own(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "bayplan.yaml").write_text("version: 1\nenvironments:\n  staging: {env_file: .env.staging}\n")
    assert env(shop, "new", "--env", "staging") == 0
    assert (shop / ".env.staging").is_file()
    assert "bayplan env check --env staging" in capsys.readouterr().out


def test_bringing_it_up_without_a_required_value_changes_nothing(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JWT_SECRET", "STRIPE_SECRET_KEY", "API_URL"):
        monkeypatch.delenv(name, raising=False)
    (shop / ".env").write_text("API_URL=https://api.shop.dev\n")
    before = sorted(path.as_posix() for path in shop.rglob("*"))
    assert main(["-C", str(shop), "up"]) == 3
    said = capsys.readouterr().err
    assert ".env lacks 2 values" in said
    assert "JWT_SECRET" in said
    assert sorted(path.as_posix() for path in shop.rglob("*")) == before


def test_a_file_in_the_wrong_place_is_named(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JWT_SECRET", "STRIPE_SECRET_KEY", "API_URL"):
        monkeypatch.delenv(name, raising=False)
    (shop / "bayplan.yaml").write_text("version: 1\nenv_file: docker/.env\nproxy: {sites: {api.shop.dev: {to: api}}}\n")
    (shop / ".env").write_text(f"JWT_SECRET={STRONG}\n")
    before = sorted(path.as_posix() for path in shop.rglob("*"))
    for words, code in ((["up"], 3), (["up", "--dry-run"], 3), (["env", "check"], 2)):
        assert main(["-C", str(shop), *words]) == code
        assert "there is a .env in the root; this environment reads docker/.env" in capsys.readouterr().err
    assert sorted(path.as_posix() for path in shop.rglob("*")) == before


def test_values_that_are_made_for_a_trial_are_named_with_the_file_that_is_not_read(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JWT_SECRET", "STRIPE_SECRET_KEY", "API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(DockerEngine, "check", lambda _: "28")
    monkeypatch.setattr(DockerEngine, "volumes", lambda _: ())
    (shop / "bayplan.yaml").write_text("version: 1\nenv_file: docker/.env\n")
    (shop / ".env").write_text(f"JWT_SECRET={STRONG}\n")
    planned = pipeline.plan(shop)
    (shop / planned.stack.compose).write_text("services: {}\n")
    made = open_session(planned.stack, planned.workspace, shop).environment
    said = capsys.readouterr().out
    assert "made development values for API_URL, JWT_SECRET, STRIPE_SECRET_KEY: for this machine only" in said
    assert "(.bayplan/run.env)" in said
    assert "there is a .env in the root; this environment reads docker/.env" in said
    assert made.values["JWT_SECRET"] not in said
    open_session(planned.stack, planned.workspace, shop)
    assert capsys.readouterr().out == ""
