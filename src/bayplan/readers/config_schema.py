"""The types of `model/config.py` → JSON Schema and reference, docstrings included."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from bayplan.model import config
from bayplan.model.config import Config, EnvironmentConfig, Form
from bayplan.readers.config_types import Key, alternatives, item_of, keys, mapping_of, section_of, words

TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}
NULL = {"type": "null"}


@cache
def descriptions(section: type) -> dict[str, str]:
    """Return what the docstrings below a section's keys say, and its own under the empty name."""
    tree = ast.parse(inspect.getsource(config))
    found = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == section.__name__)
    inherited = [base for base in section.__bases__ if base is not object]
    told = {name: text for base in inherited for name, text in descriptions(base).items()}
    told[""] = ast.get_docstring(found) or ""
    for before, after in zip(found.body, found.body[1:], strict=False):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and isinstance(after, ast.Expr):
            told[before.target.id] = ast.literal_eval(after.value)
    return told


def json_schema() -> dict[str, Any]:
    """Return a JSON Schema that accepts exactly what the loader accepts."""
    sections = {section for section in _sections(Config) if section is not Config}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bayplan.yaml",
        **_section_schema(Config),
        "$defs": {each.__name__: _section_schema(each) for each in sorted(sections, key=lambda one: one.__name__)},
    }


def _sections(section: type) -> Iterator[type]:
    yield section
    for key in keys(section):
        mapping = mapping_of(key.type)
        inner = section_of(mapping[1] if mapping else key.type)
        if inner is not None:
            yield from _sections(inner)


def _section_schema(section: type) -> dict[str, Any]:
    told = descriptions(section)
    required = [key.name for key in keys(section) if key.required]
    return {
        "description": told[""],
        "type": "object",
        "properties": {key.name: _key_schema(key, told[key.name]) for key in keys(section)},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _key_schema(key: Key, description: str) -> dict[str, Any]:
    schema = {"description": description, **_schema(key.type)}
    if key.required:
        return schema
    if key.default not in (None, ()):
        schema["default"] = key.default
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "anyOf": [*schema["anyOf"], NULL]}


def _schema(kind: Any) -> dict[str, Any]:
    several = alternatives(kind)
    if len(several) > 1:
        return {"anyOf": [_schema(each) for each in several]}
    if (section := section_of(kind)) is not None:
        return {"anyOf": [{"$ref": f"#/$defs/{section.__name__}"}, NULL]}
    if (mapping := mapping_of(kind)) is not None:
        return {"type": "object", "propertyNames": _schema(mapping[0]), "additionalProperties": _schema(mapping[1])}
    if (item := item_of(kind)) is not None:
        return {"type": "array", "items": _schema(item)}
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if get_origin(kind) is not Annotated:
        return {"type": TYPES[kind]}
    base, limit = get_args(kind)
    bounds = {"pattern": limit.pattern} if isinstance(limit, Form) else {"minimum": limit.least, "maximum": limit.most}
    return {**_schema(base), **bounds}


def reference() -> str:
    """Return the reference of every key as Markdown."""
    text = "# bayplan.yaml\n\n" + descriptions(Config)[""] + "\n"
    text += "Every key left out or left empty is inferred from the repository.\n"
    for title, section in (("At the top", Config), *_titled()):
        text += f"\n## {title}\n\n"
        text += "" if section is Config else descriptions(section)[""] + "\n\n"
        if section is EnvironmentConfig:
            shared = ", ".join(f"`{key.name}`" for key in keys(section))
            text += f"It takes what stands at the top too: {shared}.\n"
            continue
        text += "| key | value | meaning |\n| --- | --- | --- |\n"
        text += "".join(_row(key, descriptions(section)[key.name]) for key in keys(section))
    return text


def _titled() -> Iterator[tuple[str, type]]:
    """Yield each section once, under the route that leads to it."""
    met: set[type] = {Config}
    waiting: list[tuple[str, type]] = [("", Config)]
    for route, above in waiting:
        for key in keys(above):
            mapping = mapping_of(key.type)
            section = section_of(mapping[1] if mapping else key.type)
            if section is not None and section not in met:
                met.add(section)
                here = f"{route}{key.name}" + (".NAME" if mapping else "")
                yield f"`{here}`", section
                waiting.append((f"{here}.", section))


def _row(key: Key, description: str) -> str:
    mapping, item = mapping_of(key.type), item_of(key.type)
    value = words(key.type)
    if mapping is not None:
        value = f"names, each with {'its keys' if section_of(mapping[1]) else words(mapping[1])}"
    elif item is not None:
        value = f"a list, each {words(item)}"
    return f"| `{key.name}` | {value} | {' '.join(description.split())} |\n"
