"""Taking, proving and bringing back: each reads or writes one backup as a stream."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bayplan.engines.backups.cipher import Cipher
from bayplan.engines.backups.destination import Destination
from bayplan.engines.backups.envelope import Packer, Unpacker
from bayplan.engines.backups.family import Family, Inside
from bayplan.engines.backups.manifest import Contents, Manifest, differences, from_json, major, to_json
from bayplan.engines.backups.names import FORM, Series
from bayplan.engines.backups.scratch import Room, server
from bayplan.errors import BayplanError, CommandFailedError, UsageError
from bayplan.run import Pipeline, PipeRunner, Step

Progress = Callable[[str], None]
Opened = Callable[[tuple[Step, ...]], AbstractContextManager[Pipeline]]
"""Opens the backup that is meant, through these steps."""
DAMAGED = (
    "nothing was changed; it is damaged, cut off, or encrypted for another key: try the right one, or another backup"
)
SCRATCH = "bayplan_verify"


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was made."""

    name: str
    sent: int
    """How many bytes it has, before encryption."""
    manifest: Manifest
    deleted: tuple[str, ...] = ()
    trouble: str = ""
    """Why older ones could not be deleted."""


@dataclass(frozen=True, slots=True)
class About:
    """The store whose backups these are."""

    series: Series
    kind: str
    image: str


def take(
    about: About, family: Family, inside: Inside, cipher: Cipher, destination: Destination, *, say: Progress
) -> Taken:
    """Dump, compress and encrypt a store to where its backups are kept: all of it, or nothing."""
    moment = datetime.now(UTC).replace(microsecond=0)
    name = about.series.name(moment, cipher.ending)
    known = destination.names()
    for left in about.series.unfinished(known):
        destination.delete(left)
    if name in known:
        raise BayplanError(f"{name} is there already", remedy="wait a second and run this again")
    packer = Packer()
    server_version = family.version(inside)
    sent = 0
    with destination.receiving(name, (cipher.encrypt(),)) as sink:
        with family.dumping(inside) as dump:
            with inside.runner.pipeline(dump.steps) as source:
                for chunk in source.chunks():
                    dump.look(chunk)
                    packed = packer.pack(chunk)
                    sink.write(packed)
                    sent += len(packed)
                    say(f"{size(packer.taken)} dumped, {size(sent)} sent")
            say(f"{size(packer.taken)} dumped, {size(sent)} sent, counting rows")
            contents = dump.contents()
        series = about.series
        manifest = Manifest(
            series.stack, series.environment, series.store, about.kind, about.image,
            moment.isoformat(), server_version, contents,
        )  # fmt: skip
        end = packer.end(to_json(manifest))
        sink.write(end)
        sent += len(end)
    return Taken(name, sent, manifest)


def retire(taken: Taken, series: Series, destination: Destination, keep_days: int) -> Taken:
    """Delete the backups that are too old, now that there is a newer one. A failure here costs no backup."""
    deleted: list[str] = []
    try:
        for name in series.expired(destination.names(), datetime.now(UTC), keep_days):
            destination.delete(name)
            deleted.append(name)
    except (BayplanError, OSError) as error:
        return replace(taken, deleted=tuple(deleted), trouble=str(error))
    return replace(taken, deleted=tuple(deleted))


@contextmanager
def _unpacked(open_: Opened, cipher: Cipher, name: str) -> Iterator[Unpacker]:
    """Read a backup; what is wrong with it is said in one sentence."""
    decrypt = cipher.decrypt()

    def chunks(source: Pipeline) -> Iterator[bytes]:
        yield from source.chunks()
        source.finish()  # why it ended says more than that it did

    try:
        with open_((decrypt,)) as source:
            yield Unpacker(chunks(source), name)
    except CommandFailedError as error:
        if decrypt.purpose not in error.message:
            raise
        raise BayplanError(f"{name} cannot be decrypted: {_reason(error)}", remedy=DAMAGED) from error


