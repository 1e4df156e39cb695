"""docs/backups.md: what is kept where, and how it comes back, with bayplan and without."""

import shlex
from collections.abc import Callable, Iterator

from bayplan.catalog.stores import table
from bayplan.formats import postgres_sql as sql
from bayplan.formats.rendering import Page
from bayplan.model.parts import Given
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Backups, Stack, Store
from bayplan.writers.backup_timer import FOLDER, unit

RCLONE = "rclone:"


def path(stack: Stack) -> str:
    return "docs/backups.md" if stack.environment == "production" else f"docs/backups-{stack.environment}.md"


def write(stack: Stack) -> dict[str, Rendered]:
    if stack.backups is None or not stack.backups.stores:
        return {}
    page = Page()
    for lines in (_kept, _keys, _timer, _proof, _restore, _by_hand, _left_out):
        page.blank()
        page.write(lines(stack, stack.backups), stack.backups.why)
    return {path(stack): page.rendered()}


def _where(backups: Backups) -> str:
    if backups.to.startswith(RCLONE):
        return f"`{backups.to.removeprefix(RCLONE)}`, as rclone knows it"
    return f"`{backups.to}` on the machine that runs the stack: copy it to another, or it burns with this one"


def _tool(backups: Backups) -> str:
    return "age" if backups.age else "gpg"


def _name(stack: Stack, store: Store, backups: Backups) -> str:
    when = "20261120T033000Z"
    return f"{stack.name}.{stack.environment}.{store.name}.{when}.{_dump(store)}.gz.{_tool(backups)}"


def _dump(store: Store) -> str:
    return DUMPS[_family(store)]


def _family(store: Store) -> str:
    return str(table(store.kind).get("backup", {}).get("family", ""))


def _stores(stack: Stack, backups: Backups) -> Iterator[Store]:
    return (store for store in stack.stores if store.name in backups.stores)


def _kept(stack: Stack, backups: Backups) -> list[str]:
    stores = ", ".join(backups.stores)
    name = _name(stack, next(_stores(stack, backups)), backups)
    key = backups.age or backups.gpg
    return [
        f"# Backups of {stack.name} ({stack.environment})",
        "",
        f"- What: {stores}; every day at {backups.at}, and `bayplan backup --env {stack.environment}` at any time.",
        f"- Where: {_where(backups)}.",
        f"- Name: `{name}`: stack, environment, store and the time in UTC.",
        f"- For how long: {backups.keep_days} days, and the newest always.",
        f"- Who can read them: whoever has the secret key of `{key}`. This machine cannot.",
    ]


def _keys(stack: Stack, backups: Backups) -> list[str]:
    del stack
    if backups.age:
        make = [
            "age-keygen --output backup-key.txt    # prints the public key: it goes into bayplan.yaml as backups.age"
        ]
    else:
        make = [
            "gpg --quick-generate-key backups@example.com default encr never",
            "gpg --armor --export backups@example.com > backups.pub    # `gpg --import backups.pub` on the machine",
        ]
    return [
        "## The key",
        "",
        "Make it on another machine, keep the secret half there and once more on paper or in a safe:",
        "without it every backup is lost.",
        "",
        "```sh",
        *make,
        "```",
    ]


def _timer(stack: Stack, backups: Backups) -> list[str]:
    name = unit(stack)
    remote = [
        "",
        "Root needs the remote too: `sudo rclone config`, then `sudo rclone lsd REMOTE:` shows that it answers.",
    ]
    instance = f'"$(systemd-escape --template={name}.timer --path "$PWD")"'
    return [
        "## The timer",
        "",
        "In the checkout on the machine, where root can run `bayplan` from /usr/local/bin:",
        "",
        "```sh",
        f"sudo cp {FOLDER}/{name}.service {FOLDER}/{name}.timer /etc/systemd/system/",
        "sudo systemctl daemon-reload",
        f"sudo systemctl enable --now {instance}",
        f"systemctl list-timers '{name}*'        # when it runs next",
        f"journalctl --unit '{name}*' --since -2d    # what it said",
        "```",
        *(remote if backups.to.startswith("rclone:") else []),
        "",
        "Nobody hears of one that fails, unless `systemctl edit` adds an `OnFailure=` to the service.",
    ]


def _proof(stack: Stack, backups: Backups) -> list[str]:
    identity = " --identity backup-key.txt" if backups.age else ""
    return [
        "## See that they are good",
        "",
        "Once a month, on a machine with Docker, this checkout and the secret key. It restores the newest backup in a",
        "throw-away server without a network, and compares every row with what was dumped.",
        "",
        "```sh",
        f"bayplan backup --env {stack.environment} --verify{identity}",
        "```",
    ]


def _restore(stack: Stack, backups: Backups) -> list[str]:
    identity = " --identity backup-key.txt" if backups.age else ""
    store = next(_stores(stack, backups))
    return [
        "## Restore",
        "",
        "All of the backup is read and checked before anything is changed, and the old data is kept aside.",
        "",
        "```sh",
        f"bayplan backup --env {stack.environment} --list",
        f"bayplan restore --env {stack.environment}{identity} {_name(stack, store, backups)}",
        "```",
        "",
        f"When the machine is lost: on a new one this checkout, `{stack.env_file}` from the safe,",
        "`bayplan up`, and then the same.",
    ]


def _by_hand(stack: Stack, backups: Backups) -> list[str]:
    stores = tuple(_stores(stack, backups))
    names = "`gzip`, `docker` and " + ("`age`" if backups.age else "`gpg`")
    lines = ["## Restore without bayplan", "", f"All it takes is {names}.", "", "```sh", *_fetched(backups)]
    lines += ["key=backup-key.txt    # the secret key"] if backups.age else []
    lines.append("```")
    for store in stores:
        container = f"{stack.project or stack.name}-{store.name}-1"
        name = f"{stack.name}.{stack.environment}.{store.name}.*.{_dump(store)}.gz.{_tool(backups)}"
        read = 'age --decrypt --identity "$key" "$backup"' if backups.age else 'gpg --decrypt "$backup"'
        lines += ["", f"### {store.name}", "", "```sh", f'backup=$(ls "$folder"/{name} | tail -n 1)    # the newest']
        lines += [*COMMANDS[_family(store)](store, container, f"{read} | gunzip"), "```"]
    return lines


def _fetched(backups: Backups) -> list[str]:
    if backups.to.startswith(RCLONE):
        return ["folder=restore", f'rclone copy {shlex.quote(backups.to.removeprefix(RCLONE))} "$folder"']
    return [f"folder={shlex.quote(backups.to)}"]


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
    client = _family(store)
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
    name, helper = _family(store), f"{container}-restored"
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


def _left_out(stack: Stack, backups: Backups) -> list[str]:
    lines = [
        f"- {store.name}: {table(store.kind).get('backup', {}).get('by_hand', 'skipped in bayplan.yaml.')}"
        for store in stack.stores
        if store.name not in backups.stores
    ]
    return ["## What is not in them", "", *lines, "- The files of values (`.env`): keep them in a safe."]


Commands = Callable[[Store, str, str], list[str]]
DUMPS = {"postgres": "pgdump", "mysql": "sql", "mariadb": "sql", "redis": "rdb", "valkey": "rdb"}
COMMANDS: dict[str, Commands] = {
    "postgres": _postgres,
    "mysql": _mysql,
    "mariadb": _mysql,
    "redis": _redis,
    "valkey": _redis,
}
