"""The SQL that makes, names and removes databases of PostgreSQL."""

import json
import re
from collections.abc import Mapping

LISTS = frozenset({"search_path", "local_preload_libraries", "session_preload_libraries", "temp_tablespaces"})
"""Settings whose value is a list of names, quoted already."""
NAMES = re.compile(r'(?:"(?:[^"]|"")*"|[\w$]+)(?:, *(?:"(?:[^"]|"")*"|[\w$]+))*')
ICU, BUILTIN = "i", "b"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def create(database: str, facts: Mapping[str, str]) -> str:
    """Make an empty database like the one that was dumped, and the roles that its objects name."""
    words = ["CREATE DATABASE", identifier(database), "TEMPLATE template0 OWNER", identifier(facts["owner"])]
    words += ["ENCODING", literal(facts["encoding"]), "LC_COLLATE", literal(facts["collate"])]
    words += ["LC_CTYPE", literal(facts["ctype"])]
    kinds = {ICU: "LOCALE_PROVIDER icu ICU_LOCALE", BUILTIN: "LOCALE_PROVIDER builtin BUILTIN_LOCALE"}
    if facts.get("provider") in kinds:
        words += [kinds[facts["provider"]], literal(facts["locale"])]
    return f"{_roles(facts)}{' '.join(words)};\n{_settings(database, facts)}"


def _roles(facts: Mapping[str, str]) -> str:
    """Make the roles that are missing, which nobody can log in as."""
    return "".join(
        f"SELECT format('CREATE ROLE %I', name) FROM (VALUES ({literal(role)})) AS wanted (name) "  # noqa: S608 - quoted
        "WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)\n\\gexec\n"
        for role in json.loads(facts["roles"])
    )


def _settings(database: str, facts: Mapping[str, str]) -> str:
    pairs = [each.partition("=") for each in json.loads(facts["settings"])]
    start = f"ALTER DATABASE {identifier(database)} SET"
    return "".join(f"{start} {identifier(name)} TO {_set(name, value)};\n" for name, _, value in pairs)


def _set(name: str, value: str) -> str:
    return value if name in LISTS and NAMES.fullmatch(value) else literal(value)


def drop(database: str) -> str:
    return f"DROP DATABASE IF EXISTS {identifier(database)};\n"


def rename(database: str, name: str) -> str:
    return f"ALTER DATABASE {identifier(database)} RENAME TO {identifier(name)};\n"


def swap(live: str, new: str, old: str) -> str:
    """Exchange two databases, both or none. Whatever fails, whoever is called `live` takes connections at the end."""
    return (
        f"ALTER DATABASE {identifier(live)} ALLOW_CONNECTIONS false;\n"
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {literal(live)};\n"
        f"BEGIN;\n{rename(live, old)}{rename(new, live)}COMMIT;\n"
        f"ALTER DATABASE {identifier(live)} ALLOW_CONNECTIONS true;\n"
        f"ALTER DATABASE {identifier(old)} ALLOW_CONNECTIONS true;\n"
    )
