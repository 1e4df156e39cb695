"""Redis and Valkey: the dump is the one a replica asks for, and comes back the same way."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic, sleep

from bayplan.engines.backups.family import QUICK, Dump, Inside, Scratch
from bayplan.engines.backups.manifest import Contents, Table
from bayplan.errors import BayplanError, CommandFailedError
from bayplan.formats.rdb import head
from bayplan.run import PipeRunner, Step, shown

PATIENCE = 600.0
SHORT = 5.0
ENOUGH = 1 << 16
PORT = "6399"
"""Where the throw-away server listens, which shares the network of the one that takes its keys over."""


@dataclass(frozen=True, slots=True)
class Redis:
    """`name` is that of its programs: `redis` has redis-cli and redis-server."""

    name: str
    is_beside: bool = False

    def inside(self, container: str, runner: PipeRunner) -> Inside:
        return Inside(container, runner)

    def version(self, inside: Inside) -> str:
        printed = inside.runner.run(inside.step((f"{self.name}-server", "--version"), "ask for the version")).stdout
        return next((word[2:] for word in printed.split() if word.startswith("v=")), "")

    @contextmanager
    def dumping(self, inside: Inside) -> Iterator[Dump]:
        """Take the dump that a replica gets; how many keys there were at its moment stands at its beginning."""
        beginning = bytearray()

        def look(chunk: bytes) -> None:
            if len(beginning) < ENOUGH:
                beginning.extend(chunk)

        def contents() -> Contents:
            found = head(bytes(beginning))
            return Contents({f"db{found.database}": Table(found.keys - found.passing)} if found else {})

        yield Dump((inside.tied((f"{self.name}-cli", "--rdb", "-"), "dump the keys"),), contents, look)

    def scratch(self, wanted: Contents) -> Scratch:
        del wanted
        return Scratch((), ("sleep", "infinity"))  # until there is a dump for a server to begin with

    def is_up(self, inside: Inside) -> Step:
        return inside.step(("true",), "wait for the container", timeout=QUICK)

    def load(self, inside: Inside, wanted: Contents, chunks: Iterable[bytes], target: str) -> Contents:
        """Start a server on the dump. Keys that end by themselves are not counted: some have ended since."""
        file = inside.shell('exec cat > "/data/$1.rdb"', (target,), "write the dump")
        with inside.runner.pipeline((file,)) as cat:
            for chunk in chunks:
                cat.write(chunk)
        options: tuple[str, ...] = (
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            "/data",
            "--dbfilename",
            f"{target}.rdb",
        )
        options += ("--port", PORT, "--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0", "--logfile", "/data/log")
        start = (f"{self.name}-server", *options, "--daemonize", "yes")
        inside.runner.run(inside.step(start, "start a server on the dump", timeout=QUICK))
        try:
            self._until(inside, "loading:0", "INFO", "persistence", port=PORT)
        except BayplanError as error:
            log = inside.runner.run(inside.step(("tail", "-n", "5", "/data/log"), "read its log"), check=False).stdout
            raise CommandFailedError("the dump cannot be loaded", output=log) from error
        return self._contents(inside, wanted, PORT)

    def discard(self, inside: Inside, target: str) -> None:
        """Leave it to the throw-away server's end."""

    def refuse(self, inside: Inside, wanted: Contents) -> None:
        """Refuse nothing: it is loaded apart first."""

    def aside(self, inside: Inside, moment: str) -> str:
        del inside
        return f"/data/before_{moment}.rdb"

    def swap(self, inside: Inside, target: str, old: str) -> tuple[str, ...]:
        """Keep a dump of what is there, and then let the server take over the keys as a replica does."""
        del target
        keep = inside.tied((f"{self.name}-cli", "--rdb", old), "keep what is there")
        with inside.runner.pipeline((keep,)):
            pass
        try:
            self._ask(inside, "REPLICAOF", "127.0.0.1", PORT)
            self._until(inside, "master_link_status:up", "INFO", "replication")
        finally:
            self._ask(inside, "REPLICAOF", "NO", "ONE")
        return self._back(inside.container, old)

    def _back(self, container: str, old: str) -> tuple[str, ...]:
        cli = shown(("docker", "exec", container, f"{self.name}-cli"))
        file = old.rpartition("/")[2]
        helper = f"{container}-old"
        lines = (
            f"docker run --detach --rm --name {helper} --network container:{container} --volumes-from {container} \\",
            f"  $(docker inspect --format '{{{{.Image}}}}' {container}) \\",
            f"  {self.name}-server --port {PORT} --dir /data --dbfilename {file} --repl-diskless-sync-delay 0",
            f"{cli} REPLICAOF 127.0.0.1 {PORT}",
            f"until {cli} INFO replication | grep master_link_status:up; do sleep 1; done",
            f"{cli} REPLICAOF NO ONE",
            f"docker stop {helper}",
        )
        return "\n".join(lines), f"docker exec {container} rm {old}"

    def _contents(self, inside: Inside, wanted: Contents, port: str) -> Contents:
        counted = {}
        for line in self._ask(inside, "INFO", "keyspace", port=port).splitlines():
            name, _, rest = line.strip().partition(":")
            numbers = dict(part.split("=") for part in rest.split(",")) if rest else {}
            if name in wanted.tables:
                counted[name] = Table(int(numbers["keys"]) - int(numbers["expires"]))
        return Contents({**{name: Table(0) for name in wanted.tables}, **counted})

    def _ask(self, inside: Inside, *words: str, port: str = "") -> str:
        argv = (f"{self.name}-cli", *(("-p", port) if port else ()), *words)
        printed = inside.runner.run(inside.step(argv, f"ask {words[0]}", timeout=QUICK)).stdout
        if printed.startswith(("ERR", "NOAUTH", "WRONGPASS", "Could not connect")):
            raise CommandFailedError(f"{self.name} refused {words[0]}", output=printed)
        return printed

    def _until(self, inside: Inside, wanted: str, *words: str, port: str = "") -> None:
        began = monotonic()
        while True:
            with suppress(CommandFailedError):  # it does not answer yet
                if wanted in self._ask(inside, *words, port=port).split():
                    return
            is_waiting = port and monotonic() - began > SHORT and not self._answers(inside, port)
            if is_waiting or monotonic() - began > PATIENCE:
                raise BayplanError(f"{self.name} does not say {wanted}", remedy="see its log")
            sleep(0.2)

    def _answers(self, inside: Inside, port: str) -> bool:
        return not inside.runner.run(inside.step((f"{self.name}-cli", "-p", port, "PING"), "ask"), check=False).code
