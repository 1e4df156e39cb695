"""Which environment variables a service reads, and where each value comes from."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bayplan.catalog import load
from bayplan.catalog.stores import StoreEntry
from bayplan.errors import UsageError
from bayplan.model.code import SKIPS_VALIDATION, EnvUse, Use
from bayplan.model.config import Config, VariableConfig
from bayplan.model.parts import Asked, Binding, Composed, Given, Link, Part, Value, Variable, parts_of
from bayplan.model.workspace import Workspace
from bayplan.passes.apps import App
from bayplan.passes.store_values import leading_to, link, value, words
from bayplan.source import Fact, Why

SECRET = re.compile(r"SECRET|PASSW(OR)?D|PASSPHRASE|(^|_)(PASS|PWD)$|TOKEN|CREDENTIAL|_DSN$|_SALT$|_KEYS?$|_KEY_ID$")
MADE_UP = re.compile(
    r"^(?!.*(AWS|S3|CLIENT|WEBHOOK|STRIPE|GITHUB|GOOGLE|SLACK|TWILIO|AUTH0|CLERK|DISCORD)).*"
    r"(SECRET|SECRET_KEY|SALT|ENCRYPTION_KEY|SIGNING_KEY)$"
)
PUBLIC = re.compile(r"^(NEXT_PUBLIC_|VITE_|PUBLIC_|REACT_APP_)")
FOR_BROWSERS = re.compile(r"CORS|ORIGIN|PUBLIC|FRONTEND|CALLBACK|REDIRECT|(APP|SITE|WEB)_URL|^BASE_URL|AUTH_URL")
ADDRESS = re.compile(r"^(?P<name>\w*?)_?(?:INTERNAL_)?(?:BASE_)?(?:URL|ORIGIN|ENDPOINT|ADDRESS)$")
LOCAL = re.compile(r"^https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(?P<port>\d+)(?P<path>/.*)?$")
EXAMPLES = {"url": "https://example.com", "email": "someone@example.com", "boolean": "false", "number": "1"}
SYNONYMS = frozenset({"api", "backend", "server"})


def given_parts(found: Value) -> tuple[Given, ...]:
    """Return the fixed texts of a value."""
    return tuple(part for part in parts_of(found) if isinstance(part, Given))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the addresses in variables can lead to."""

    workspace: Workspace
    config: Config
    stack: str
    ports: Mapping[str, Fact[int] | None]
    usual_ports: Mapping[str, int]
    """Where each answers when nothing tells it otherwise: what other code takes for granted."""
    bindings: Mapping[str, Binding]
    users: Mapping[str, Mapping[str, Why]]
    entries: Sequence[StoreEntry]
    """The catalog of stores, as this stack runs them."""
    reached: Mapping[str, Value] = field(default_factory=dict)
    """Under which address browsers reach the services that the proxy's host names lead to."""


def variables(around: Surroundings, app: App) -> tuple[Variable, ...]:
    """Return every variable of a service, by name."""
    code = app.package.code
    listens = around.ports[app.name] is not None
    port = (code.port_variable.value if code.port_variable else "PORT") if listens else None
    host = code.host_variable.value if listens and code.host_variable else None
    found = {
        name: _variable(around, app, name, uses)
        for name, uses in _uses(app).items()
        if name not in (port, host, "NODE_ENV")
    }
    found |= {each.name: each for each in _taken_by_clients(around, app, found)}
    found |= {each.name: each for each in _implied(app) if each.name not in found}
    return with_given(found.values(), app, around.config)


def read_by(around: Surroundings, app: App, uses: Iterable[EnvUse]) -> tuple[Variable, ...]:
    """Return the variables of what reads no more than this."""
    found: dict[str, list[EnvUse]] = {}
    for use in uses:
        if use.kind != SKIPS_VALIDATION and use.name != "NODE_ENV":
            found.setdefault(use.name, []).append(use)
    return tuple(_variable(around, app, name, each) for name, each in found.items())


