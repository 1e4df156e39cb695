"""Which environment variables a service reads, and where each value comes from."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bayplan.model.config import Config
from bayplan.model.stack import Asked, Binding, Composed, Given, Value, Variable
from bayplan.model.workspace import EnvUse, Use, Workspace
from bayplan.passes.apps import App
from bayplan.passes.stores import catalog, value, words
from bayplan.source import Fact, Why

SECRET = re.compile(
    r"(SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE_KEY|API_KEY|ACCESS_KEY|CREDENTIAL|_DSN$|_SALT$|ENCRYPTION_KEY|_KEY$)"
)
PUBLIC = re.compile(r"^(NEXT_PUBLIC_|VITE_|PUBLIC_|REACT_APP_)")
ADDRESS = re.compile(r"^(?P<name>\w*?)_?(?:INTERNAL_)?(?:BASE_)?(?:URL|ORIGIN|ENDPOINT|ADDRESS)$")
LOCAL = re.compile(r"^(?P<scheme>https?|wss?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(?P<port>\d+)(?P<path>/.*)?$")


def uses_by_name(workspace: Workspace, app: App) -> dict[str, list[EnvUse]]:
    """Return every read of every variable in the code that the app runs, its own first."""
    found: dict[str, list[EnvUse]] = {}
    for package in reversed(workspace.closure(app.package, development=False)):
        for use in package.code.env:
            found.setdefault(use.name, []).append(use)
    return dict(sorted(found.items()))


def given_parts(found: Value) -> tuple[Given, ...]:
    """Return the fixed texts of a value."""
    parts = found.parts if isinstance(found, Composed) else (found,)
    return tuple(part for part in parts if isinstance(part, Given))


class Variables:
    """Decides the variables of every service of one stack."""

    def __init__(
        self,
        workspace: Workspace,
        config: Config,
        name: str,
        ports: Mapping[str, Fact[int] | None],
        bindings: Mapping[str, Binding],
        needs: Mapping[str, Mapping[str, Why]],
    ) -> None:
        self.workspace = workspace
        self.config = config
        self.ports = ports
        self.bindings = bindings
        self.needs = needs
        self.known = {entry["kind"]: words(entry, name) for entry in catalog()}

    def of(self, app: App) -> tuple[Variable, ...]:
        variables = [
            self._variable(app, name, uses)
            for name, uses in uses_by_name(self.workspace, app).items()
            if not self._is_own_port(app, name) and name not in app.settings.variables
        ]
        for name, text in app.settings.variables.items():
            at = self.config.at("services", app.name, "variables", name)
            public = PUBLIC.match(name) is not None
            variables.append(
                Variable(name, Given(text), Why("bayplan.yaml", "bayplan.yaml says so", at), at_build=public)
            )
        return tuple(sorted(variables, key=lambda each: each.name))

    def _is_own_port(self, app: App, name: str) -> bool:
        told = app.package.code.port_variable
        return self.ports[app.name] is not None and name == (told.value if told else "PORT")

    def _variable(self, app: App, name: str, uses: Sequence[EnvUse]) -> Variable:
        known = self.config.variables.get(name)
        default = next((use.default for use in uses if use.default is not None), None)
        required = any(use.required for use in uses) and default is None
        at_build = PUBLIC.match(name) is not None or all(use.use is Use.BUILD for use in uses)
        secret = SECRET.search(name) is not None and not at_build and not PUBLIC.match(name)
        if known is not None:
            required = known.required if known.required is not None else required and known.default is None
            secret = known.secret if known.secret is not None else secret
        found, why = self._value(app, name, uses, default)
        if known is not None and known.value is not None:
            found, why = (
                Given(known.value),
                Why("bayplan.yaml", "bayplan.yaml says so", self.config.at("variables", name)),
            )
        elif known is not None and known.default is not None and isinstance(found, Asked):
            found = replace(found, default=known.default, required=False)
        elif isinstance(found, Asked) and found.default is None:
            found = replace(found, required=required)
        return Variable(
            name,
            found,
            why,
            required=required,
            secret=secret,
            at_build=at_build,
            purpose=(known.purpose if known and known.purpose else "")
            or next((use.purpose for use in uses if use.purpose), ""),
            example=(known.example if known and known.example else "") or self._example(found, default, uses),
            uses=tuple(use.at for use in uses),
        )

    def _value(self, app: App, name: str, uses: Sequence[EnvUse], default: str | None) -> tuple[Value, Why]:
        at = uses[0].at
        for entry in catalog():
            if app.name in self.needs.get(entry["kind"], {}):
                text = self._store_text(entry, name)
                if text is not None:
                    return value(text, self.known[entry["kind"]]), Why(
                        "variables", f"{entry['title']} of this stack", at
                    )
        if name == "NODE_ENV":
            return Given("production"), Why("variables", "this is production", at)
        other = self._service_meant(app, name, default)
        if other is not None and PUBLIC.match(name):
            binding = self.bindings[other]
            text = f"http://localhost:{binding.port}"
            return Asked(name, text, required=False), Why(
                "variables", f"the address of {other} as the browser sees it", at
            )
        if other is not None:
            port = self.ports[other]
            path = LOCAL.match(default or "")
            text = f"http://{other}:{port.value if port else 80}{(path.group('path') or '') if path else ''}"
            return Given(text), Why("variables", f"the address of {other} inside the stack", at)
        return Asked(name, required=default is None), Why("variables", f"read at {at}", at)

    @staticmethod
    def _store_text(entry: Mapping[str, object], name: str) -> str | None:
        url, parts = entry.get("url"), entry.get("parts")
        if isinstance(url, dict) and name in url["names"]:
            return str(url["text"])
        if isinstance(parts, dict):
            return next((f"{{{part}}}" for part, names in parts.items() if name in names), None)
        return None

    def _service_meant(self, app: App, name: str, default: str | None) -> str | None:
        """Say which service an address names: by a default on localhost, or by its name (`API_INTERNAL_URL`)."""
        if SECRET.search(name) or not (match := ADDRESS.match(PUBLIC.sub("", name))):
            return None
        public = PUBLIC.match(name) is not None
        others = [each for each in (self.bindings if public else self.ports) if each != app.name and self.ports[each]]
        local = LOCAL.match(default or "")
        if local is not None:
            return next(
                (each for each in others if (port := self.ports[each]) and port.value == int(local["port"])), None
            )
        stem = match["name"].lower().replace("_", "-").removesuffix("-internal").removesuffix("-base")
        usual = {"api", "backend", "server"}
        return next((each for each in others if each == stem or {each, stem} <= usual), None)

    @staticmethod
    def _example(found: Value, default: str | None, uses: Iterable[EnvUse]) -> str:
        if isinstance(found, Asked) and found.default is not None:
            return found.default
        if default is not None:
            return default
        kind = next((use.kind for use in uses if use.kind), "")
        if kind.startswith("enum:"):
            return kind.removeprefix("enum:").split("|")[0]
        return {"url": "https://example.com", "email": "someone@example.com", "boolean": "false"}.get(kind, "")
