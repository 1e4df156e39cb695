"""The change of a Next.js config that its image needs, made in the user's own file."""

import re

from bayplan.model.code import NextConfig
from bayplan.model.rendered import Rendered
from bayplan.model.workspace import Package
from bayplan.source import Why

TRACES_FROM_A_ROOT = 15
ON_ONE_LINE = re.compile(r"(?P<inside>[^{}\n]*?)[ \t]*,?[ \t]*\}")
REASONS = (
    (
        re.compile(r"^\s*output\s*:\s*([\"'`])standalone\1"),
        Why("next_config", "next build gathers what the server needs, and the image holds only that"),
    ),
    (
        re.compile(r"^\s*outputFileTracingRoot\s*:"),
        Why(
            "next_config",
            "what the server needs lies in other folders of the workspace too, so it is gathered from its root",
        ),
    ),
    (
        re.compile(r"^(import (\* as )?path from|const path = require\()"),
        Why("next_config", "outputFileTracingRoot is put together with it"),
    ),
)


def render(text: str, package: Package) -> Rendered | None:
    """Return the config as it should be, with the reasons of the lines its image needs; None where it cannot be."""
    config = package.code.next
    changed = edited(text, package)
    if config is None or (changed is None and not config.output):
        return None
    lines = enumerate((changed or text).split("\n"), 1)
    found = ((number, why) for number, line in lines for pattern, why in REASONS if pattern.match(line))
    return Rendered(changed or text, tuple((number, number, why) for number, why in found))


def edited(text: str, package: Package) -> str | None:
    """Return the config with `output` and the tracing root set; None when it has both, or cannot be changed safely."""
    config = package.code.next
    if config is None or not config.editable:
        return None
    quote = "'" if text.count("'") > text.count('"') else '"'
    depth = 0 if package.folder == "." else package.folder.count("/") + 1
    missing = [] if config.output else [f"output: {quote}standalone{quote},"]
    imported = ""
    if config.tracing_root is None and depth and not _is_old(package):
        up = "/".join([".."] * depth)
        here = "import.meta.dirname" if _is_module(text, config, package) else "__dirname"
        missing.append(f"outputFileTracingRoot: path.join({here}, {quote}{up}{quote}),")
        imported = "" if _has_path(text) else _import(text, config, quote)
    return imported + _inserted(text, config, missing) if missing else None


def _is_old(package: Package) -> bool:
    """Say whether Next.js knows the key only as an experiment; it then takes the lockfile's folder for the root."""
    installed = package.depends_on("next")
    major = re.match(r"\D*(\d+)", installed.version or installed.spec) if installed is not None else None
    return major is not None and int(major[1]) < TRACES_FROM_A_ROOT


def _is_module(text: str, config: NextConfig, package: Package) -> bool:
    """Say whether `__dirname` is missing; Next.js gives it to a TypeScript config of a CommonJS package."""
    if config.path.endswith((".mjs", ".mts")):
        return True
    return package.module == "module" and "module.exports" not in text and not config.path.endswith(".cjs")


def _has_path(text: str) -> bool:
    return any(line.startswith(("import path ", "import * as path ", "const path ")) for line in text.splitlines())


def _import(text: str, config: NextConfig, quote: str) -> str:
    end = ";" if ";" in text else ""
    newline = _newline(text)
    first = text.partition("\n")[0]
    apart = "" if first.startswith("import ") or "require(" in first else newline
    if "module.exports" in text or config.path.endswith(".cjs"):
        return f"const path = require({quote}node:path{quote}){end}{newline}{apart}"
    return f"import path from {quote}node:path{quote}{end}{newline}{apart}"


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _inserted(text: str, config: NextConfig, properties: list[str]) -> str:
    """Put properties first in the object, indented as what follows; an object on one line gets a line for each."""
    lines = text.split("\n")
    offset = sum(len(line) + 1 for line in lines[: config.at.line - 1]) + config.at.column
    before, after = text[:offset], text[offset:]
    newline = _newline(text)
    rest = after.lstrip(" \t")
    alone = ON_ONE_LINE.match(rest)
    if alone is not None:
        outer = _indent(lines[config.at.line - 1])
        own = [f"{alone['inside']},"] if alone["inside"] else []
        inside = "".join(f"{newline}{outer}  {each}" for each in (*properties, *own))
        return f"{before}{inside}{newline}{outer}}}{rest[alone.end() :]}"
    following = next((line for line in after.splitlines()[1:] if line.strip()), "")
    indent = _indent(following)
    if following.lstrip().startswith(("}", ")")) or not indent:
        indent += "  "
    added = "".join(f"{newline}{indent}{each}" for each in properties)
    return before + added + (after if rest.startswith(("\n", "\r")) else f"{newline}{indent}{rest}")


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
