"""Findings as JSON, for other programs.

The form is stable: keys are added and never renamed or taken away.

    {"version": 1,
     "findings": [{"rule", "level", "effect", "message", "consequence", "help",
                   "places": [{"file", "line", "column", "length", "key", "label"}]}],
     "broken": [{"message", "help", "place": {"file", "line", "column"}}],
     "summary": {"errors", "warnings", "files"}}

`level` is `error` for an effect that fails the check, else `warning`. The first place is the one to change. Lines and
columns count from 1; a line of 0 means the file as a whole. Files are relative to the repository's root.
"""

import json
from collections.abc import Sequence
from typing import Any

from bayplan.model.deployment import Broken
from bayplan.model.finding import Finding
from bayplan.source import At

VERSION = 1


def render(findings: Sequence[Finding], broken: Sequence[Broken]) -> str:
    """Return a JSON document."""
    errors = sum(finding.effect.fails for finding in findings) + len(broken)
    files = {finding.places[0].at.file for finding in findings} | {each.at.file for each in broken}
    document = {
        "version": VERSION,
        "findings": [_finding(finding) for finding in findings],
        "broken": [{"message": each.message, "help": each.remedy, "place": _place(each.at)} for each in broken],
        "summary": {
            "errors": errors,
            "warnings": len(findings) + len(broken) - errors,
            "files": len(files),
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "level": "error" if finding.effect.fails else "warning",
        "effect": finding.effect.value,
        "message": finding.message,
        "consequence": finding.consequence,
        "help": finding.help,
        "places": [{**_place(place.at), "label": place.label} for place in finding.places],
    }


def _place(at: At) -> dict[str, Any]:
    return {"file": at.file, "line": at.line, "column": at.column, "length": at.length, "key": at.key}
