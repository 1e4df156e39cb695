"""What each service waits for before it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bayplan.catalog.stores import holding_tables
from bayplan.model.parts import Condition, Need, Variable, fixed
from bayplan.model.stack import Service
from bayplan.source import Why


def needs(
    name: str,
    variables: Sequence[Variable],
    stores: Mapping[str, Mapping[str, Why]],
    checked: Sequence[str],
    migrations: Sequence[str],
    jobs: Mapping[str, Why],
) -> tuple[Need, ...]:
    """Return the stores a service uses, the jobs that prepare them, the services it is told the address of.

    A job is none that waits for another job or for a checked service: what comes before everything else.
    """
    found = [Need(kind, Condition.HEALTHY, users[name]) for kind, users in stores.items() if name in users]
    if any(need.name in holding_tables() for need in found):
        found += [
            Need(job, Condition.DONE, Why("needs", "the database must have its tables first"))
            for job in migrations
            if job != name
        ]
    found += [Need(job, Condition.DONE, Why("needs", "a job comes first", why.at)) for job, why in jobs.items()]
    for variable in variables:
        text = fixed(variable.value)
        if text is not None:
            for other in checked:
                if other != name and f"//{other}:" in text and all(need.name != other for need in found):
                    found.append(
                        Need(
                            other,
                            Condition.HEALTHY,
                            Why("needs", f"it is given the address of {other}", variable.why.at),
                        )
                    )
    return tuple(found)


def without_circles(services: Sequence[Service]) -> list[Service]:
    """Return the services without the waits by which some would wait for themselves: those that call each other."""
    waits = {each.name: {need.name for need in each.needs} for each in services}
    return [
        replace(each, needs=tuple(need for need in each.needs if each.name not in _reached(waits, need.name)))
        for each in services
    ]


def _reached(waits: Mapping[str, set[str]], name: str) -> set[str]:
    """Return the names of all that must be there before a service can start."""
    found: set[str] = set()
    open_ones = [name]
    while open_ones:
        new = waits.get(open_ones.pop(), set()) - found
        found |= new
        open_ones += new
    return found
