"""The commands that bring a store back, or copy it, where there is no bayplan."""

import shlex
from collections.abc import Callable

from bayplan.catalog.stores import backup
from bayplan.formats import postgres_sql as sql
from bayplan.model.parts import Given
from bayplan.model.stack import Backups, Store

RCLONE = "rclone:"


def decrypting(backups: Backups, file: str) -> str:
    return f'age --decrypt --identity "$key" "{file}"' if backups.age else f'gpg --decrypt "{file}"'


def _encrypting(backups: Backups) -> str:
    if backups.age:
        return f"age --encrypt --recipient {shlex.quote(backups.age)}"
    return f"gpg --batch --trust-model always --recipient {shlex.quote(backups.gpg)} --encrypt"


def loading(store: Store, container: str, read: str) -> list[str]:
    """Restore a dump that bayplan made, and that `read` prints."""
    entry = backup(store.kind)
    commands = COMMANDS.get(entry["family"])
    return commands(store, container, read) if commands else [f"{read} > {store.name}.{entry['dump']}"]


def fetching(backups: Backups) -> list[str]:
    """Set what the commands read: the folder of the backups, and the secret key."""
    key = ["key=backup-key.txt    # the secret key"] if backups.age else []
    if backups.to.startswith(RCLONE):
        return ["folder=restore", f'rclone copy {shlex.quote(backups.to.removeprefix(RCLONE))} "$folder"', *key]
    return [f"folder={shlex.quote(backups.to)}", *key]


def copying(store: Store, container: str, series: str, backups: Backups) -> list[str]:
    """Copy a store that bayplan does not back up. Where its own program cannot, its folder is copied while it stops."""
    script = backup(store.kind).get("dumping")
    dump = f"docker exec {container} sh -c {shlex.quote(script or '')}"
    if not script:
        dump = f"docker cp {shlex.quote(f'{container}:{store.data}/.')} -"
    to = shlex.quote(backups.to.removeprefix(RCLONE))
    away = f'rclone move "$file" {to}' if backups.to.startswith(RCLONE) else f'mkdir -p {to} && mv "$file" {to}'
    return [
        "set -o pipefail    # of bash: a dump that fails half way is no copy",
        f"file={series}.$(date -u +%Y%m%dT%H%M%SZ).{_ending(store, backups)}",
        *([] if script else [f"docker stop {container}"]),
        f'{dump} | gzip | {_encrypting(backups)} > "$file" &&',
        f"  {away}",
        *([] if script else [f"docker start {container}"]),
    ]


def copying_back(store: Store, container: str, series: str, backups: Backups) -> list[str]:
    """Bring the newest copy back, of which all is read before anything is changed."""
    read = f"{decrypting(backups, '$file')} | gunzip"
    script = backup(store.kind).get("loading")
    data = shlex.quote(store.data)
    start = [
        "set -o pipefail",
        *fetching(backups),
        f'file=$(ls "$folder"/{series}.*.{_ending(store, backups)} | tail -n 1)    # the newest',
        f"{read} > /dev/null &&",
    ]
    if script:
        return [*start, f"  {read} |", f"  docker exec -i {container} sh -c {shlex.quote(script)}"]
    empty = shlex.quote(f"cd {data} && rm -rf ./* ./.[!.]*")
    return [
        *start,
        f"  docker stop {container} &&",
        f"  docker run --rm --volumes-from {container} --user root --entrypoint sh {store.image.value} -c {empty} &&",
        f"  {read} | docker cp --archive - {container}:{data} &&",
        f"  docker start {container}",
    ]


def _ending(store: Store, backups: Backups) -> str:
    return f"{backup(store.kind).get('dump', 'tar')}.gz.{'age' if backups.age else 'gpg'}"


def _given(store: Store, name: str, usual: str) -> str:
    values = [each.value.text for each in store.variables if each.name == name and isinstance(each.value, Given)]
    return values[0] if values else usual


def _postgres(store: Store, container: str, read: str) -> list[str]:
    user = _given(store, "POSTGRES_USER", "postgres")
    database = _given(store, "POSTGRES_DB", user)
    new, old = f"{database}_restored", f"{database}_before"
    u = shlex.quote(user)
    return [
        f"docker exec {container} createdb --username {u} --template template0 {shlex.quote(new)}",
        f"{read} |",
        f"  docker exec -i {container} pg_restore --exit-on-error --username {u} --dbname {shlex.quote(new)}",
        "# It is whole when that said nothing. Look at it, then put it in the place of the old one, which is kept:",
        f"docker exec -i {container} psql --username {u} --dbname postgres <<'SQL'",
        *sql.swap(database, new, old).splitlines(),
        "SQL",
    ]


def _mysql(store: Store, container: str, read: str) -> list[str]:
    client = backup(store.kind)["family"]
    database = _given(store, "MYSQL_DATABASE", _given(store, "MARIADB_DATABASE", store.name))
    new = f"{database}_restored"
    root = 'MYSQL_PWD="${MYSQL_ROOT_PASSWORD:-$MARIADB_ROOT_PASSWORD}" exec ' + f"{client} -u root"
    create = shlex.quote(f"{root} -e 'CREATE DATABASE `{new}`'")
    return [
        f"docker exec {container} sh -c {create}",
        f"{read} |",
        f"  docker exec -i {container} sh -c {shlex.quote(f'{root} {shlex.quote(new)}')}",
        f"# Look at it; what stands in `{database}` can then be dropped and restored in the same way.",
    ]


def _redis(store: Store, container: str, read: str) -> list[str]:
    """Let the server take the keys over from another, as a replica does."""
    name, helper = backup(store.kind)["family"], f"{container}-restored"
    return [
        f"docker run --detach --rm --name {helper} --network container:{container} {store.image.value} sleep infinity",
        f"{read} | docker exec -i {helper} sh -c 'cat > /data/restored.rdb'",
        f"docker exec {helper} {name}-server --port 6399 --dir /data --dbfilename restored.rdb \\",
        "  --repl-diskless-sync-delay 0 --daemonize yes",
        f"docker exec {container} {name}-cli --rdb /data/before.rdb    # what is there now is kept",
        f"docker exec {container} {name}-cli REPLICAOF 127.0.0.1 6399",
        f"until docker exec {container} {name}-cli INFO replication | grep master_link_status:up; do sleep 1; done",
        f"docker exec {container} {name}-cli REPLICAOF NO ONE",
        f"docker rm --force --volumes {helper}",
    ]


Commands = Callable[[Store, str, str], list[str]]
COMMANDS: dict[str, Commands] = {
    "postgres": _postgres,
    "mysql": _mysql,
    "mariadb": _mysql,
    "redis": _redis,
    "valkey": _redis,
}
