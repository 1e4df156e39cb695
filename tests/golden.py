"""What bayplan writes for a repository, beside what it should write."""

import shutil
from pathlib import Path

from bayplan import pipeline


def written(repository: Path) -> dict[str, str]:
    """Return every file that bayplan would write or change."""
    return pipeline.plan(repository).overlay


def stored(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def update(folder: Path, texts: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in texts.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
