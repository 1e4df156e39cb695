"""deploy/systemd/<stack>-backup@.timer: the timer that makes backups, and what it starts."""

from collections.abc import Mapping

from bayplan.formats.rendering import Page
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Backups, Stack
from bayplan.source import Why

FOLDER = "deploy/systemd"
CHECKOUT = Why("backup_timer", "the instance's name is the folder of the checkout, so that no file holds a path")
LATER = Why("backup_timer", "machines of one provider should not all begin at once")
MISSED = Why("backup_timer", "a machine that was off makes up for it")
CONFINED = Why("backup_timer", "it needs Docker, the network and the folder of the backups, and nothing else")
HUMBLE = Why("backup_timer", "the stack goes first")


def unit(stack: Stack) -> str:
    """Return the name of the timer's and the service's template, without its ending."""
    return f"{stack.project_name}-backup@"


def write(stack: Stack) -> dict[str, Rendered]:
    if stack.backups is None or not stack.backups.stores:
        return {}
    path = f"{FOLDER}/{unit(stack)}"
    return {f"{path}.service": _service(stack, stack.backups), f"{path}.timer": _timer(stack, stack.backups)}


def _page(sections: Mapping[str, list[tuple[str, Why]]]) -> Rendered:
    page = Page()
    for name, lines in sections.items():
        page.blank()
        page.write([f"[{name}]"], lines[0][1])
        for line, why in lines:
            page.write([line], why)
    return page.rendered()


def _timer(stack: Stack, backups: Backups) -> Rendered:
    unit_lines = [(f"Description=Backups of {stack.name} ({stack.environment}) in %f, every day", backups.why)]
    timer = [
        (f"OnCalendar=*-*-* {backups.at}:00", backups.why),
        ("RandomizedDelaySec=5min", LATER),
        ("Persistent=true", MISSED),
    ]
    return _page({"Unit": unit_lines, "Timer": timer, "Install": [("WantedBy=timers.target", backups.why)]})


def _service(stack: Stack, backups: Backups) -> Rendered:
    why = backups.why
    unit_lines = [
        (f"Description=Backup of {stack.name} ({stack.environment}) in %f", why),
        ("Requires=docker.service", why),
        ("After=docker.service network-online.target", why),
        ("Wants=network-online.target", why),
    ]
    service = [
        ("Type=oneshot", why),
        ("WorkingDirectory=%f", CHECKOUT),
        (f"ExecStart=bayplan backup --env {stack.environment}", why),
        ("TimeoutStartSec=6h", why),
        *((line, HUMBLE) for line in ("Nice=10", "IOSchedulingClass=idle")),
        *((line, CONFINED) for line in _confined()),
    ]
    return _page({"Unit": unit_lines, "Service": service})


def _confined() -> tuple[str, ...]:
    protected = ("KernelTunables", "KernelModules", "KernelLogs", "ControlGroups", "Clock", "Hostname")
    return (
        "UMask=0077",
        "NoNewPrivileges=true",
        "PrivateTmp=true",
        "PrivateDevices=true",
        "ProtectSystem=full",
        *(f"Protect{what}=true" for what in protected),
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
        "RestrictNamespaces=true",
        "RestrictRealtime=true",
        "RestrictSUIDSGID=true",
        "LockPersonality=true",
        "SystemCallArchitectures=native",
    )
