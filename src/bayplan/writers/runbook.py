"""docs/backups.md: what is kept where, and how it comes back, with bayplan and without."""

from collections.abc import Iterator

from bayplan.catalog.stores import backup
from bayplan.formats.rendering import Page
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Backups, Stack, Store
from bayplan.writers.backup_timer import FOLDER, unit
from bayplan.writers.by_hand import RCLONE, copying, copying_back, decrypting, fetching, loading

NOTIFICATION = (
    "[Service]",
    'ExecStopPost=/bin/sh -c \'[ "$$SERVICE_RESULT" = success ] || curl -fsS -d "%n on %H failed" https://example.com/alerts\'',
)
"""Mail would need rights that the service gives up."""


def path(stack: Stack) -> str:
    return "docs/backups.md" if stack.is_production else f"docs/backups-{stack.environment}.md"


def write(stack: Stack) -> dict[str, Rendered]:
    if stack.backups is None or not stack.stores:
        return {}
    page = Page()
    own = (_kept, _keys, _timer, _proof, _restore, _by_hand)
    for lines in (_title, *(own if stack.backups.stores else ()), _left_out):
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
    return backup(store.kind)["dump"]


def _container(stack: Stack, store: Store) -> str:
    return f"{stack.project_name}-{store.name}-1"


def _stores(stack: Stack, backups: Backups) -> Iterator[Store]:
    return (store for store in stack.stores if store.name in backups.stores)


def _title(stack: Stack, backups: Backups) -> list[str]:
    del backups
    return [f"# Backups of {stack.name} ({stack.environment})"]


def _kept(stack: Stack, backups: Backups) -> list[str]:
    stores = ", ".join(backups.stores)
    name = _name(stack, next(_stores(stack, backups)), backups)
    key = backups.age or backups.gpg
    return [
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
        f"Nobody hears of one that fails, until `sudo systemctl edit {name}.service` adds this,",
        "with an address of yours:",
        "",
        "```ini",
        *NOTIFICATION,
        "```",
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
        "One of another stack or environment is refused, unless `--from-elsewhere` says that it is meant.",
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
    lines = ["## Restore without bayplan", "", f"All it takes is {names}.", "", "```sh", *fetching(backups), "```"]
    for store in stores:
        name = f"{stack.name}.{stack.environment}.{store.name}.*.{_dump(store)}.gz.{_tool(backups)}"
        read = f"{decrypting(backups, '$backup')} | gunzip"
        lines += ["", f"### {store.name}", "", "```sh", f'backup=$(ls "$folder"/{name} | tail -n 1)    # the newest']
        lines += [*loading(store, _container(stack, store), read), "```"]
    return lines


def _left_out(stack: Stack, backups: Backups) -> list[str]:
    left = [store for store in stack.stores if store.name not in backups.stores]
    skipped = [f"- {store.name}: skipped in bayplan.yaml." for store in left if "family" in backup(store.kind)]
    lines = ["## What is not in them", "", *skipped, "- The files of values (`.env`): keep them in a safe."]
    for store in left:
        if "family" not in backup(store.kind):
            lines += ["", *_copied(stack, store, backups)]
    return lines


def _copied(stack: Stack, store: Store, backups: Backups) -> list[str]:
    container = _container(stack, store)
    series = f"{stack.name}.{stack.environment}.{store.name}"
    return [
        f"### {store.name}",
        "",
        backup(store.kind).get("by_hand", ""),
        "",
        *("```bash", *copying(store, container, series, backups), "```"),
        "",
        "And back, in the place of what is there, once all of the copy could be read:",
        "",
        *("```bash", *copying_back(store, container, series, backups), "```"),
    ]
