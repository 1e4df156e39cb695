"""What a node keeps in $IPFS_PATH: its configuration, blocks and pins."""

import base64
import json
import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dag

PROFILES = ("server", "test", "lowpower", "randomports", "default-networking", "local-discovery", "flatfs", "badgerds")


class ApiError(Exception):
    """What the API answers with status 500 and the command line prints after `Error: `."""


@dataclass(frozen=True, slots=True)
class Repository:
    path: Path
    changing: threading.RLock = field(default_factory=threading.RLock)

    def initialize(self, profiles: list[str]) -> str:
        if (self.path / "config").exists():
            raise ApiError("ipfs configuration file already exists!\nReinitializing would overwrite your keys")
        for profile in profiles:
            if profile not in PROFILES:
                raise ApiError(f"invalid configuration profile: {profile}")
        # As a public key of kind Ed25519 is written: nothing is ever signed with it.
        peer = dag.base58(bytes.fromhex("002408011220") + secrets.token_bytes(32))
        hidden = ["/ip4/10.0.0.0/ipcidr/8", "/ip4/172.16.0.0/ipcidr/12", "/ip4/192.168.0.0/ipcidr/16"]
        self.path.mkdir(parents=True, exist_ok=True)
        self.write("version", "16\n")
        self.save(
            {
                "Identity": {"PeerID": peer},
                "Datastore": {"StorageMax": "10GB"},
                "Addresses": {
                    "Swarm": ["/ip4/0.0.0.0/tcp/4001", "/ip4/0.0.0.0/udp/4001/quic-v1"],
                    "API": "/ip4/127.0.0.1/tcp/5001",
                    "Gateway": "/ip4/127.0.0.1/tcp/8080",
                },
                "Discovery": {"MDNS": {"Enabled": "server" not in profiles}},
                "Swarm": {"AddrFilters": hidden if "server" in profiles else None},
                "API": {"HTTPHeaders": {}},
            }
        )
        self.pin(dag.Builder(self.keep).directory(()).cid)
        return peer

    def config(self) -> dict[str, Any]:
        try:
            loaded: dict[str, Any] = json.loads((self.path / "config").read_text())
        except FileNotFoundError:
            raise ApiError(f"no IPFS repo found in {self.path}.\nplease run: 'ipfs init'") from None
        return loaded

    def save(self, config: dict[str, Any]) -> None:
        self.write("config", json.dumps(config, indent=2) + "\n")

    def write(self, name: str, content: str | bytes) -> None:
        """Whole or not at all: what is read while it is written, or after a crash, is the old or the new."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.rename(path)

    def block_name(self, cid: dag.Cid) -> str:
        key = base64.b32encode(cid.multihash).decode().rstrip("=")
        return f"blocks/{key[-3:-1]}/{key}.data"

    def keep(self, cid: dag.Cid, block: bytes) -> None:
        if not (self.path / self.block_name(cid)).exists():
            self.write(self.block_name(cid), block)

    def block(self, cid: dag.Cid) -> bytes:
        try:
            return (self.path / self.block_name(cid)).read_bytes()
        except FileNotFoundError:
            raise ApiError(f"block was not found locally (offline): ipld: could not find {cid}") from None

    def node(self, cid: dag.Cid) -> dag.Node:
        return dag.decode(cid, self.block(cid))

    def resolve(self, path: str) -> dag.Cid:
        """/ipfs/CID/name/name, with or without what stands before the CID."""
        root, *names = path.removeprefix("/ipfs/").strip("/").split("/")
        try:
            cid = dag.parse_cid(root)
        except (ValueError, OverflowError, IndexError):
            raise ApiError(f'invalid path "{path}": invalid cid: {root or "cid too short"}') from None
        for name in filter(None, names):
            found = [link.cid for link in self.node(cid).links if link.name == name]
            if not found:
                raise ApiError(f'no link named "{name}" under {cid}')
            cid = found[0]
        return cid

    def content(self, cid: dag.Cid) -> Iterator[bytes]:
        node = self.node(cid)
        if node.kind == dag.DIRECTORY:
            raise ApiError("this dag node is a directory")
        yield node.data
        for link in node.links:
            yield from self.content(link.cid)

    def below(self, cid: dag.Cid) -> Iterator[dag.Cid]:
        yield cid
        for link in self.node(cid).links:
            yield from self.below(link.cid)

    def pins(self) -> list[str]:
        try:
            return list(json.loads((self.path / "pins.json").read_text()))
        except FileNotFoundError:
            return []

    def pin(self, cid: dag.Cid) -> None:
        for _ in self.below(cid):
            pass  # an error when a block is missing
        with self.changing:
            self.write("pins.json", json.dumps(sorted({*self.pins(), str(cid)})))

    def unpin(self, cid: dag.Cid) -> None:
        with self.changing:
            pins = self.pins()
            if str(cid) not in pins:
                raise ApiError("not pinned or pinned indirectly")
            pins.remove(str(cid))
            self.write("pins.json", json.dumps(pins))

    def collect_garbage(self) -> list[dag.Cid]:
        with self.changing:
            kept = {self.block_name(cid) for pin in self.pins() for cid in self.below(dag.parse_cid(pin))}
            removed = []
            for path in self.blocks():
                if os.fspath(path.relative_to(self.path)) not in kept:
                    multihash = base64.b32decode(path.stem + "=" * (-len(path.stem) % 8))
                    removed.append(dag.Cid(dag.RAW, multihash[2:], 1))
                    path.unlink()
            return removed

    def blocks(self) -> list[Path]:
        return list(self.path.glob("blocks/*/*.data"))
