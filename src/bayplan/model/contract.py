"""What a stack and whoever runs it owe each other: each environment variable, who reads it and who supplies it."""

from dataclasses import dataclass

from bayplan.source import Why


@dataclass(frozen=True, slots=True)
class Term:
    """One variable, under the name by which the operator knows it."""

    name: str
    asked: bool = True
    """Whether the operator supplies it; the compose file sets every other."""
    required: bool = False
    """Whether the stack does not start without it."""
    default: str | None = None
    """What the compose file takes where nothing is given."""
    fallback: str | None = None
    """What the code takes then."""
    secret: bool = False
    command: str = ""
    """What makes a value where any random one will do: `openssl rand -hex 32`."""
    origin: str = ""
    """Where a value comes from that nobody can make up: `Stripe's dashboard`."""
    purpose: str = ""
    group: str = ""
    """The heading it stands under."""
    example: str = ""
    """For one that the compose file sets: what it sets, with PASSWORD for what is secret."""
    kind: str = ""
    """What it must be: `url`, `number`, `enum:a|b`, and `address`, `host`, `image` or `tag` for a part of one."""
    in_url: bool = False
    """Whether it becomes part of an address that compose puts together."""
    for_browsers: bool = False
    """Whether it is an address that browsers call, and which its default gives for this machine only."""
    only_theirs: bool = False
    """Whether not even a trial can do with a made-up one: a token that somebody else gives out."""
    at_build: bool = False
    readers: tuple[str, ...] = ()
    why: Why | None = None

    @property
    def is_made(self) -> bool:
        return bool(self.command)


@dataclass(frozen=True, slots=True)
class Contract:
    """Every variable of a stack, by name; `groups` are its headings in order."""

    terms: tuple[Term, ...]
    groups: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if term.asked)

    def term(self, name: str) -> Term | None:
        return next((term for term in self.terms if term.name == name), None)

    def of_group(self, heading: str) -> tuple[Term, ...]:
        """Return what stands under a heading: what is required, what may be given, what compose sets by itself."""
        mine = [term for term in self.terms if term.group == heading]
        return tuple(sorted(mine, key=_importance))


def _importance(term: Term) -> tuple[bool, bool, bool, bool, tuple[str, ...]]:
    alike = term.readers if not term.asked and not term.purpose else ()
    return not term.asked, not term.required, not term.for_browsers, not term.purpose and not term.asked, alike
