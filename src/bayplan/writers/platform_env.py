"""The template of the values for each platform: what somebody must tell which app, and the command that does it."""

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bayplan.catalog import load
from bayplan.catalog.contract import contract
from bayplan.formats import dotenv
from bayplan.formats.dotenv import Group, Setting
from bayplan.model.contract import Contract, Term
from bayplan.model.parts import Asked, Composed, Given, parts_of
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.writers import platform_told
from bayplan.writers.env_example import described
from bayplan.writers.platform_told import Told, Wanted

INTRODUCTION = "Values for {title}: fill in a copy, without quotes, and tell each {part} its own. It stays out of git."
INTRODUCTIONS = {
    "render": "Values for {title}, which asks for the required ones when it makes the blueprint. To change them:\n"
    "fill in a copy, without quotes, and tell each {part} its own, in bash. It stays out of git."
}


@dataclass(frozen=True, slots=True)
class _Line:
    """A variable under the name its readers know, with everything that is told so."""

    wanted: Wanted
    readers: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.wanted.variable.name


def write(stack: Stack) -> dict[str, Rendered]:
    found = {}
    for platform, told in platform_told.every(stack).items():
        lines = _lines(told)
        if lines:
            table = load(f"platforms/{platform}")
            said = INTRODUCTIONS.get(platform, INTRODUCTION).format(title=table["title"], part=table["part"])
            path = f"{stack.env_file_of(platform)}.example"
            found[path] = dotenv.render(_groups(stack, lines), said, telling(platform, stack))
    return found


def telling(platform: str, stack: Stack) -> list[str]:
    """Return the commands that tell each app its part of the filled copy, through a pipe: no value is in an argv."""
    told = [each for each in platform_told.on(platform, stack) if each.names]
    if not told:
        return []
    file = shlex.quote(stack.env_file_of(platform))
    copying = f"cp {file}.example {file} && chmod 600 {file}"
    if platform == "fly":
        return [copying, *(_import(file, each) for each in told)]
    return [copying, *GIVING[platform](file, stack), *(_loop(each) for each in told)]


def _lines(told: Iterable[Told]) -> tuple[_Line, ...]:
    found: dict[str, _Line] = {}
    for each in told:
        for wanted in each.variables:
            before = found.get(wanted.variable.name, _Line(wanted, ()))
            required = before.wanted.required or wanted.required
            both = replace(before.wanted, required=required)
            found[before.name] = _Line(both, (*before.readers, each.reader))
    return tuple(found.values())


def _groups(stack: Stack, lines: Sequence[_Line]) -> tuple[Group, ...]:
    promised = contract(stack)
    holders = {each.wanted.value.name: each.name for each in reversed(lines) if isinstance(each.wanted.value, Asked)}
    settings: dict[str, list[Setting]] = {heading: [] for heading in promised.groups}
    for line in lines:
        term = _term(promised, line)
        settings.setdefault(term.group, []).append(_setting(term, line, holders))
    return tuple(Group(heading, tuple(each)) for heading, each in settings.items() if each)


def _term(promised: Contract, line: _Line) -> Term:
    """Return what is known of a variable, which its readers may know under another name than the operator."""
    asked = [part.name for part in parts_of(line.wanted.value) if isinstance(part, Asked)]
    known = [promised.term(name) for name in (line.name, *asked)]
    term = next((each for each in known if each is not None), Term(line.name))
    is_put_together = isinstance(line.wanted.value, Composed)
    return replace(
        term,
        name=line.name,
        asked=True,
        required=line.wanted.required,
        at_build=line.wanted.variable.at_build,
        example="" if is_put_together else term.example,
        readers=line.readers,
    )


def _setting(term: Term, line: _Line, holders: dict[str, str]) -> Setting:
    value = line.wanted.value
    others = [holders.get(part.name, part.name) for part in parts_of(value) if isinstance(part, Asked)]
    how = shown = ""
    if isinstance(value, Composed):
        how = f"Put the value of {' and '.join(others)} in the place of its name." if others else ""
        shown = "".join(
            part.text if isinstance(part, Given) else holders.get(part.name, part.name) for part in value.parts
        )
    elif line.wanted.shared:
        how = "Set it once for all of them: the project's Settings, Shared Variables."
    elif others and others[0] != line.name:
        how = f"The same value as {others[0]}."
    elif not term.required:
        usual = term.fallback if term.default is None else term.default
        shown = usual or ("" if term.secret else term.example)
    why = line.wanted.variable.why
    return Setting(term.name, shown, described(term, how), why, documented_only=not term.required)


def _import(file: str, told: Told) -> str:
    names = "|".join(told.names)
    return f"grep -E '^({names})=.' {file} | fly secrets import --stage --app {shlex.quote(told.name)}"


def _helper(file: str, command: Sequence[str]) -> list[str]:
    """Return a function of a shell that hands the value of $2 to $1, where it is filled in, on a command's input."""
    value = f'value=$(sed -n "s/^$2=//p" {file})'
    first, *rest = command
    return ["give() {", f"  {value}", f"""  [ -z "$value" ] || printf '%s' "$value" | {first}""", *rest, "}"]


def _loop(told: Told) -> str:
    return f'for name in {" ".join(told.names)}; do give {shlex.quote(told.name)} "$name"; done'


def _railway(file: str, stack: Stack) -> list[str]:
    environment = shlex.quote(stack.environment)
    command = f'railway variable set "$2" --stdin --skip-deploys --service "$1" --environment {environment}'
    return _helper(file, [command])


def _render(file: str, _: Stack) -> list[str]:
    number = """render services -o json | jq -r --arg name "$1" '.[].service | select(.name == $name).id'"""
    command = [
        "jq -Rs '{value: .}' |",
        """    curl -fsS -X PUT --config <(printf 'oauth2-bearer = "%s"' "$RENDER_API_KEY") --json @- \\""",
        '      "https://api.render.com/v1/services/$(number "$1")/env-vars/$2"',
    ]
    return [f"number() {{ {number}; }}", *_helper(file, command)]


GIVING: dict[str, Callable[[str, Stack], list[str]]] = {"railway": _railway, "render": _render}
