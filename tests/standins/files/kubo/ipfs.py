"""The command line: asks the daemon where one runs, and works on the repository itself where none does."""

import http.client
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from commands import COMMANDS, VERSION, Call
from repository import ApiError, Repository

SHORT = {"q": "quiet", "Q": "quieter", "r": "recursive", "n": "only-hash", "w": "wrap-with-directory", "f": "format"}
WITH_VALUE = {"api", "repo-dir", "cid-version", "format", "offset", "length", "type", "profile", "agent-version-suffix"}
WITH_VALUE |= {"chunker", "output", "timeout", "name"}


def parse(words: list[str]) -> tuple[list[str], dict[str, str]]:
    positional: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            positional.append(word)
            continue
        name, has_value, value = word.lstrip("-").partition("=")
        name = name if word.startswith("--") else SHORT.get(name, name)
        if not has_value:
            value = next(rest, "") if name in WITH_VALUE else "true"
        options[name] = value
    return positional, options


def ask(repository: Repository, name: str, arguments: list[str], options: dict[str, str]) -> bytes:
    given = options.pop("api", None)
    recorded = repository.path / "api"
    files = collected(arguments) if name == "add" else []
    arguments = [] if name == "add" else arguments
    address = given or (recorded.read_text() if recorded.exists() else None)
    if address:
        try:
            return over_http(address, name, arguments, options, files)
        except ConnectionError:
            if given:
                raise ApiError(f"cannot connect to the api at {given}. Is the daemon running?") from None
    if name != "version":
        repository.config()
    needed, command = COMMANDS[name]
    if len(arguments) < needed:
        raise ApiError('argument "ipfs-path" is required')
    return b"".join(command(Call(repository, arguments, options, files)))


def over_http(
    address: str, name: str, arguments: list[str], options: dict[str, str], files: list[tuple[str, bytes | None]]
) -> bytes:
    _, _, host, _, port, *_ = address.strip().split("/")
    query = urlencode([("arg", each) for each in arguments] + list(options.items()))
    boundary = "stand-in-" + os.urandom(12).hex()
    parts = []
    for path, content in files:
        kind = "application/x-directory" if content is None else "application/octet-stream"
        disposition = f'form-data; name="file"; filename="{quote(path)}"'
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\nContent-Type: {kind}\r\n\r\n"
        parts.append(head.encode() + (content or b"") + b"\r\n")
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, int(port), timeout=60)  # noqa: S104
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"} if files else {}
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()]) if files else b""
    connection.request("POST", f"/api/v0/{name}?{query}", body, headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != http.client.OK:
        raise ApiError(json.loads(said)["Message"] if said.startswith(b"{") else said.decode().strip())
    return said


def collected(paths: list[str]) -> list[tuple[str, bytes | None]]:
    if not paths:
        return [("", sys.stdin.buffer.read())]
    files: list[tuple[str, bytes | None]] = []
    for given in map(Path, paths):
        if not given.exists():
            raise ApiError(f"lstat {given}: no such file or directory")
        for path in [given, *sorted(given.rglob("*"))] if given.is_dir() else [given]:
            name = str(path.relative_to(given.parent))
            files.append((name, None if path.is_dir() else path.read_bytes()))
    return files


def shown(name: str, said: bytes, options: dict[str, str]) -> bytes:  # noqa: C901  # a flat table of formats
    """An answer of the API as the command line prints it."""
    if name in {"cat", "block/get"}:
        return said
    answers: list[dict[str, Any]] = [json.loads(line) for line in said.splitlines()]
    match name:
        case "add" if "quieter" in options:
            lines = [answers[-1]["Hash"]]
        case "add" if "quiet" in options:
            lines = [each["Hash"] for each in answers]
        case "add":
            lines = [f"added {each['Hash']} {each['Name']}" for each in answers]
        case "version":
            lines = [VERSION if "number" in options or "only-hash" in options else f"ipfs version {VERSION}"]
        case "id" if "format" in options:
            lines = [
                options["format"]
                .replace("\\n", "\n")
                .replace("<id>", answers[0]["ID"])
                .replace("<aver>", answers[0]["AgentVersion"])
            ]
        case "pin/ls":
            lines = [key if "quiet" in options else f"{key} recursive" for key in answers[0]["Keys"]]
        case "pin/add":
            lines = [f"pinned {each} recursively" for each in answers[0]["Pins"]]
        case "pin/rm":
            lines = [f"unpinned {each}" for each in answers[0]["Pins"]]
        case "repo/gc":
            lines = [f"removed {each['Key']['/']}" for each in answers]
        case "repo/stat" | "block/stat":
            lines = [f"{key}: {value}" for key, value in answers[0].items()]
        case "ls":
            lines = [f"{each['Hash']} {each['Size']} {each['Name']}" for each in answers[0]["Objects"][0]["Links"]]
        case "swarm/peers":
            lines = answers[0]["Peers"]
        case _:
            lines = [json.dumps(answers[0], indent="\t")]
    return "".join(f"{line}\n" for line in lines).encode()


def configure(repository: Repository, words: list[str], options: dict[str, str]) -> None:
    config = repository.config()
    if words == ["show"]:
        sys.stdout.write(json.dumps(config, indent=2) + "\n")
        return
    if words[:2] == ["profile", "apply"]:
        return
    *path, last = words[0].split(".")
    within = config
    for each in path:
        within = within.setdefault(each, {})
    if len(words) == 1:
        if last not in within:
            raise ApiError(f"failed to get config value: key has no attribute {words[0]!r}")
        found = within[last]
        sys.stdout.write(f"{found if isinstance(found, str) else json.dumps(found)}\n")
        return
    if "bool" in options or "json" in options:
        within[last] = json.loads(words[1])
    else:
        within[last] = words[1]
    repository.save(config)


def run_daemon(repository: Repository, options: dict[str, str]) -> None:
    from server import serve

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    if "init" in options and not (repository.path / "config").exists():
        repository.initialize([])
    sys.stdout.write(f"Initializing daemon...\nKubo version: {VERSION} (stand-in)\n")
    suffix = options.get("agent-version-suffix", "")
    serve(repository, f"/{suffix}" if suffix else "")
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    sys.stdout.write("\nReceived interrupt signal, shutting down...\n")
    (repository.path / "api").unlink(missing_ok=True)


def main(words: list[str]) -> None:
    positional, options = parse(words)
    home = options.pop("repo-dir", None) or os.environ.get("IPFS_PATH") or os.path.expanduser("~/.ipfs")  # noqa: PTH111
    repository = Repository(Path(home))
    options.pop("timeout", None)
    match positional:
        case ["init", *_]:
            profiles = [each for each in options.get("profile", "").split(",") if each]
            sys.stdout.write(f"generating ED25519 keypair...done\npeer identity: {repository.initialize(profiles)}\n")
        case ["config", _, *_]:
            configure(repository, positional[1:], options)
        case ["daemon", *_]:
            run_daemon(repository, options)
        case [group, name, *arguments] if f"{group}/{name}" in COMMANDS:
            say(repository, f"{group}/{name}", arguments, options)
        case [name, *arguments] if name in COMMANDS:
            say(repository, name, arguments, options)
        case _:
            raise ApiError(f"the stand-in for ipfs knows no command {' '.join(positional[:2])!r}")


def say(repository: Repository, name: str, arguments: list[str], options: dict[str, str]) -> None:
    said = ask(repository, name, arguments, dict(options))
    sys.stdout.buffer.write(shown(name, said, options))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ApiError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(1)
