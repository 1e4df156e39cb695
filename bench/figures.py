"""Figures as tables for people and as JSON for programs."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "build" / "bench"
EXAMPLE = ROOT / "examples" / "forgestack" / "repo"
BAYPLAN = ROOT / ".venv" / "bin" / "bayplan"
VERDICTS = {True: "held", False: "MISSED", None: ""}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; `holds` says whether its floor is met, None that it has none."""

    cells: tuple[str, ...]
    holds: bool | None = None


def show(title: str, head: Sequence[str], rows: Sequence[Row]) -> None:
    """Print a table whose first column is text and whose others are figures."""
    lines = [(*head, ""), *((*row.cells, VERDICTS[row.holds]) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) + 1)]
    print(f"\n{title}")
    for line in lines:
        first, *others = (
            cell.ljust(width) if not at else cell.rjust(width) for at, (cell, width) in _counted(line, widths)
        )
        print(f"  {'  '.join([first, *others])}".rstrip())


def _counted(line: Sequence[str], widths: Sequence[int]) -> enumerate[tuple[str, int]]:
    return enumerate(zip(line, widths, strict=True))


def save(name: str, figures: object) -> Path:
    """Keep the figures of this run, with the machine they are from."""
    machine = {"system": platform.platform(), "processors": os.cpu_count(), "python": platform.python_version()}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    path = OUTPUT / f"{name}.json"
    document = {"measured": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, "figures": figures}
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path
