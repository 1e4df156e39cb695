"""A comment allows a finding that is not there, or gives no reason.

What it means: `# bayplan: allow <rule> <reason>` stands on the line of a finding or on the line above it, in any of the
files that take part; `//` works as well. This comment names a rule that finds nothing there, a rule that does not
exist, or has no reason.

Why it is bad: it will hide the next real finding in this place, and nobody can tell why.

Bad:

```yaml compose.yaml
services:
  redis:
    # bayplan: allow floating-base-image it is only a cache
    image: redis:7-alpine
```

Good:

```yaml compose.yaml
services:
  redis:
    # bayplan: allow floating-base-image it is only a cache
    image: redis
```
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bayplan.errors import BayplanError
from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.source import At
from bayplan.tree import Tree

ID = "unused-allowance"
COMMENT = re.compile(r"(?:#|//|/\*)\s*bayplan:\s*allow\s+(?P<rule>[\w-]+)[ \t]*(?P<reason>[^\n]*)")
IS_COMMENT = re.compile(r"\s*(#|//|/\*|\*)")


@dataclass(frozen=True, slots=True)
class Allowance:
    """A comment that allows a rule on some lines."""

    rule: str
    reason: str
    lines: frozenset[int]
    at: At

    def covers(self, finding: Finding) -> bool:
        if finding.rule != self.rule or not self.reason:
            return False
        mine = (place.at for place in finding.places if place.at.file == self.at.file)
        return any(not at.line or at.line in self.lines for at in mine)


def check(_workspace: Workspace, _deployment: Deployment) -> Iterator[Finding]:
    """Find nothing: only when all other rules are done can be known what was of no use; see `applied`."""
    return iter(())


def applied(findings: Iterable[Finding], tree: Tree, files: Iterable[str], rules: frozenset[str]) -> Iterator[Finding]:
    """Yield the findings that no comment allows, and a finding for each comment in these files that allows nothing."""
    findings = list(findings)
    taking_part = {place.at.file for finding in findings for place in finding.places}
    allowances = [each for file in sorted(taking_part | set(files)) for each in allowances_in(file, _text(tree, file))]
    used: set[At] = set()
    for finding in findings:
        allowing = [each for each in allowances if each.covers(finding)]
        used.update(each.at for each in allowing)
        if not allowing:
            yield finding
    for each in allowances:
        if each.at not in used:
            yield _unused(each, rules)


def _text(tree: Tree, file: str) -> str:
    try:
        return tree.text(file)
    except BayplanError:
        return ""


def allowances_in(file: str, text: str) -> Iterator[Allowance]:
    if "bayplan:" not in text:
        return
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = COMMENT.search(line)
        if match is None:
            continue
        covered = {number}
        if IS_COMMENT.match(line):
            following = number
            while following < len(lines) and IS_COMMENT.match(lines[following]):
                following += 1
            covered.add(following + 1)
        reason = match["reason"].removesuffix("*/").strip()
        at = At(file, number, match.start() + 1, len(match[0].rstrip()))
        yield Allowance(match["rule"], reason, frozenset(covered), at)


def _unused(allowance: Allowance, rules: frozenset[str]) -> Finding:
    from difflib import get_close_matches

    near = get_close_matches(allowance.rule, rules, 1)
    if allowance.rule not in rules:
        message = f"`{allowance.rule}` is no rule"
        remedy = f"did you mean `{near[0]}`?" if near else "`bayplan explain` lists the rules"
    elif not allowance.reason:
        message = f"this allowance of {allowance.rule} gives no reason, and so allows nothing"
        remedy = "write the reason behind the name of the rule"
    else:
        message = f"{allowance.rule} finds nothing here that could be allowed"
        remedy = "take the comment out"
    places = (Place(allowance.at, "allows nothing"),)
    return Finding(ID, Effect.UNTIDY, message, places, "it hides the next real finding in this place", remedy)
