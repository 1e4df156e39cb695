"""What the code says and what docs/ says are the same."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "scripts/generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_documentation_is_up_to_date(generator: ModuleType) -> None:
    assert generator.stale() == [], "run scripts/generate_docs.py"


def test_every_command_and_every_option_is_documented(generator: ModuleType) -> None:
    from bayplan.cli.parser import COMMANDS

    text = generator.commands()
    for command in COMMANDS:
        assert f"## bayplan {command.name}\n" in text
    for option in ("--adopt PATH", "--keep PATH", "--check", "FILE:LINE"):
        assert f"`{option}`" in text
    assert "| `--adopt PATH` | let bayplan's text replace this file |" in text
