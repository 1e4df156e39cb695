"""What Caddy itself makes of Caddyfiles: one process answers for many, so that a container starts once."""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

IMAGE = "caddy:2-alpine"
MARK = "=====answer====="
SCRIPT = """
dir=$(mktemp -d) && cd "$dir" || exit 1
caddy version
"""
ONE = f"""
echo {MARK}
printf %s '{{text}}' | base64 -d > Caddyfile
if caddy adapt --config Caddyfile --adapter caddyfile > out 2> err; then echo yes; else echo no; fi
base64 -w 0 out; echo
base64 -w 0 err; echo
caddy fmt Caddyfile 2> err | base64 -w 0; echo
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Caddy says to a file: its configuration, None when it is refused; the error; the file well laid out."""

    config: Mapping[str, Any] | None
    error: str
    formatted: str


def command(engine: "str | None") -> list[str]:
    """Return how a shell that has Caddy is started."""
    if shutil.which("caddy"):
        return ["sh", "-s"]
    return [engine or "docker", "run", "--rm", "-i", "--network", "none", "--entrypoint", "sh", IMAGE, "-s"]


def ask(argv: list[str], texts: Mapping[str, str]) -> tuple[str, dict[str, Verdict]]:
    """Return Caddy's version and what it says to each text."""
    script = SCRIPT + "".join(ONE.format(text=base64.b64encode(text.encode()).decode()) for text in texts.values())
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "")}
    answer = subprocess.run(
        argv, input=script, capture_output=True, text=True, timeout=120, check=True, env=environment
    )
    version, *parts = answer.stdout.split(f"{MARK}\n")
    assert len(parts) == len(texts), answer.stderr
    return version.strip(), dict(zip(texts, map(_verdict, parts), strict=True))


def _verdict(part: str) -> Verdict:
    accepted, *encoded = part.split("\n")
    out, error, formatted = (base64.b64decode(each).decode() for each in encoded[:3])
    return Verdict(json.loads(out or "{}") if accepted == "yes" else None, error, formatted)


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers requests, in a form that both can be brought to."""

    kind: str
    paths: tuple[tuple[str, ...], ...] = ()
    hosts: tuple[tuple[str, ...], ...] = ()
    dials: tuple[str, ...] = ()
    status: int | None = None
    target: str = ""


@dataclass(slots=True)
class Heard:
    """The answers of one site, and the folders whose files it serves."""

    answers: list[Answer]
    roots: set[str]


def sites(config: Mapping[str, Any], *, errors: bool = False) -> dict[tuple[int, tuple[str, ...], str], Heard]:
    """Return what Caddy's configuration answers, by port, host names and path of the address."""
    found: dict[tuple[int, tuple[str, ...], str], Heard] = {}
    for server in config.get("apps", {}).get("http", {}).get("servers", {}).values():
        port = int(server["listen"][0].rpartition(":")[2])
        alone: list[Any] = []
        for route in (server.get("errors", {}) if errors else server).get("routes", []):
            match = route.get("match", [{}])[0]
            if route.get("terminal") and ("host" in match or "path" in match):
                key = (port, tuple(sorted(match.get("host", []))), "".join(match.get("path", [])))
                found[key] = _heard(_inside(route))
            else:
                alone.extend(_inside(route) if route.get("terminal") else [route])
        if alone or not server.get("routes"):
            found[(port, (), "")] = _heard(alone)
    return found


def _inside(route: Mapping[str, Any]) -> list[Any]:
    return [inner for handler in route.get("handle", []) for inner in handler.get("routes", [])]


def _heard(routes: list[Any]) -> Heard:
    heard = Heard([], set())
    heard.answers.extend(_walk(routes, (), (), "", heard.roots))
    return heard


def _walk(
    routes: list[Any],
    paths: tuple[tuple[str, ...], ...],
    hosts: tuple[tuple[str, ...], ...],
    stripped: str,
    roots: set[str],
) -> Iterator[Answer]:
    for route in routes:
        match = route.get("match", [{}])[0]
        here = tuple(stripped + path if path.startswith("/") else path for path in match.get("path", []))
        within = (*paths, here) if here else paths
        named = (*hosts, tuple(match["host"])) if "host" in match else hosts
        for handler in route.get("handle", []):
            if handler["handler"] == "subroute":
                yield from _walk(handler.get("routes", []), within, named, stripped, roots)
            elif handler["handler"] == "rewrite" and "strip_path_prefix" in handler:
                stripped += handler["strip_path_prefix"]
            elif handler["handler"] == "vars" and "root" in handler:
                roots.add(handler["root"])
            elif answer := _answer(handler, match, within, named, roots):
                yield answer


def _answer(
    handler: Mapping[str, Any],
    match: Mapping[str, Any],
    paths: tuple[tuple[str, ...], ...],
    hosts: tuple[tuple[str, ...], ...],
    roots: set[str],
) -> Answer | None:
    kind = handler["handler"]
    if kind == "reverse_proxy":
        dials = tuple(each["dial"] for each in handler["upstreams"])
        if "handle_response" in handler:
            return Answer("authorize", paths, hosts, dials)
        if handler.get("transport", {}).get("protocol") == "fastcgi":
            return Answer("php", paths[:-1], hosts, dials)
        return Answer("proxy", paths, hosts, dials)
    if kind == "static_response" and "file" not in match:
        return _static(handler, paths, hosts)
    if kind == "error":
        status = int(handler.get("status_code", 500))
        return Answer("refuse" if status >= 400 else "respond", paths, hosts, (), status, handler.get("error", ""))
    if kind == "file_server":
        roots.update({handler["root"]} if "root" in handler else ())
        return Answer("files", paths, hosts)
    return Answer("other", paths, hosts) if kind in {"metrics", "acme_server"} else None


def _static(
    handler: Mapping[str, Any], paths: tuple[tuple[str, ...], ...], hosts: tuple[tuple[str, ...], ...]
) -> Answer:
    if handler.get("abort"):
        return Answer("refuse", paths, hosts)
    status = int(handler.get("status_code", 200))
    body = handler.get("body", "")
    if "headers" in handler:
        return Answer("redirect", paths, hosts, (), status, _shortened(handler["headers"]["Location"][0]))
    if moved := re.search(r'location\.replace\("([^"]+)"\)', body):
        return Answer("redirect", paths, hosts, (), status, _shortened(moved.group(1)))
    return Answer("refuse" if status >= 400 else "respond", paths, hosts, (), status, _shortened(body))


def _shortened(text: str) -> str:
    """Write placeholders as people do."""
    for long, short in (("http.request.", ""), ("http.error.", "err.")):
        text = text.replace(f"{{{long}", f"{{{short}")
    return text
