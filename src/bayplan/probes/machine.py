"""This machine as the world sees it: its addresses, and what answers on them."""

import re
import socket
from pathlib import Path

HERE = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to
NOWHERE = "192.0.2.1"
"""An address for documentation: asking which way leads there sends nothing."""
ROUTES = Path("/proc/net/fib_trie")
OWN = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")
MOST = 8
"""Addresses that are tried: a machine may have hundreds."""


def own_address() -> str:
    """Return this machine's address on its way out, or nothing where there is no way out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe_socket:
        try:
            probe_socket.connect((NOWHERE, 9))
            return str(probe_socket.getsockname()[0])
        except OSError:
            return ""


def addresses() -> tuple[str, ...]:
    """Return this machine's addresses, the one on its way out first; beside it, those that Linux tells."""
    try:
        told = OWN.findall(ROUTES.read_text(encoding="ascii"))
    except OSError:
        told = []
    known = dict.fromkeys(each for each in (own_address(), HERE, *sorted(told)) if each)
    return tuple(known)[:MOST]


def connects(address: str, port: int) -> bool:
    """Say whether something accepts a connection there."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False
