"""Nothing of a stack is left once it is down."""

from collections.abc import Sequence

from bayplan.model.evidence import Evidence
from bayplan.probes.subject import judged

ID = "leftovers"


def judge(stack: str, left: Sequence[str], *, keeps_volumes: bool) -> Evidence:
    """Weigh what the engine still names of a stack; its data may be meant to stay."""
    wrong = [each for each in left if not (keeps_volumes and each.startswith("volume "))]
    kept = [each for each in left if each not in wrong]
    claim = "leaves nothing but its data" if keeps_volumes else "leaves nothing"
    measured = ", ".join(wrong) or (f"kept: {', '.join(kept)}" if kept else "no container, network or volume")
    return judged(ID, stack, claim, measured, holds=not wrong)
