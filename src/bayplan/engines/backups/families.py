"""The ways to back up a store, by the name that its entry in the catalog gives."""

from bayplan.catalog.stores import backup, kinds
from bayplan.engines.backups.family import Family
from bayplan.engines.backups.mysql import Mysql
from bayplan.engines.backups.postgres import Postgres
from bayplan.engines.backups.redis import Redis
from bayplan.errors import UsageError

FAMILIES: dict[str, Family] = {
    "postgres": Postgres(),
    "mysql": Mysql("mysql", "mysqldump"),
    "mariadb": Mysql("mariadb", "mariadb-dump"),
    "redis": Redis("redis"),
    "valkey": Redis("valkey"),
}


def family(kind: str) -> Family:
    """Return how this kind of store is backed up."""
    name = backup(kind).get("family", "") if kind in kinds() else ""
    if name not in FAMILIES:
        raise UsageError(f"bayplan makes no backups of {kind}", remedy=f"it makes them of {', '.join(FAMILIES)}")
    return FAMILIES[name]
