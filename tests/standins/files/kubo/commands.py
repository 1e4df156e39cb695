"""The commands of the RPC API that deployments, health checks and applications use."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import dag
from repository import ApiError, Repository

VERSION = "0.34.0"


@dataclass(frozen=True, slots=True)
class Call:
    repository: Repository
    arguments: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, bytes | None]] = field(default_factory=list)
    """Path and content of what was sent; a directory has no content."""
    agent_suffix: str = ""

    def flag(self, name: str, *, default: bool = False) -> bool:
        return self.options.get(name, str(default).lower()) in {"true", "1", ""}

    def cid(self) -> dag.Cid:
        return self.repository.resolve(self.arguments[0])


def line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"


def identity(call: Call) -> Iterator[bytes]:
    config = call.repository.config()
    peer = config["Identity"]["PeerID"]
    yield line(
        {
            "ID": peer,
            "PublicKey": "",
            "Addresses": [f"{address}/p2p/{peer}" for address in config["Addresses"]["Swarm"]],
            "AgentVersion": f"kubo/{VERSION}/stand-in{call.agent_suffix}",
            "Protocols": [],
        }
    )


def version(_: Call) -> Iterator[bytes]:
    yield line({"Version": VERSION, "Commit": "stand-in", "Repo": "16", "System": "stand-in", "Golang": "none"})


def add(call: Call) -> Iterator[bytes]:
    cid_version = int(call.options.get("cid-version", "0"))
    raw = call.flag("raw-leaves", default=cid_version == 1)
    keep = (lambda _cid, _block: None) if call.flag("only-hash") else call.repository.keep
    builder = dag.Builder(keep, cid_version, raw)
    tree: dict[str, Any] = {}
    for name, content in call.files:
        *folders, last = PurePosixPath(name.lstrip("/")).parts or ("",)
        folder = tree
        for each in folders:
            folder = folder.setdefault(each, {})
        if content is None:
            folder.setdefault(last, {})
        else:
            folder[last] = builder.file(content)
    wrap = call.flag("wrap-with-directory")
    answers, roots = stored(builder, {"": tree} if wrap else tree, "")
    for root in roots:
        if call.flag("pin", default=True) and not call.flag("only-hash"):
            call.repository.pin(root.cid)
    for name, link in answers:
        yield line({"Name": name or str(link.cid), "Hash": str(link.cid), "Size": str(link.total)})


def stored(builder: dag.Builder, tree: dict[str, Any], above: str) -> tuple[list[tuple[str, dag.Link]], list[dag.Link]]:
    """What is reported of a tree, in order, and the links to its topmost entries."""
    answers: list[tuple[str, dag.Link]] = []
    links: list[dag.Link] = []
    for name, entry in tree.items():
        path = f"{above}/{name}".strip("/")
        made = entry
        if isinstance(entry, dict):
            inner, below = stored(builder, entry, path)
            answers += inner
            made = builder.directory(below)
        answers.append((path, made))
        links.append(dag.Link(name, made.cid, made.total))
    return answers, links


def cat(call: Call) -> Iterator[bytes]:
    content = b"".join(call.repository.content(call.cid()))
    start = int(call.options.get("offset", "0"))
    yield content[start : start + int(call.options.get("length", len(content)))]


def ls(call: Call) -> Iterator[bytes]:
    links = call.repository.node(call.cid()).links
    listed = [{"Name": link.name, "Hash": str(link.cid), "Size": link.total, "Type": 0} for link in links]
    yield line({"Objects": [{"Hash": call.arguments[0], "Links": listed}]})


def pin_add(call: Call) -> Iterator[bytes]:
    call.repository.pin(call.cid())
    yield line({"Pins": [str(call.cid())]})


def pin_rm(call: Call) -> Iterator[bytes]:
    call.repository.unpin(call.cid())
    yield line({"Pins": [str(call.cid())]})


def pin_ls(call: Call) -> Iterator[bytes]:
    pins = call.repository.pins()
    if call.arguments:
        if str(call.cid()) not in pins:
            raise ApiError(f"path '{call.arguments[0]}' is not pinned")
        pins = [str(call.cid())]
    yield line({"Keys": {pin: {"Type": "recursive", "Name": ""} for pin in pins}})


def repo_stat(call: Call) -> Iterator[bytes]:
    sizes = [path.stat().st_size for path in call.repository.blocks()]
    path = str(call.repository.path)
    size = {"RepoSize": sum(sizes), "StorageMax": 10_000_000_000, "NumObjects": len(sizes)}
    yield line(size | {"RepoPath": path, "Version": "fs-repo@16"})


def repo_gc(call: Call) -> Iterator[bytes]:
    for cid in call.repository.collect_garbage():
        yield line({"Key": {"/": str(cid)}})


def dag_stat(call: Call) -> Iterator[bytes]:
    cids = set(call.repository.below(call.cid()))
    size = sum(len(call.repository.block(cid)) for cid in cids)
    stat = {"Cid": {"/": str(call.cid())}, "Size": size, "NumBlocks": len(cids)}
    yield line({"UniqueBlocks": len(cids), "TotalSize": size, "SharedSize": 0, "Ratio": 1, "DagStats": [stat]})


def block_get(call: Call) -> Iterator[bytes]:
    yield call.repository.block(call.cid())


def block_stat(call: Call) -> Iterator[bytes]:
    yield line({"Key": str(call.cid()), "Size": len(call.repository.block(call.cid()))})


def swarm_peers(_: Call) -> Iterator[bytes]:
    yield line({"Peers": []})


COMMANDS: dict[str, tuple[int, Callable[[Call], Iterator[bytes]]]] = {
    "add": (0, add),
    "block/get": (1, block_get),
    "block/stat": (1, block_stat),
    "cat": (1, cat),
    "dag/stat": (1, dag_stat),
    "id": (0, identity),
    "ls": (1, ls),
    "pin/add": (1, pin_add),
    "pin/ls": (0, pin_ls),
    "pin/rm": (1, pin_rm),
    "repo/gc": (0, repo_gc),
    "repo/stat": (0, repo_stat),
    "swarm/peers": (0, swarm_peers),
    "version": (0, version),
}
"""Each with how many arguments it needs."""
