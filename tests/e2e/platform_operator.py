"""Somebody who fills in the template of a platform's values, and runs the commands that it says with it."""

import os
import re
import secrets
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

CLIENTS = {
    "fly": """
[ "$1 $2" = "secrets import" ] || exit 2
while [ $# -gt 0 ]; do [ "$1" != --app ] || into=$2; shift; done
cat >>"$TOLD/$into"
""",
    "railway": """
[ "$1 $2" = "variable set" ] || exit 2
name=$3
while [ $# -gt 0 ]; do [ "$1" != --service ] || into=$2; shift; done
printf '%s=%s\\n' "$name" "$(cat)" >>"$TOLD/$into"
""",
}
"""In place of the platforms' own: they write down which app is told what, on their input."""
LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")


@dataclass(frozen=True)
class Operator:
    """What somebody has filled in, and what each app was told of it."""

    values: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, app: str) -> Mapping[str, str]:
        return self.told.get(app, {})


def operate(root: Path, platform: str, answers: Mapping[str, str], folder: Path) -> Operator:
    """Fill in a copy of the template of a repository, and run what stands at its head; secrets take no other way."""
    templates = list(root.glob(f".env*{platform}.example"))
    if not templates:
        return Operator()
    (template,) = templates
    text = template.read_text(encoding="utf-8")
    values = filled(text, answers)
    if platform not in CLIENTS:
        return Operator(values)
    lines = [f"{name}={value}" for name, value in values.items()]
    head = [line.removeprefix("# ") for line in text.partition("\n\n")[0].splitlines()]
    first, *others = head[next(index for index, line in enumerate(head) if line.startswith("cp ")) :]
    programs, told = folder / "programs", folder / "told"
    for each in (programs, told):
        each.mkdir(parents=True)
    client = programs / platform
    client.write_text(f"#!/bin/sh\n{CLIENTS[platform]}", encoding="utf-8")
    client.chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "TOLD": str(told)}
    _shell(first, root, environment)
    copy = root / template.name.removesuffix(".example")
    assert copy.stat().st_mode & 0o777 == 0o600
    copy.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _shell("\n".join(others), root, environment)
    copy.unlink()
    return Operator(values, {path.name: dict(_lines(path.read_text(encoding="utf-8"))) for path in told.iterdir()})


def _shell(script: str, root: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        ["sh", "-eu", "-c", script], cwd=root, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{script}\n{done.stderr}"


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        if match:
            yield match[1], match[2]


def filled(text: str, answers: Mapping[str, str]) -> dict[str, str]:
    """Return what is required, as the words above each name say: made by a command, put together, or known."""
    found: dict[str, str] = {}
    later: dict[str, tuple[str, list[str]]] = {}
    for block in text.split("\n\n")[1:]:
        said = " ".join(line.removeprefix("# ") for line in block.splitlines() if line.startswith("# "))
        for name, value in _lines(block):
            put = re.search(r"Put the value of ([\w ]+) in the place of its name", said)
            same = re.search(r"The same value as (\w+)\.", said)
            made = re.search(r"Secret: (openssl .+)$", said)
            if put or same:
                others = put[1].split(" and ") if put else same[1].split() if same else []
                later[name] = (value or others[0], others)
            elif made:
                found[name] = subprocess.run(
                    shlex.split(made[1]), capture_output=True, text=True, check=True
                ).stdout.strip()
            else:
                found[name] = value or answers.get(name) or secrets.token_hex(20)
    for name, (value, others) in later.items():
        found[name] = re.sub("|".join(rf"\b{other}\b" for other in others), lambda match: found[match[0]], value)
    return found