def with_given(found: Iterable[Variable], app: App, config: Config) -> tuple[Variable, ...]:
    """Return variables with those that `bayplan.yaml` gives a service, by name."""
    every = {each.name: each for each in found}
    for name, text in app.settings.variables.items():
        why = Why("bayplan.yaml", "bayplan.yaml says so", config.at("services", app.name, "variables", name))
        built_in = every[name].at_build if name in every else PUBLIC.match(name) is not None
        every[name] = Variable(name, Given(text), why, at_build=built_in)
    return tuple(every[name] for name in sorted(every))


def _uses(app: App) -> dict[str, list[EnvUse]]:
    """Return every read of every variable in the code that the app runs, its own first."""
    found: dict[str, list[EnvUse]] = {}
    for package in reversed(app.workspace.closure(app.package, development=False)):
        for use in package.code.env:
            if use.kind != SKIPS_VALIDATION:
                found.setdefault(use.name, []).append(use)
    return found


def _implied(app: App) -> Iterator[Variable]:
    """Yield what a library reads by itself."""
    for entry in load("variables")["implied"]:
        for package in app.workspace.closure(app.package, development=False):
            client = package.depends_on(*entry["packages"])
            if client is not None:
                why = Why("variables", f"{client.name} reads it by itself", client.at)
                for name in entry["names"]:
                    asked = Asked(name, required=False)
                    yield Variable(name, asked, why, required=False, secret=True, purpose=_usual_purpose(name))


def _taken_by_clients(around: Surroundings, app: App, found: Iterable[str]) -> Iterator[Variable]:
    """Yield where a store is as its client takes it by itself, if the code takes it from nothing: `new Pool()`."""
    told = {stored[1] for name in found if (stored := _of_store(around, app, name, ())) is not None}
    for entry in load("variables")["client"]:
        for package in app.workspace.closure(app.package, development=False):
            client = package.depends_on(*entry["packages"])
            for name in entry["names"] if client is not None else ():
                stored = _of_store(around, app, name, ())
                if client is not None and stored is not None and stored[1] not in told:
                    why = Why("variables", f"{client.name} reads it by itself", client.at)
                    secret = SECRET.search(name) is not None
                    yield Variable(name, stored[0], why, secret=secret, leads_to=stored[2])


def _default(around: Surroundings, name: str, known: VariableConfig) -> str | None:
    if known.default is not None and "}" in known.default:
        raise UsageError(
            f"the default of {name} has a brace, and compose would read it only as far as that",
            at=around.config.at("variables", name, "default"),
            remedy=f"give it as a fixed value, variables.{name}.value, or in the env file",
        )
    return known.default


def _variable(around: Surroundings, app: App, name: str, uses: Sequence[EnvUse]) -> Variable:
    known = around.config.variables.get(name) or VariableConfig()
    default = next((use.default for use in uses if use.default is not None), None)
    required = any(use.required for use in uses) and default is None and known.default is None
    required = required if known.required is None else known.required
    is_read_when_it_runs = name.startswith("PUBLIC_") and any(use.use is Use.RUN for use in uses)
    public = PUBLIC.match(name) is not None and not is_read_when_it_runs
    at_build = public or all(use.use is Use.BUILD for use in uses)
    found, why, leads_to = _value(around, app, name, uses)
    if known.value is not None:
        why = Why("bayplan.yaml", "bayplan.yaml says so", around.config.at("variables", name))
        found, leads_to = Given(known.value), None
    elif isinstance(found, Asked) and (leads_to is None or leads_to.part is Part.BROWSERS):
        found = replace(found, default=_default(around, name, known) or found.default, required=required)
    purpose = known.purpose or next((use.purpose for use in uses if use.purpose), "") or _usual_purpose(name)
    shown = default if default is None or _is_shown(default) else None
    example = known.example or _example(found, shown, uses)
    return Variable(
        name,
        found,
        why,
        required=required,
        secret=known.secret if known.secret is not None else not at_build and SECRET.search(name) is not None,
        at_build=at_build,
        purpose=purpose,
        example=example,
        group=known.group or "",
        fallback=shown,
        made_up=MADE_UP.search(name) is not None,
        for_browsers=isinstance(found, Asked)
        and FOR_BROWSERS.search(name) is not None
        and LOCAL.match(example) is not None,
        kind=next((use.kind for use in uses if use.kind), ""),
        uses=tuple(use.at for use in uses),
        leads_to=leads_to,
    )


