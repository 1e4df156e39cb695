"""`bayplan check` and `bayplan explain`, as they are typed."""

import json
import shutil
from pathlib import Path

import pytest

from bayplan.cli import main
from bayplan.rules import RULES

BASE = Path(__file__).parent.parent / "cases" / "rules" / "base"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NO_COLOR", "1")
    return Path(shutil.copytree(BASE, tmp_path / "shop"))


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = main(argv)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_repository_without_findings_is_fine(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check", str(shop)) == (0, "no findings\n", "")


def test_a_warning_is_shown_and_leaves_the_exit_code_alone(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "compose.yaml").write_text("services:\n  db:\n    image: postgres\n")
    code, out, _ = run(capsys, "check", str(shop))
    assert code == 0
    assert out.startswith("warning[floating-base-image]: ")
    assert out.endswith("\n1 warning in 1 file\n")


def test_an_error_fails(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "compose.yaml").write_text("services:\n  db:\n    image: postgres:17\n    depends_on: [dc]\n")
    code, out, _ = run(capsys, "check", str(shop))
    assert code == 1
    assert "error[unknown-wait]" in out


def test_a_file_that_cannot_be_read_is_shown_and_fails(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "compose.yaml").write_text("services: [\n")
    code, out, _ = run(capsys, "check", str(shop))
    assert code == 1
    assert out.startswith("error[broken-file]: compose.yaml")
    assert "--> compose.yaml:" in out


@pytest.mark.parametrize("form", ["text", "json"])
def test_mistakes_in_bayplan_yaml_are_shown_beside_the_findings(
    shop: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    (shop / "bayplan.yaml").write_text("version: 1\nservises: {}\n")
    code, out, err = run(capsys, "check", "--format", form, str(shop))
    assert code == 2
    assert "no findings" not in out
    assert "--> bayplan.yaml:2:1" in err
    (shop / "compose.yaml").write_text("services:\n  db:\n    image: postgres\n")
    code, out, err = run(capsys, "check", "--format", form, str(shop))
    assert (code, "floating-base-image" in out) == (2, True)
    assert "did you mean `services`?" in err


def test_json_goes_to_other_programs(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "compose.yaml").write_text("services:\n  db:\n    image: postgres:17\n    depends_on: [dc]\n")
    code, out, _ = run(capsys, "check", "--format", "json", str(shop))
    assert code == 1
    assert json.loads(out)["findings"][0]["rule"] == "unknown-wait"


def test_an_unknown_format_is_a_wrong_command_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "check", "--format", "xml", str(shop))
    assert code == 2
    assert "xml" in err


def test_colours_are_shown_where_they_are_asked_for(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "compose.yaml").write_text("services:\n  db:\n    image: postgres\n")
    assert "\x1b[" in run(capsys, "--color", "always", "check", str(shop))[1]
    assert "\x1b[" not in run(capsys, "--color", "never", "check", str(shop))[1]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_explained(rule: object, capsys: pytest.CaptureFixture[str]) -> None:
    name = getattr(rule, "id", "")
    code, out, _ = run(capsys, "--color", "never", "explain", name)
    assert code == 0
    assert out.startswith(f"{name} (")
    assert "\nWhy it is bad: " in out
    assert "```" not in out


def test_without_a_name_all_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain")
    assert code == 0
    assert len(out.splitlines()) == len(RULES)


def test_an_unknown_rule_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "explain", "no-way-owt")
    assert (code, out) == (2, "")
    assert "did you mean `no-way-out`?" in err
