"""An env file against the contract of its stack. No finding holds a value, nor a part of one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from bayplan.engines.env_file import PRIVATE, InGit
from bayplan.engines.env_forms import guessable, is_placeholder, wrong_form
from bayplan.formats.dotenv_values import Trouble, trouble, values
from bayplan.model.contract import Contract, Term
from bayplan.model.deployment import EnvFile, EnvLine
from bayplan.model.finding import Effect, Finding, Place
from bayplan.source import At

OF_COMPOSE = ("COMPOSE_", "DOCKER_", "BUILDKIT_", "BUILDX_", "RCLONE_", "BACKUP_")
OF_THE_SHELL = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TZ", "http_proxy", "https_proxy", "no_proxy"})
NEAR = 0.8
NAME = re.compile(r"[A-Z][A-Z0-9_]{0,49}")
HIDDEN = "…"
"""Stands where a value would be shown."""


@dataclass(frozen=True, slots=True)
class Question:
    """An env file, what it is held against, and what is known about it beside its text."""

    contract: Contract
    file: EnvFile
    compose: str
    mode: int = PRIVATE
    in_git: InGit = InGit.UNSEEN
    committed: Mapping[str, At] = field(default_factory=dict)
    """Values that stand in examples, and where: everybody knows them."""
    remedy: str = ""
    """The command that adds what is missing."""

    @property
    def lines(self) -> tuple[EnvLine, ...]:
        return tuple(line for line in self.file.lines if not line.documented_only)

    @property
    def strangers(self) -> tuple[EnvLine, ...]:
        """The lines of which no part of the stack has heard."""
        known = {term.name for term in self.contract.terms}
        return tuple(
            line
            for line in self.lines
            if line.name not in known and line.name not in OF_THE_SHELL and not line.name.startswith(OF_COMPOSE)
        )


def hidden(question: Question) -> str:
    """Return the text of the file with the names of its variables and nothing else."""
    shown = {line.at.line: f"{' ' * (line.at.column - 1)}{line.name}={HIDDEN}" for line in question.lines}
    shown |= {line.at.line: HIDDEN for line in question.strangers if not _is_name(line, question)}
    shown |= {at.line: HIDDEN for at in question.file.strays}
    return "\n".join(shown.get(number, "") for number in range(1, max(shown, default=0) + 1))


def _is_name(line: EnvLine, question: Question) -> bool:
    """Say whether a name that nobody knows is one: a line of a key that was not quoted may look like it."""
    known = [term.name for term in question.contract.terms]
    return NAME.fullmatch(line.name) is not None or bool(get_close_matches(line.name.upper(), known, 1, NEAR))


def check(question: Question) -> tuple[Finding, ...]:
    """Return everything that is wrong, the file as a whole first, then line by line."""
    found = [*_of_file(question), *_missing(question), *_of_lines(question), *_of_values(question), *_same(question)]
    return tuple(sorted(found, key=lambda finding: finding.places[0].at.line))


def _of_file(question: Question) -> Iterator[Finding]:
    at = At(question.file.path)
    if question.mode & ~PRIVATE:
        yield Finding(
            "readable-env-file",
            Effect.EXPOSES_DATA,
            f"{at.file} may be used by others than its owner",
            (Place(at, f"its mode is {question.mode:o}"),),
            "every user and program of this machine can read its secrets",
            f"chmod 600 {at.file}",
        )
    if question.in_git is not InGit.UNSEEN:
        is_in = question.in_git is InGit.COMMITTED
        yield Finding(
            "committed-env-file",
            Effect.EXPOSES_DATA if is_in else Effect.UNTIDY,
            f"{at.file} is {'in git' if is_in else 'not ignored by git'}",
            (Place(at, "tracked" if is_in else "the next `git add .` takes it along"),),
            "whoever can read the repository, now or later, has every secret in it",
            f"git rm --cached {at.file}, add it to .gitignore, and make new secrets: the old ones stay in the history"
            if is_in
            else f"add {at.file} to .gitignore",
        )


def misspelt(question: Question) -> dict[str, EnvLine]:
    """Return, for each required variable that is missing, the line that may be meant to set it."""
    given = {line.name for line in question.lines}
    missing = [term.name for term in question.contract.asked if term.required and term.name not in given]
    found = ((name, _near(name, question.strangers)) for name in missing)
    return {name: line for name, line in found if line is not None}


def _missing(question: Question) -> Iterator[Finding]:
    given = {line.name for line in question.lines}
    meant = misspelt(question)
    for term in question.contract.asked:
        if not term.required or term.name in given:
            continue
        near = meant.get(term.name)
        places = (
            (Place(near.at, f"is this {term.name}?"),) if near else (Place(At(question.file.path), "missing here"),)
        )
        yield Finding(
            "missing-value",
            Effect.WILL_NOT_START,
            f"{term.name} is missing{f': {term.purpose}' if term.purpose else ''}",
            places,
            f"{question.compose} refuses to start without it",
            f"did you mean {term.name} where it says {near.name}?" if near else _how(term, question),
        )


def _how(term: Term, question: Question) -> str:
    """Say where a value comes from."""
    if term.is_made:
        return f"{term.command}" + (f"; or `{question.remedy}`, which adds one" if question.remedy else "")
    if term.secret or term.origin:
        return f"it comes from {term.origin or 'whoever issues it'}"
    return f"give it a value such as {term.example}" if term.example else "give it a value"


def _near(name: str, lines: Sequence[EnvLine]) -> EnvLine | None:
    by_name = {line.name.upper(): line for line in lines}
    close = get_close_matches(name.upper(), by_name, 1, NEAR)
    return by_name[close[0]] if close else None


def _of_lines(question: Question) -> Iterator[Finding]:
    nameless = [line for line in question.strangers if not _is_name(line, question)]
    for at in (*question.file.strays, *(At(line.at.file, line.at.line, 1) for line in nameless if not line.raw)):
        yield Finding(
            "malformed-line",
            Effect.WILL_NOT_START,
            "this line is neither a variable nor a comment",
            (Place(at, "no NAME=value"),),
            "compose refuses a file with such a line, or reads another name than you mean",
            "write NAME=value, or begin the line with #; quote a value of several lines",
        )
    yield from _unused(question)
    first: dict[str, EnvLine] = {}
    for line in question.lines:
        if line in nameless:
            continue
        if line.name in first:
            yield Finding(
                "duplicate-variable",
                Effect.UNTIDY,
                f"{line.name} stands here twice",
                (Place(line.at, "this one counts"), Place(first[line.name].at, "this one does not")),
                "whoever changes the first one wonders why nothing changes",
                "take one of them out",
            )
        first[line.name] = line


def _unused(question: Question) -> Iterator[Finding]:
    given = {line.name for line in question.lines}
    asked = {term.name: term for term in question.contract.asked if term.name not in given}
    strangers = {line.name for line in question.strangers}
    explained = {line.name for line in misspelt(question).values()}
    for line in question.lines:
        term = question.contract.term(line.name)
        if line.name in strangers and not _is_name(line, question):
            if line.raw:
                at = At(line.at.file, line.at.line, 1)
                yield _useless(
                    at, "a variable on this line", "nothing reads it", "take it out, or quote all of the value"
                )
        elif line.name in strangers and line.name not in explained:
            close = get_close_matches(line.name.upper(), asked, 1, NEAR)
            yield _useless(
                line.at, line.name, "nothing reads it", f"did you mean {close[0]}?" if close else "take it out"
            )
        elif term is not None and not term.asked:
            yield _useless(
                line.at, line.name, f"{question.compose} sets it by itself", "take it out; it changes nothing"
            )


def _useless(at: At, name: str, because: str, remedy: str) -> Finding:
    effect = "whoever changes it wonders why nothing changes"
    return Finding("unused-value", Effect.UNTIDY, f"{name}: {because}", (Place(at, because),), effect, remedy)


def _of_values(question: Question) -> Iterator[Finding]:
    read = values(question.file, {})
    names = frozenset(line.name for line in question.lines)
    last = {line.name: line for line in question.lines}
    for line in last.values():
        term = question.contract.term(line.name)
        if line in question.strangers and not _is_name(line, question):
            continue
        if (why := trouble(line, names)) is not None:
            yield _misread(line, why)
        elif term is not None and term.asked:
            yield from _of_value(question, term, line, read[line.name])


def _misread(line: EnvLine, why: Trouble) -> Finding:
    help_ = {
        Trouble.UNCLOSED: 'close the quotes; in double quotes, write \\" for one that belongs to the value',
        Trouble.EXPANDED: f"put it in single quotes: {line.name}='...'",
        Trouble.CUT: "put the value in quotes, or the comment on a line of its own",
        Trouble.QUOTED: "put all of the value between quotes of the other kind",
    }
    is_comment = why is Trouble.CUT
    return Finding(
        "misread-value",
        Effect.UNTIDY if is_comment else Effect.WILL_NOT_START,
        f"{line.name}: {why}",
        (Place(line.at, "not what it looks like"),),
        "what follows is lost, unless it is meant as a comment"
        if is_comment
        else "the stack gets another value, or none",
        help_[why],
    )


def _of_value(question: Question, term: Term, line: EnvLine, value: str) -> Iterator[Finding]:
    place = (Place(line.at, "this one"),)
    if not value:
        if term.required:
            yield Finding(
                "missing-value",
                Effect.WILL_NOT_START,
                f"{term.name} is empty{f': {term.purpose}' if term.purpose else ''}",
                (Place(line.at, "empty"),),
                f"{question.compose} refuses to start without it",
                _how(term, question),
            )
    elif is_placeholder(term, value):
        yield Finding(
            "placeholder-value",
            Effect.EXPOSES_DATA if term.secret else Effect.NOT_REACHABLE if term.kind else Effect.UNTIDY,
            f"{term.name} only shows where a value belongs",
            (Place(line.at, "a placeholder"),),
            "anybody can guess it" if term.secret else "what needs it does not find it",
            _how(term, question),
        )
    elif term.secret and value in question.committed:
        yield Finding(
            "published-secret",
            Effect.EXPOSES_DATA,
            f"{term.name} is a value that stands in {question.committed[value]}",
            place,
            "whoever can read the repository knows it",
            _how(term, question),
        )
    elif form := wrong_form(term, value):
        yield Finding(
            "malformed-value",
            Effect.WILL_NOT_START,
            f"{term.name} must be {form}",
            (Place(line.at, "it is something else"),),
            f"{', '.join(term.readers)} cannot use it",
            _how(term, question) if term.secret else f"{term.name} must be {form}",
        )
    elif term.secret and (why := guessable(term, value)):
        yield Finding(
            "weak-secret",
            Effect.EXPOSES_DATA,
            f"{term.name} {why}",
            place,
            "somebody will try it",
            _how(term, question),
        )


def _same(question: Question) -> Iterator[Finding]:
    """Find secrets of our own that are the same: who learns one of them has both."""
    read = values(question.file, {})
    first: dict[str, EnvLine] = {}
    for line in {line.name: line for line in question.lines}.values():
        term = question.contract.term(line.name)
        value = read[line.name]
        if term is None or not (term.asked and term.secret and term.is_made and value):
            continue
        if value in first:
            yield Finding(
                "shared-secret",
                Effect.EXPOSES_DATA,
                f"{line.name} and {first[value].name} are the same",
                (Place(line.at, "this one"), Place(first[value].at, "and this one")),
                "whoever learns one of them has both",
                f"make one of its own: {term.command}",
            )
        first.setdefault(value, line)