def read(open_: Opened, cipher: Cipher, name: str, *, say: Progress) -> Manifest:
    """Read a backup from its first byte to its last, and return its manifest."""
    with _unpacked(open_, cipher, name) as unpacker:
        for _ in unpacker:
            say(f"{size(unpacker.taken)} read")
        say(f"{size(unpacker.taken)} read and found whole")
    return from_json(unpacker.manifest, name)


def load(
    open_: Opened, cipher: Cipher, name: str, manifest: Manifest, family: Family, inside: Inside, target: str,
    *, say: Progress,
) -> tuple[Contents, tuple[str, ...]]:  # fmt: skip
    """Load a backup under a name of its own, and compare it with its manifest."""

    def told(unpacker: Unpacker) -> Iterable[bytes]:
        for chunk in unpacker:
            yield chunk
            say(f"{size(unpacker.taken)} restored")
        say(f"{size(unpacker.taken)} restored, comparing every row")

    with _unpacked(open_, cipher, name) as unpacker:
        found = family.load(inside, manifest.contents, told(unpacker), target)
    return found, tuple(differences(manifest.contents, found))


def prove(
    open_: Opened, cipher: Cipher, name: str, manifest: Manifest, family: Family, room: Room, runner: PipeRunner,
    *, say: Progress,
) -> tuple[Contents, tuple[str, ...]]:  # fmt: skip
    """Restore a backup in a throw-away server, and return what is in it and what should be different."""
    say("starting a throw-away server")
    with server(family, room, family.scratch(manifest.contents), runner) as inside:
        _refuse_newer(manifest, family.version(inside))
        return load(open_, cipher, name, manifest, family, inside, SCRATCH, say=say)


def restore(
    open_: Opened, cipher: Cipher, name: str, manifest: Manifest, family: Family, inside: Inside, room: Room,
    *, say: Progress,
) -> tuple[Contents, str, tuple[str, ...]]:  # fmt: skip
    """Load a backup beside what is there, compare it, and only then put it in its place.

    Returns what is in it, the name under which the old data stays, and how to go back and how to be rid of it.
    """
    moment = datetime.now(UTC).strftime(FORM).lower()
    target, old = f"restoring_{moment}", family.aside(inside, moment)
    _refuse_newer(manifest, family.version(inside))
    family.refuse(inside, manifest.contents)
    with _place(family, inside, room, manifest.contents) as place:
        try:
            found, wrong = load(open_, cipher, name, manifest, family, place, target, say=say)
            _refuse_different(name, wrong)
            say("putting it in its place")
            return found, old, family.swap(inside, target, old)
        except BaseException:
            with suppress(BayplanError):
                family.discard(place, target)
            raise


@contextmanager
def _place(family: Family, inside: Inside, room: Room, wanted: Contents) -> Iterator[Inside]:
    """Yield where a backup is loaded: the running server, or one that it alone can reach."""
    if family.is_beside:
        yield inside
        return
    near = replace(room, network=f"container:{inside.container}")
    with server(family, near, family.scratch(wanted), inside.runner) as place:
        yield place


def _refuse_different(name: str, wrong: tuple[str, ...]) -> None:
    if wrong:
        raise BayplanError(
            f"what {name} restores is not what was dumped: {'; '.join(wrong)}",
            remedy="nothing was changed; take another backup",
        )


def _refuse_newer(manifest: Manifest, version: str) -> None:
    if manifest.major > major(version):
        raise UsageError(
            f"the backup is of version {manifest.server}, and this server is {version}: it cannot read it",
            remedy="nothing was changed; start the newer version first",
        )


def _reason(error: CommandFailedError) -> str:
    lines = [line.strip() for line in error.output.splitlines() if line.strip()]
    said = [line for line in lines if "report unexpected" not in line and not line.startswith("[GNUPG:]")]
    return said[-1] if said else error.message


def size(count: int) -> str:
    """Return a number of bytes as people say it."""
    for unit, least in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)):
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return f"{count} B"
