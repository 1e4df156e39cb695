"""What would happen, as a patch."""

import difflib

from bayplan.ownership.action import Action, Plan


def diff(plan: Plan) -> str:
    """Return every change as a unified diff that `git apply` understands."""
    return "".join(_diff_one(action) for action in plan.writing)


def _diff_one(action: Action) -> str:
    before = "/dev/null" if action.old is None else f"a/{action.path}"
    after = "/dev/null" if action.new is None else f"b/{action.path}"
    lines = difflib.unified_diff(_lines(action.old), _lines(action.new), before, after)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(content: bytes | None) -> list[str]:
    text = (content or b"").decode(errors="replace")
    lines = [line + "\n" for line in text.split("\n")]
    return [*lines[:-1], lines[-1].removesuffix("\n")] if not text.endswith("\n") and text else lines[:-1]
