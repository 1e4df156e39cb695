"""The short forms of compose files: ports and volumes."""

import re
from collections.abc import Iterator

from bayplan.model.deployment import Mount, Published
from bayplan.source import Located

DEFAULT = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*:?-([^${}]*)\}")
DRIVE = re.compile(r"[A-Za-z]:[\\/]")
MOST_IN_A_RANGE = 1000
LAST_PORT = 65535


def fields(text: str) -> list[str]:
    """Split at the colons that do not stand in `${...}` or in brackets."""
    found = [""]
    depth = 0
    for character in text:
        depth += (character in "{[") - (character in "}]")
        if character == ":" and depth <= 0:
            found.append("")
        else:
            found[-1] += character
    return found


def port_number(text: str) -> int | None:
    """Return a port; a variable stands for its default."""
    match = DEFAULT.fullmatch(text.strip())
    plain = match.group(1) if match else text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= len(str(LAST_PORT))):
        return None
    return int(plain) if int(plain) <= LAST_PORT else None


def published(port: Located[str]) -> Iterator[Published]:
    """Yield what `[[address:]host:]container[/protocol]` publishes; nothing when the container's port is not known."""
    text, slash, protocol = port.value.rpartition("/") if "/" in port.value else (port.value, "", "")
    protocol = protocol if slash else "tcp"
    *before, container = fields(text)
    host = before[-1] if before else ""
    address = ":".join(before[:-1]).removeprefix("[").removesuffix("]")
    first, last = _range(container)
    if first is None or last is None or last < first:
        return
    host_first, host_last = _range(host)
    for offset in range(min(last - first + 1, MOST_IN_A_RANGE)):
        in_step = host_first is not None and host_last is not None and host_last - host_first == last - first > 0
        one_host = str(host_first + offset) if in_step and host_first is not None else host
        yield Published(first + offset, one_host or None, address, port.at, protocol)


def _range(text: str) -> tuple[int | None, int | None]:
    number = port_number(text)
    if number is not None:
        return number, number
    first, dash, last = text.partition("-")
    return (port_number(first), port_number(last)) if dash else (None, None)


def mount(volume: Located[str]) -> Mount:
    """Return what `[source:]target[:mode]` mounts."""
    text = volume.value
    drive = text[:2] if DRIVE.match(text) else ""
    parts = fields(text.removeprefix(drive))
    parts[0] = drive + parts[0]
    if len(parts) == 1:
        return Mount("volume", "", parts[0], read_only=False, at=volume.at)
    kind = "bind" if drive or parts[0].startswith((".", "/", "~", "$")) else "volume"
    modes = parts[2].split(",") if len(parts) > 2 else []  # noqa: PLR2004 - source, target, mode
    return Mount(kind, parts[0], parts[1], read_only="ro" in modes, at=volume.at)
