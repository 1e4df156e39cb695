"""The names in an env file, and the file as a whole: what is missing, misspelt, unused, said twice, open to others."""

from collections.abc import Iterator
from difflib import get_close_matches

from bayplan.engines.env.file import PRIVATE, InGit
from bayplan.engines.env.question import NEAR, Question, how, misspelt, nameless
from bayplan.formats.dotenv_values import values
from bayplan.model.deployment import EnvLine
from bayplan.model.finding import Effect, Finding, Place
from bayplan.source import At


def of_file(question: Question) -> Iterator[Finding]:
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


def missing(question: Question) -> Iterator[Finding]:
    """Find what the stack does not start without."""
    given = values(question.file, {})
    last = {line.name: line for line in question.lines}
    meant = misspelt(question)
    for term in question.contract.asked:
        if not term.required or given.get(term.name):
            continue
        near, empty = meant.get(term.name), last.get(term.name)
        if empty:
            place = Place(empty.at, "empty")
        else:
            place = Place(near.at, f"is this {term.name}?") if near else Place(At(question.file.path), "missing here")
        yield Finding(
            "missing-value",
            Effect.WILL_NOT_START,
            f"{term.name} is {'empty' if empty else 'missing'}{f': {term.purpose}' if term.purpose else ''}",
            (place,),
            f"{question.compose} refuses to start without it",
            f"did you mean {term.name} where it says {near.name}?" if near else how(term, question),
        )


def of_lines(question: Question) -> Iterator[Finding]:
    """Find lines that set nothing, and names that are set twice."""
    odd = nameless(question)
    for at in (*question.file.strays, *(At(line.at.file, line.at.line, 1) for line in odd if line.bare)):
        yield Finding(
            "malformed-line",
            Effect.WILL_NOT_START,
            "this line is neither a variable nor a comment",
            (Place(at, "no NAME=value"),),
            "compose refuses a file with such a line, or reads another name than you mean",
            "write NAME=value, or begin the line with #; quote a value of several lines",
        )
    first: dict[str, EnvLine] = {}
    for line in question.lines:
        if line in odd:
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


def unused(question: Question) -> Iterator[Finding]:
    """Find what changes nothing."""
    given = {line.name for line in question.lines}
    asked = {term.name: term for term in question.contract.asked if term.name not in given}
    strangers = {line.name for line in question.strangers}
    explained = {line.name for line in misspelt(question).values()}
    odd = nameless(question)
    for line in question.lines:
        term = question.contract.term(line.name)
        if line in odd:
            at, what = At(line.at.file, line.at.line, 1), "a variable on this line"
            if not line.bare:
                yield _useless(at, what, "nothing reads it", "take it out, or quote all of the value")
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