def _value(around: Surroundings, app: App, name: str, uses: Sequence[EnvUse]) -> tuple[Value, Why, Link | None]:
    at = uses[0].at
    stored = _of_store(around, app, name, uses)
    if stored is not None:
        return stored[0], Why("variables", f"{stored[1]} of this stack", at), stored[2]
    default = next((use.default for use in uses if use.default is not None), None)
    other = _service_meant(around, app, name, default)
    local = LOCAL.match(default or "")
    path = (local["path"] or "") if local else default if default is not None and default.startswith("/") else ""
    if other is not None and (PUBLIC.match(name) or FOR_BROWSERS.search(name)):
        leads_to = Link(other, Part.BROWSERS, path)
        if other in around.reached:
            why = Why("variables", f"the host name that leads to {other}", around.config.at("proxy", "sites"))
            return _followed_by(around.reached[other], path), why, leads_to
        if other not in around.bindings:
            return Asked(name), Why("variables", f"read at {at}", at), leads_to
        text = f"http://localhost:{around.bindings[other].port}{path}"
        same = text == default and not PUBLIC.match(name)
        why = Why("variables", f"the address of {other} as browsers reach it", at)
        return Asked(name, None if same else text), why, leads_to
    port = around.ports[other] if other is not None else None
    if other is not None and port is not None:
        inside = Composed((Given("http://"), Given(other, reaches=other), Given(f":{port.value}{path}")))
        why = Why("variables", f"the address of {other} inside the stack", at)
        return inside, why, Link(other, Part.URL, path)
    return Asked(name), Why("variables", f"read at {at}", at), None


def _followed_by(found: Value, path: str) -> Value:
    """Return an address with a path behind it."""
    parts = parts_of(found)
    if isinstance(parts[-1], Given):
        parts = (*parts[:-1], Given(parts[-1].text + path))
    elif path:
        parts = (*parts, Given(path))
    return parts[0] if len(parts) == 1 else Composed(parts)


def _of_store(around: Surroundings, app: App, name: str, uses: Sequence[EnvUse]) -> tuple[Value, str, Link] | None:
    """Return what a variable is that leads to a store of this stack, the store's title, and what it tells of it."""
    used = [entry for entry in around.entries if app.name in around.users.get(entry.kind, {})]
    example = next((use.default for use in uses if use.default), "://" if uses and uses[0].kind == "url" else "")
    found = leading_to(used, name, example)
    if found is None:
        return None
    entry, text = found
    return value(text, words(entry, around.stack)), entry.title, link(entry, text)


def _service_meant(around: Surroundings, app: App, name: str, default: str | None) -> str | None:
    """Say which service an address leads to: by a default on localhost, or by its name (`API_INTERNAL_URL`)."""
    match = ADDRESS.match(PUBLIC.sub("", name))
    if match is None or SECRET.search(name):
        return None
    others = {each: port.value for each, port in around.ports.items() if port is not None and each != app.name}
    others |= {each: port for each, port in around.usual_ports.items() if each not in (*others, app.name)}
    local = LOCAL.match(default or "")
    if local is not None:
        named = int(local["port"])
        return next((each for each, port in others.items() if named in (port, around.usual_ports.get(each))), None)
    stem = (
        match["name"]
        .lower()
        .replace("_", "-")
        .removesuffix("-internal")
        .removesuffix("-base")
        .removeprefix("internal-")
    )
    return next((each for each in others if each == stem or {each, stem} <= SYNONYMS), None)


def _is_shown(default: str) -> bool:
    """Say whether a file of values can show it: nothing in it controls a terminal or turns the direction of writing."""
    return all(each.isprintable() or each in "\t\n" for each in default)


def _usual_purpose(name: str) -> str:
    return next((row["text"] for row in load("variables")["purpose"] if re.fullmatch(row["name"], name)), "")


def _example(found: Value, default: str | None, uses: Sequence[EnvUse]) -> str:
    if isinstance(found, Asked) and found.default is not None:
        return found.default
    if default is not None:
        return default
    kind = next((use.kind for use in uses if use.kind), "")
    return kind.removeprefix("enum:").split("|")[0] if kind.startswith("enum:") else EXAMPLES.get(kind, "")
