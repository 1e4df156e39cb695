"""The example of an env file: every variable of the stack by subject, what it is for and where its value comes from."""

import posixpath
import shlex
from collections.abc import Container, Mapping
from dataclasses import replace

from bayplan.catalog.contract import COMPOSE, contract
from bayplan.formats import dotenv
from bayplan.formats.dotenv import Group, Setting
from bayplan.model.contract import Contract, Term
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack

KEEP = "They stay on the machine that runs the stack, and out of git."


def write(stack: Stack) -> dict[str, Rendered]:
    promised = contract(stack)
    found = groups(promised, stack)
    return {stack.env_example: dotenv.render(found, _introduction(stack, promised))} if found else {}


def filled(stack: Stack, values: Mapping[str, str], only: Container[str] | None = None) -> str:
    """Return an env file with these values, which documents the rest as the example does; or `only` some of it."""
    promised = contract(stack)
    parts = []
    for group in groups(promised, stack):
        settings = [
            replace(each, value=values.get(each.name, each.value))
            for each in group.settings
            if only is None or each.name in only
        ]
        if settings:
            parts.append(Group(group.heading, tuple(settings)))
    name = stack.name if stack.is_production else f"{stack.name}, {stack.environment}"
    return dotenv.render(parts, "" if only is not None else f"Values of {name}. {KEEP}").text


def groups(promised: Contract, stack: Stack) -> tuple[Group, ...]:
    """Return every variable under its heading; what must be filled in is not commented out, and empty."""
    by = posixpath.basename(stack.compose)
    return tuple(Group(heading, _settings(promised.of_group(heading), by)) for heading in promised.groups)


def _settings(terms: tuple[Term, ...], by: str) -> tuple[Setting, ...]:
    """Return the variables of a group; those that the compose file sets share a line where it says the same of them."""
    found = []
    before = ""
    for term in terms:
        comment = described(term) if term.asked else _set(term, by)
        found.append(_setting(term, comment if comment != before else ""))
        before = "" if term.asked else comment
    return tuple(found)


def _introduction(stack: Stack, promised: Contract) -> str:
    if not promised.asked:
        return f"Nothing has to be filled in: {posixpath.basename(stack.compose)} sets what the code reads."
    example, file = shlex.quote(stack.env_example), shlex.quote(stack.env_file)
    lines = [
        "Copy this file and fill in the copy, which stays on the machine that runs the stack:",
        f"cp {example} {file} && chmod 600 {file}",
        f"Or let this make it, with fresh secrets: {new_values(stack)}",
        "What is empty is required. What is commented out is optional, or set by the compose file.",
    ]
    return "\n".join([*lines, *_command(stack)])


def new_values(stack: Stack) -> str:
    """Return the command that makes the file of values."""
    return "bayplan env new" + ("" if stack.is_production else f" --env {shlex.quote(stack.environment)}")


def _command(stack: Stack) -> list[str]:
    """Return how compose is started with the copy, where it would not find both files by itself."""
    if _finds_values(stack) and not posixpath.dirname(stack.compose):
        return []
    built = " --build" if any(own.pulled is None for own in stack.built) else ""
    return ["Then, from the root of the repository:", f"{compose_command(stack)} up{built} -d"]


def compose_command(stack: Stack) -> str:
    """Return how compose is told of its file, and of the values where it would not find them by itself."""
    named = "" if _finds_values(stack) else f" --env-file {shlex.quote(stack.env_file)}"
    return f"docker compose -f {shlex.quote(stack.compose)}{named}"


def _finds_values(stack: Stack) -> bool:
    return stack.env_file == posixpath.join(posixpath.dirname(stack.compose), ".env")


def _setting(term: Term, comment: str) -> Setting:
    if not term.asked:
        return Setting(term.name, term.example, comment, term.why, documented_only=True)
    shown = "" if term.required else _usual(term) or ("" if term.secret else term.example)
    return Setting(term.name, shown, comment, term.why, documented_only=not term.required)


def _usual(term: Term) -> str | None:
    return term.fallback if term.default is None else term.default


def _set(term: Term, by: str) -> str:
    """Describe, in one line, what the compose file sets by itself."""
    return f"{_sentence(term.purpose)}Set by {by} for {', '.join(term.readers)}."


def described(term: Term, how: str = "") -> str:
    """Say what it is for; then, in one line, whether and what it must be, who reads it and when, and how to get it."""
    facts = [_need(term)]
    if term.kind.startswith("enum:"):
        facts.append(f"One of {', '.join(term.kind.removeprefix('enum:').split('|'))}.")
    facts.append(f"Read by {', '.join(term.readers)} {_moment(term)}.")
    if how:
        facts.append(how)
    elif term.secret:
        facts.append(
            f"Secret: {term.command}" if term.is_made else f"Secret, from {term.origin or 'whoever issues it'}."
        )
    return f"{_sentence(term.purpose).strip()}\n{' '.join(facts)}".strip()


def _need(term: Term) -> str:
    if term.required:
        like = "" if term.secret or not term.example else f", such as {term.example}"
        return f"Required{like}."
    if term.for_browsers:
        return "Needed on a server: this one is right on one machine only."
    if _usual(term) is not None:
        return "Optional; this is the default."
    return "Optional; this is an example." if term.example and not term.secret else "Optional."


def _moment(term: Term) -> str:
    if term.at_build:
        return "when the image is built"
    return "when the stack starts" if term.readers == (COMPOSE,) else "at run time"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}. " if text else ""
