"""What each service waits for before it starts."""

from collections.abc import Mapping, Sequence

from bayplan.catalog.stores import holding_tables
from bayplan.model.parts import Condition, Need, Variable, fixed
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
