"""The table of docs/deployment.md that compares the places for a stack."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bayplan.catalog import load
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.writers import deployment_fly, deployment_railway, deployment_render
from bayplan.writers.deployment_docker import rollback
from bayplan.writers.deployment_text import anchor, limits_heading, title

ARM = "linux/arm64"


@dataclass(frozen=True, slots=True)
class Place:
    """A place to run in: its heading, and what it says of each row."""

    title: str
    runs: Callable[[Stack, Service | Store], str]
    migrations: Callable[[Stack], str]
    facts: Mapping[str, str]


ROWS = (
    ("Private network", "network"),
    ("Fixed address", "address"),
    ("Scale to zero", "zero"),
    ("arm64", "arm64"),
    ("Secrets", "secrets"),
    ("Roll back", "rollback"),
)
HOSTS = {
    "fly": (deployment_fly.runs, deployment_fly.migrations),
    "railway": (deployment_railway.runs, deployment_railway.migrations),
    "render": (deployment_render.runs, deployment_render.migrations),
}


def table(stack: Stack, targets: Sequence[str]) -> list[str]:
    """Return how a stack runs in each place, and what each cannot do."""
    hosts = [target for target in targets if target in HOSTS]
    if not hosts:
        return []
    places = [_docker(stack), *(_place(target) for target in hosts)]
    rows = [("", *(place.title for place in places)), *_parts(stack, places)]
    if any(each.role.value is Role.JOB for each in stack.services):
        rows.append(("Migrations", *(place.migrations(stack) for place in places)))
    rows += [(said, *(place.facts.get(key, "") for place in places)) for said, key in ROWS]
    rows.append(("What it cannot do", "", *(_limits(stack, target) for target in hosts)))
    head, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return [head, f"|{' --- |' * (len(places) + 1)}", *rest, ""]


def _place(target: str) -> Place:
    runs, migrations = HOSTS[target]
    return Place(title(target), runs, migrations, load(f"platforms/{target}").get("compared", {}))


def _parts(stack: Stack, places: Sequence[Place]) -> Iterator[tuple[str, ...]]:
    parts: list[Service | Store] = [each for each in stack.services if each.role.value is not Role.JOB]
    for part in (*parts, *stack.stores):
        yield (part.name, *(place.runs(stack, part) for place in places))


def _docker(stack: Stack) -> Place:
    facts = {
        "network": "`internal`, without a way out" if stack.stores else "the one of the compose file",
        "address": "the machine's",
        "zero": "no",
        "arm64": "yes" if ARM in stack.platforms else "no",
        "secrets": f"`{stack.env_file}` on the machine, mode 600",
        "rollback": rollback(stack),
    }
    return Place("Docker", _container, _jobs, facts)


def _container(_: Stack, part: Service | Store) -> str:
    if isinstance(part, Store):
        return f"container, volume `{part.volume}`"
    return "files, served by the proxy" if part.role.value is Role.FILES else "container"


def _jobs(stack: Stack) -> str:
    jobs = [f"`{each.name}`" for each in stack.services if each.role.value is Role.JOB]
    return f"{', '.join(jobs)}, before the rest"


def _limits(stack: Stack, target: str) -> str:
    count = sum(note.about == target for note in stack.notes)
    things = "1 thing" if count == 1 else f"{count} things"
    return f"[{things}]({anchor(limits_heading(stack, target))})" if count else ""
