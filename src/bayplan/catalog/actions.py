"""The actions that workflows use, from `actions.toml`."""

from dataclasses import dataclass

from bayplan.catalog import load


@dataclass(frozen=True, slots=True)
class Action:
    """An action at a commit, and the version that this commit is."""

    uses: str
    version: str


def action(name: str) -> Action:
    """Return an action by its name in the table."""
    row = load("actions")[name]
    return Action(f"{row['uses']}@{row['commit']}", row["version"])
