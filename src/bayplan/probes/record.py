"""Evidence as JSON, with what it is about: the same containers of the same images need no second proof."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from bayplan.model.evidence import Evidence, Status
from bayplan.model.running import Container

VERSION = 1


def about(containers: Iterable[Container]) -> dict[str, str]:
    """Name what evidence was taken from: each service's container and image."""
    return {each.service: f"{each.id[:12]} of {each.image.removeprefix('sha256:')[:12]}" for each in containers}


def to_json(stack: str, evidence: Iterable[Evidence], of: Mapping[str, str]) -> str:
    """Return the evidence as a JSON text."""
    data = {
        "version": VERSION,
        "stack": stack,
        "of": dict(of),
        "evidence": [asdict(each) for each in evidence],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def from_json(text: str, of: Mapping[str, str]) -> tuple[Evidence, ...]:
    """Return the evidence of a text if it is about the same containers; anything else is worth nothing."""
    try:
        data: Any = json.loads(text)
        if data["version"] != VERSION or data["of"] != dict(of):
            return ()
        return tuple(Evidence(**{**each, "status": Status(each["status"])}) for each in data["evidence"])
    except (ValueError, TypeError, KeyError):
        return ()
