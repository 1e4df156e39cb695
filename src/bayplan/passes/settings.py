"""Sizes, durations and addresses as `bayplan.yaml` spells them, already checked by its reader."""

import re

from bayplan.model.parts import LOOPBACK, Asked

SIZES = {"KB": 0.001, "MB": 1.0, "GB": 1000.0, "K": 0.001, "M": 1.0, "G": 1000.0}
DURATIONS = {"s": 1, "m": 60, "h": 3600}


def megabytes(text: str) -> int:
    number, unit = re.fullmatch(r"\s*([\d.]+)\s*([A-Za-z]+)\s*", text).groups()  # type: ignore[union-attr]
    return round(float(number) * SIZES[unit.upper()])


def seconds(text: str) -> int:
    number, unit = re.fullmatch(r"\s*(\d+)\s*([smh]?)\s*", text).groups()  # type: ignore[union-attr]
    return int(number) * DURATIONS[unit or "s"]


def where(text: str) -> tuple[str | Asked, int | None]:
    """Split `127.0.0.1:8080`, `8080`, `loopback` or `${PUBLIC_IP}`: no address is every one, no port the usual one."""
    address, colon, port = text.rpartition(":")
    if port.isdecimal() and (colon or not address):
        return _address(address), int(port)
    return _address(text), None


def _address(text: str) -> str | Asked:
    if text.startswith("${"):
        return Asked(text[2:-1])
    return {"public": "", "loopback": LOOPBACK}.get(text, text)
