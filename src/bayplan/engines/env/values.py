"""The values in an env file: whether they are read as they stand, have the right form, and are secret."""

from collections.abc import Iterator

from bayplan.engines.env.forms import guessable, is_command, is_placeholder, wrong_form
from bayplan.engines.env.question import Question, how, nameless
from bayplan.formats.dotenv_values import Trouble, trouble, values
from bayplan.model.contract import Term
from bayplan.model.deployment import EnvLine
from bayplan.model.finding import Effect, Finding, Place


def of_values(question: Question) -> Iterator[Finding]:
    """Find values that are not what they look like, or not what they should be."""
    read = values(question.file, {})
    names = frozenset(line.name for line in question.lines)
    odd = nameless(question)
    last = {line.name: line for line in question.lines if line not in odd}
    for line in last.values():
        term = question.contract.term(line.name)
        if (why := trouble(line, names)) is not None:
            yield _misread(line, why, is_secret=term is not None and term.secret)
        elif term is not None and term.asked and read[line.name]:
            yield from of_value(question, term, line, read[line.name])


def _misread(line: EnvLine, why: Trouble, *, is_secret: bool) -> Finding:
    help_ = {
        Trouble.UNCLOSED: 'close the quotes; in double quotes, write \\" for one that belongs to the value',
        Trouble.EXPANDED: f"put it in single quotes: {line.name}='...'",
        Trouble.CUT: "put the value in quotes, or the comment on a line of its own",
        Trouble.HASH: "put the value in quotes, or leave the comment out",
        Trouble.QUOTED: "put all of the value between quotes of the other kind",
    }
    is_comment = why in (Trouble.CUT, Trouble.HASH) and not is_secret
    return Finding(
        "misread-value",
        Effect.UNTIDY if is_comment else Effect.WILL_NOT_START,
        f"{line.name}: {why}",
        (Place(line.at, "not what it looks like"),),
        "it may be meant as a comment, or as part of the value"
        if is_comment
        else "the stack gets another value, or none",
        help_[why],
    )


def of_value(question: Question, term: Term, line: EnvLine, value: str) -> Iterator[Finding]:
    """Find what is wrong with one value: the first thing that is."""
    help_ = how(term, question)
    if is_command(line.raw if line.raw.startswith("`") else value):  # to compose, these are no quotes
        rule, message, label = "unrun-command", "is a command, and compose runs none: its text is the value", "not run"
        effect = Effect.EXPOSES_DATA if term.secret else Effect.WILL_NOT_START
        consequence = "anybody can guess it" if term.secret else f"{', '.join(term.readers)} cannot use it"
        help_ = f"run it in a shell, and write what it prints behind {term.name}="
    elif is_placeholder(term, value):
        rule, message, label = "placeholder-value", "only shows where a value belongs", "a placeholder"
        effect = Effect.EXPOSES_DATA if term.secret else Effect.NOT_REACHABLE if term.kind else Effect.UNTIDY
        consequence = "anybody can guess it" if term.secret else "what needs it does not find it"
    elif term.secret and value in question.committed:
        rule, message, label = (
            "published-secret",
            f"is a value that stands in {question.committed[value]}",
            "the same one",
        )
        effect, consequence = Effect.EXPOSES_DATA, "whoever can read the repository knows it"
    elif form := wrong_form(term, value):
        rule, message, label = "malformed-value", f"must be {form}", "it is something else"
        effect, consequence = Effect.WILL_NOT_START, f"{', '.join(term.readers)} cannot use it"
        if not term.secret:
            help_ = f"write it like {term.example}" if term.example else "write a value of that form"
    elif term.secret and (why := guessable(term, value)):
        rule, message, label = "weak-secret", why, "this one"
        effect, consequence = Effect.EXPOSES_DATA, "somebody will try it"
    else:
        return
    yield Finding(rule, effect, f"{term.name} {message}", (Place(line.at, label),), consequence, help_)


def same(question: Question) -> Iterator[Finding]:
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
