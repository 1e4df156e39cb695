"""Whether a value has the form that its reader wants, and whether anybody could guess it."""

import re
from ipaddress import ip_address

from bayplan.model.contract import Term

SHORTEST = 16
SHORTEST_GIVEN = 8
FEWEST_CHARACTERS = 5
PLACEHOLDER = re.compile(
    r"<.*>|\{\{.*\}\}|x{3,}|\*{3,}|\.{3,}|\?+|your[-_ ].*|(to[-_ ]?do|tbd|fixme|placeholder)\b.*"
    r"|.*(change|replace|fill)[-_ ]?(me|this|it)([-_ ].*)?|sk[-_]?(test|live)?[-_]?(x+|\.{2,}|\*+)",
    re.IGNORECASE,
)
COMMON = re.compile(
    r"(my|some|super|dev|test|local)?[-_ ]?(secret|password|passwd|token|key|admin)[-_ ]?(key|token|value)?[0-9]*"
    r"|none|null|undefined|development|example|test|foo|bar|dummy|sample|default|postgres|redis|root"
    r"|qwerty.*|letmein|pass[0-9]*|12345[0-9]*|0+",
    re.IGNORECASE,
)
EXAMPLE_HOST = re.compile(
    r"(^|[/@.])example\.(com|org|net)\b|(^|[./@])(your|my)-?(domain|app|site|company)\.", re.IGNORECASE
)
COMMAND = re.compile(r"\$\(([^()\s]*\s[^()]*|[a-z]{3,})\)|`[^`\s]*\s[^`]*`")
"""What a shell would run, anywhere in a value: words with spaces, which passwords that were drawn have not."""
ONLY_COMMAND = re.compile(r"\$\(.+\)|`[^`]+`")
LABEL = r"[^\W_]([\w-]{0,61}[^\W_])?"
HOST = re.compile(rf"(\*\.)?{LABEL}(\.{LABEL})*\.?")
PATTERNS = {
    "url": (re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(//)?\S+"), "an address such as https://example.com"),
    "number": (re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"), "a number"),
    "boolean": (re.compile(r"true|false|1|0|yes|no|on|off", re.IGNORECASE), "true or false"),
    "email": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+"), "a mail address"),
    "host": (HOST, "a host name such as example.com, without https:// and without a path"),
    "image": (
        re.compile(r"[a-z0-9]+([._:/-]+[a-z0-9]+)*"),
        "in lower case, without spaces or other signs than `.`, `_`, `-` and `/`: registries refuse any other name",
    ),
    "tag": (re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"), "a tag of an image: letters, digits, `.`, `_` and `-`"),
}
IN_URL = re.compile(r"[A-Za-z0-9._~-]+")


def wrong_form(term: Term, value: str) -> str:
    """Say what a value must be and is not, in words that follow "must be"; empty where it is right."""
    if term.in_url and not IN_URL.fullmatch(value):
        return "letters and digits: it becomes part of an address, where other characters mean something"
    if term.kind.startswith("enum:"):
        choices = [each for each in term.kind.removeprefix("enum:").split("|") if each]
        return f"one of {', '.join(choices)}" if choices and value not in choices else ""
    if term.kind == "address":
        return "" if _is_address(value) else "an IP address such as 203.0.113.7"
    pattern, words = PATTERNS.get(term.kind, (None, ""))
    return words if pattern is not None and not pattern.fullmatch(value) else ""


def _is_address(value: str) -> bool:
    try:
        ip_address(value.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def is_placeholder(term: Term, value: str) -> bool:
    """Say whether a value only shows where one belongs."""
    if PLACEHOLDER.fullmatch(value.strip()) or (term.secret and COMMON.fullmatch(value.strip())):
        return True
    if value in (term.default, term.fallback):
        return False
    return EXAMPLE_HOST.search(value) is not None or (term.required and value == term.example and not _is_choice(term))


def _is_choice(term: Term) -> bool:
    """Say whether there are so few values that the example's is likely to be the right one."""
    return term.kind.startswith(("enum:", "number", "boolean"))


def is_command(value: str) -> bool:
    """Say whether a value was meant to be the output of a command: compose runs none, so it is the text itself."""
    return (COMMAND.search(value) or ONLY_COMMAND.fullmatch(value.strip())) is not None


def guessable(term: Term, value: str) -> str:
    """Say why a secret is none, without a word of it; empty where it is one."""
    fewest = SHORTEST if term.is_made else SHORTEST_GIVEN
    if len(value) < fewest:
        return f"is too short: nobody guesses one of {fewest} characters or more"
    if len(set(value)) < FEWEST_CHARACTERS:
        return "repeats the same few characters"
    return ""
