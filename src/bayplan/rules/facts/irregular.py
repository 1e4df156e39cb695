"""What the formats of platforms' files found that their platforms do not take, as findings."""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment, Fault
from bayplan.model.finding import Effect, Finding, Place

LABELS = {
    Fault.UNKNOWN: "no such key",
    Fault.WRONG: "not taken as it stands",
    Fault.OLD: "an old form",
    Fault.IGNORED: "not acted on",
    Fault.REFUSED: "refused",
}


def findings(deployment: Deployment, fault: Fault, rule: str, effect: Effect) -> Iterator[Finding]:
    for each in deployment.irregular:
        if each.fault is fault:
            yield Finding(rule, effect, each.message, (Place(each.at, LABELS[fault]),), each.consequence, each.help)
