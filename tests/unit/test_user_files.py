"""What bayplan asks of files that are the user's: the Next.js config and the lockfile."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bayplan.cli import main
from tests.unit.planning import Repository, server

CONFIG = "apps/web/next.config.ts"
TEXT = """import type { NextConfig } from 'next';

const config: NextConfig = {
  basePath: '/a',
};
export default config;
"""
Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    scripts = {"build": "next build", "start": "next start"}
    repository = Repository(tmp_path).app("api", server(4100))
    repository.manifest("apps/web", {"name": "web", "scripts": scripts, "dependencies": {"next": "16.0.0"}})
    repository.write(CONFIG, TEXT).write("apps/web/app/page.tsx", "export default () => null;\n").lock()
    return tmp_path


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def say(*argv: str) -> tuple[int, str, str]:
        code = main(argv)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return say


def test_the_lines_of_the_next_config_say_why(shop: Path, said: Said) -> None:
    said("write")
    lines = (shop / CONFIG).read_text().splitlines()
    answers = {line.strip(): said("why", f"{CONFIG}:{number}") for number, line in enumerate(lines, 1)}
    assert {code for code, _, _ in answers.values()} == {0}
    reasons = {line: out.splitlines()[1].strip() for line, (_, out, _) in answers.items()}
    assert "the image holds only that" in reasons["output: 'standalone',"]
    assert "gathered from its root" in next(why for line, why in reasons.items() if line.startswith("outputFile"))
    assert "put together with it" in reasons["import path from 'node:path';"]
    assert "it is your own" in reasons["basePath: '/a',"]
    assert "it is your own" in reasons["import type { NextConfig } from 'next';"]


def test_before_a_write_the_lines_on_disk_are_the_users_own(shop: Path, said: Said) -> None:
    assert (shop / CONFIG).read_text() == TEXT
    for number in range(1, 7):
        assert "it is your own" in said("why", f"{CONFIG}:{number}")[1]
    assert "output: 'standalone'" in said("why", CONFIG)[1]


def test_a_config_that_has_a_line_of_another_kind_is_left_to_its_user(shop: Path, said: Said) -> None:
    (shop / CONFIG).write_text(f"import path from 'node:path';\n{TEXT}")
    assert "it is your own" in said("why", f"{CONFIG}:4")[1]


def test_the_edited_file_counts_among_those_that_are_right(shop: Path, said: Said) -> None:
    first = said("write")[1].splitlines()
    assert any(line.split()[:2] == ["edited", CONFIG] for line in first)
    assert said("write")[1] == f"nothing to write: {len(first)} files are as bayplan would write them\n"
    assert said("write", "--check")[0] == 0
    assert shop.is_dir()


@pytest.mark.parametrize("lockfile", [None, ""])
@pytest.mark.parametrize("command", ["write", "up"])
def test_nothing_is_written_that_could_not_be_built_for_want_of_a_lockfile(
    shop: Path, said: Said, lockfile: str | None, command: str
) -> None:
    said("write")
    before = (shop / "apps/api/Dockerfile").read_text()
    (shop / "pnpm-lock.yaml").unlink()
    if lockfile is not None:
        (shop / "pnpm-lock.yaml").write_text(lockfile)
    code, _, err = said(command)
    assert code == 1
    assert "pnpm-lock.yaml is missing or empty" in err
    assert "run `pnpm install` and commit pnpm-lock.yaml" in err
    assert (shop / "apps/api/Dockerfile").read_text() == before
