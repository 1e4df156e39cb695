"""Whatever a repository's own texts hold, the files for its platforms hold it as text."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan.formats import railway_code
from tests.unit.planning import Repository, server

TARGETS = (
    "targets: { fly: {}, railway: { json: true, repo: example/shop }, render: {}, github: {} }\n"
    'images: "ghcr.io/example/{name}-{service}:${TAG:-latest}"\n'
)
TEXTS = [
    "a'b\"c",
    "$(touch x) `touch y`",
    "'; touch x; '",
    '"; touch x; "',
    "a\\b\\",
    "\"\"\"'''",
    "# x: y",
    "*/ //",
    "}}{{ %{x} {name}",
    "${X:-y} $X",
    "- a, &b *c !!d @e",
    "\u2028é☃\t",
    "null",
    "1e3",
    "2024-01-01",
]
EXPRESSION = re.compile(r"\$\{\{.*?\}\}")


def _planned(root: Path, text: str, route: str) -> dict[str, str]:
    """Return the files of a repository that has this text wherever one is free to have it."""
    said, path = json.dumps(text), json.dumps(f"/{route}")
    code = server(3000, "console.log(process.env.MOTTO, process.env.OTHER!, process.env.JWT_SECRET!);\n")
    repository = Repository(root).app("api", code).app(route, server(4000))
    repository.manifest(f"apps/{route}", {**repository.folders[f"apps/{route}"], "name": "odd"})
    settings = (
        f"variables:\n  MOTTO: {{ value: {said} }}\n"
        f"  JWT_SECRET: {{ purpose: {said}, group: {said}, example: {said} }}\n"
        f"services:\n  api:\n    health: {path}\n    command: {json.dumps('node dist/index.js ' + _word(text))}\n"
        f"    variables: {{ OTHER: {said} }}\n    keep: [{json.dumps('/data/' + route.replace(':', ''))}]\n"
        f"proxy:\n  sites:\n    shop.example.com:\n      to: api\n"
        f"      paths: {{ {json.dumps('/' + _plain(route) + '/*')}: api }}\n"
    )
    return {name: file.text for name, file in repository.plan(TARGETS + settings).files.items()}


def _route(text: str) -> str:
    return re.sub(r"[\s/?#\u2028]", "", text) or "x"


def _plain(route: str) -> str:
    return re.sub(r"[{}\"]", "", route) or "x"


def _word(text: str) -> str:
    """Return a text as one word of a command."""
    return "'" + text.replace("'", "'\\''") + "'"


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(data, list):
        for each in data:
            yield from _texts(each)
    elif isinstance(data, str):
        yield data


def _is_shell(script: str) -> bool:
    return subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False).returncode == 0


def _judged(path: str, text: str, hostile: str) -> None:
    if path.endswith(".toml"):
        environment = tomllib.loads(text).get("env", {})
        assert {environment.get(name, hostile) for name in ("MOTTO", "OTHER")} == {hostile}
    elif path == "render.yaml":
        told = [each for service in yaml.safe_load(text)["services"] for each in service.get("envVars", ())]
        assert {each["value"] for each in told if each.get("key") in ("MOTTO", "OTHER")} == {hostile}
    elif path.endswith("railway.ts"):
        file = railway_code.parse(text, path)
        assert file.irregular == ()
        told = [service.environment for service in file.services if service.name == "api"]
        assert {each[name].value for each in told for name in ("MOTTO", "OTHER")} == {hostile}
    elif path.endswith("railway.json"):
        json.loads(text)
    elif path.endswith(".sh"):
        assert _is_shell(text)
    elif path.startswith(".github/"):
        workflow = yaml.safe_load(text)
        assert not [each for each in _texts(workflow) for inside in EXPRESSION.findall(each) if hostile in inside]
        scripts = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
        assert all(_is_shell(each) for each in scripts)
        assert not [each for each in scripts if EXPRESSION.search(each)]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_written_is_read_with_its_texts_as_they_were(tmp_path: Path, text: str) -> None:
    files = _planned(tmp_path, text, _route(text))
    assert {"render.yaml", ".railway/railway.ts", ".github/workflows/docker-build.yml"} <= files.keys()
    assert any(path.startswith("fly.") for path in files)
    for path, content in files.items():
        _judged(path, content, text)
