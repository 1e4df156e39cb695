"""Values of env files, as compose itself reads them."""

import json
import subprocess
from pathlib import Path

import pytest

from bayplan.formats import dotenv
from bayplan.formats.dotenv_values import values

pytestmark = pytest.mark.engine
LINES = (
    "A=plain",
    "B=${A}/x",
    'C="${A} and \\$A"',
    "D='${A}'",
    "E=a$$b",
    "F=${LOST:-other}",
    "G=${A:+there}",
    "H=cut # off",
    "I=kept#whole",
    'J="two\\nlines"',
    "export K = spaced",
    "L=$1",
    "M='multi\nline'",
    "N=",
    'O="#quoted" # comment',
)


def test_values_are_what_compose_makes_of_them(tmp_path: Path) -> None:
    text = "\n".join(LINES) + "\n"
    names = [line.name for line in dotenv.parse(text, ".env").lines]
    assert len(names) == len(LINES)
    service = {"image": "x", "environment": names}
    (tmp_path / "compose.yaml").write_text(json.dumps({"services": {"a": service}}))
    (tmp_path / "env").write_text(text)
    command = ("docker", "compose", "--project-directory", str(tmp_path), "--env-file", str(tmp_path / "env"))
    said = subprocess.run([*command, "config", "--format=json"], capture_output=True, text=True, check=True).stdout
    found = json.loads(said)["services"]["a"]["environment"]
    read = values(dotenv.parse(text, ".env"), {})
    assert {name: text.replace("$$", "$") for name, text in found.items()} == read
