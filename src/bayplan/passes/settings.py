"""Sizes, durations and addresses as `bayplan.yaml` spells them, already checked by its reader."""

import re

SIZES = {"KB": 0.001, "MB": 1.0, "GB": 1000.0, "K": 0.001, "M": 1.0, "G": 1000.0}
DURATIONS = {"s": 1, "m": 60, "h": 3600}


def megabytes(text: str) -> int:
    number, unit = re.fullmatch(r"\s*([\d.]+)\s*([A-Za-z]+)\s*", text).groups()  # type: ignore[union-attr]
    return round(float(number) * SIZES[unit.upper()])


def seconds(text: str) -> int:
    number, unit = re.fullmatch(r"\s*(\d+)\s*([smh]?)\s*", text).groups()  # type: ignore[union-attr]
    return int(number) * DURATIONS[unit or "s"]


def address_and_port(text: str) -> tuple[str, int]:
    """Split `127.0.0.1:8080` or `8080`; no address is every interface."""
    address, _, port = text.rpartition(":")
    return address, int(port)
