"""What somebody must tell each app on a platform, since no file of that platform may or can say it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bayplan.formats.typescript_writer import Entry
from bayplan.formats.typescript_writer import Value as TypeScript
from bayplan.formats.yaml_writer import plain
from bayplan.model.parts import Asked, Composed, Given, Value, Variable, parts_of
from bayplan.model.stack import Stack
from bayplan.source import Why
from bayplan.writers import fly_apps, hosted, railway_project, railway_variables, render_platform, render_variables


@dataclass(frozen=True, slots=True)
class Wanted:
    """A variable that an app must be told, or may be, and its value there: with the hosts of the platform."""

    variable: Variable
    value: Value
    required: bool
    shared: bool = False
    """Whether it is set once for the whole project, in its settings."""


@dataclass(frozen=True, slots=True)
class Told:
    """An app or service of a platform, and what it is told."""

    name: str
    """Its name there."""
    reader: str
    """Its name in the stack."""
    variables: tuple[Wanted, ...]

    @property
    def names(self) -> list[str]:
        """What is set for this app alone."""
        return [each.variable.name for each in self.variables if not each.shared]


def every(stack: Stack) -> dict[str, tuple[Told, ...]]:
    """Return what each chosen platform must be told, by platform."""
    return {name: on(name, stack) for name in stack.targets.chosen if name in ASKED}


def on(platform: str, stack: Stack) -> tuple[Told, ...]:
    """Return what one platform must be told."""
    return tuple(ASKED[platform](stack))


def _fly(stack: Stack) -> Iterator[Told]:
    for name in fly_apps.deployed(stack):
        before = frozenset(fly_apps.set_before(stack, name))
        asked = [
            Wanted(each, fly_apps.value_of(stack, each), each.name in before)
            for each in _of(stack, name)
            if fly_apps.told(stack, each) is None
        ]
        yield Told(fly_apps.app(stack, name), name, _required_first(asked))


def _required_first(asked: Iterable[Wanted]) -> tuple[Wanted, ...]:
    return tuple(sorted(asked, key=lambda each: not each.required))


def _of(stack: Stack, name: str) -> Sequence[Variable]:
    service = stack.service(name)
    if service is not None:
        return hosted.variables(stack, service)
    return next(each.variables for each in stack.stores if each.name == name)


def _railway(stack: Stack) -> Iterator[Told]:
    names, shared = railway_project.names(stack), railway_project.shared(stack)
    for store in stack.stores:
        if railway_project.managed(store) is None:
            told = railway_variables.of_store(stack, store, {}, Why("railway", ""))
            yield Told(store.name, store.name, _kept(store.variables, told))
    for service in (each for each in stack.services if each.image_of is None):
        known = (*hosted.built_in(service), *hosted.variables(stack, service))
        told = railway_variables.told(stack, service, names)
        together = tuple(
            Wanted(each, each.value, required=True, shared=True)
            for each in known
            if isinstance(each.value, Asked) and each.value.name in shared
        )
        yield Told(service.name, service.name, (*together, *_kept(known, told)))


def _kept(variables: Iterable[Variable], told: Mapping[str, TypeScript]) -> tuple[Wanted, ...]:
    """Return those variables whose values the file leaves to Railway."""
    left = [each for each in variables if _bare(told.get(each.name)) == railway_variables.KEPT]
    return _required_first(
        Wanted(each, each.value, isinstance(each.value, Asked) and each.value.required) for each in left
    )


def _bare(value: TypeScript | None) -> TypeScript | None:
    return value.value if isinstance(value, Entry) else value


def _render(stack: Stack) -> Iterator[Told]:
    for service in (*stack.jobs_apart, *hosted.running(stack)):
        facts = render_variables.told(stack, service)
        required = [name for each in facts.entries if (name := _asked(plain(each)))]
        known = {each.name: each for each in (*hosted.built_in(service), *hosted.variables(stack, service))}
        asked = [Wanted(known[name], _there(known[name]), name in required) for name in (*required, *facts.optional)]
        yield Told(render_platform.named_there(stack, service.name), service.name, tuple(asked))


def _asked(entry: object) -> str:
    """Return the name of a variable that Render asks for."""
    return str(entry["key"]) if isinstance(entry, dict) and entry.get("sync") is False else ""


def _there(variable: Variable) -> Value:
    """Return a value in which the address of another part stands in words, for only the dashboard shows it."""
    found = tuple(
        Given(f"ADDRESS_OF_{part.reaches.upper()}") if isinstance(part, Given) and part.reaches else part
        for part in parts_of(variable.value)
    )
    return found[0] if len(found) == 1 and isinstance(found[0], Asked) else Composed(found)


ASKED: dict[str, Callable[[Stack], Iterator[Told]]] = {
    "fly": _fly,
    "railway": _railway,
    "render": _render,
}
