"""The names of backups, and which of them are kept."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FORM = "%Y%m%dT%H%M%SZ"
UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class Series:
    """The backups of one store of one environment. Dots part the names, which hold none, so no two series overlap."""

    stack: str
    environment: str
    store: str
    dump: str
    """What a dump of it is called: `pgdump`."""

    def name(self, moment: datetime, cipher: str) -> str:
        return f"{self._start}{moment.astimezone(UTC).strftime(FORM)}.{self.dump}.gz.{cipher}"

    @property
    def _start(self) -> str:
        return "".join(f"{plain(part)}." for part in (self.stack, self.environment, self.store))

    def moment(self, name: str) -> datetime | None:
        """Return when the backup of this name was taken; None for a name that is not one of this series."""
        rest = name.removeprefix(self._start)
        found = re.fullmatch(rf"(\d{{8}}T\d{{6}}Z)\.{re.escape(self.dump)}\.gz\.(age|gpg)", rest, re.ASCII)
        if rest == name or found is None:
            return None
        try:
            return datetime.strptime(found[1], FORM).replace(tzinfo=UTC)
        except ValueError:
            return None

    def among(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the backups of this series, the oldest first."""
        return tuple(sorted(name for name in names if self.moment(name) is not None))

    def unfinished(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return what backups of this series left behind that never came to their end."""
        return tuple(name for name in names if name.endswith(UNFINISHED) and self.among([name[: -len(UNFINISHED)]]))

    def expired(self, names: Iterable[str], now: datetime, keep_days: int) -> tuple[str, ...]:
        """Return the backups that are older than that, but never the newest."""
        limit = now - timedelta(days=keep_days)
        return tuple(name for name in self.among(names)[:-1] if (self.moment(name) or now) < limit)


def plain(name: str) -> str:
    """Return a name without the dots and slashes that would part it."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)


def store_of(name: str) -> str:
    """Return the store that a backup's name says it is of; empty for any other name."""
    words = name.split(".")
    return words[2] if len(words) > 4 else ""  # noqa: PLR2004 - stack, environment, store, moment, what it is
