"""Which variables hold secrets, by their names and values."""

import re

from bayplan.rules.facts.variables import PUBLIC

SECRET = re.compile(
    r"(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE_KEY|API_KEY|APIKEY|ACCESS_KEY|CREDENTIALS)($|_KEY$|_BASE$)"
)
URL_WITH_PASSWORD = re.compile(r"^\w+://(?P<user>[^:/@\s$]*):(?P<password>[^@/\s$]{3,})@")
ELSEWHERE = re.compile(r"[./~].*|(arn|vault|ssm|op|gcp|aws|file|projects)[:/].*|\w+://.*", re.IGNORECASE | re.DOTALL)
"""Where the secret is kept, or what it is for."""
SETTING = re.compile(
    r"|yes|no|true|false|on|off|none|null|undefined|optional|required|include|enabled|disabled"
    r"|\d{1,6}|\d{1,6} ?(ms|[smhdwy]|(sec|min|minute|hour|day|week|month|year)s?)",
    re.IGNORECASE,
)
"""What a name such as ALLOW_EMPTY_PASSWORD or REFRESH_TOKEN is given."""
PUBLISHED = re.compile(r"pk[._].*|phc_.*")
"""Keys that are made to be sent to browsers."""
PLACEHOLDER = re.compile(
    r"\W*|<.*>|\[.*\]|\{.*\}|__.*__|%.*%|x{3,}|.*x{6,}.*|.*\.{3}"
    r"|(your|my|some|an?|the|add|put|use|insert|enter|paste|generate|supply)[-_ ].*|.*[-_ ]here"
    r"|(to[-_ ]?do|tbd|fixme|placeholder|dummy|example|sample)\b.*"
    r"|.*(change|replace|fill|set)[-_ ]?(me|this|it|in)(?![a-z]).*",
    re.IGNORECASE | re.DOTALL,
)
GUESSED = re.compile(
    r"(super|dev|test|local)?[-_ ]?(secret|password|passwd|pass|token|key|admin)[-_ ]?(key|token|value)?[0-9!]*"
    r"|development|test|foo|bar|default|postgres|redis|root|mysql|mongo|minio(admin)?|guest|user"
    r"|qwerty.*|letmein|0*12345[0-9]*|0+",
    re.IGNORECASE,
)


def is_secret(name: str) -> bool:
    """Say whether a variable is one that nobody but its service should know."""
    return bool(SECRET.search(name)) and not PUBLIC.match(name)


def written_secret(name: str, value: str) -> str:
    """Return the secret that a variable's value spells out; empty when there is none, or only a placeholder."""
    value = value.strip()
    if "$" in value:
        return ""
    url = URL_WITH_PASSWORD.match(value)
    spelled = url["password"] if url else value if is_secret(name) and not ELSEWHERE.fullmatch(value) else ""
    patterns = (SETTING, PLACEHOLDER, PUBLISHED)
    return "" if any(each.fullmatch(spelled) for each in patterns) or spelled.upper() == name else spelled
