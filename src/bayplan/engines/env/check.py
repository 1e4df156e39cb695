"""An env file against the contract of its stack."""

from bayplan.engines.env.names import missing, of_file, of_lines, unused
from bayplan.engines.env.question import Question
from bayplan.engines.env.values import of_values, same
from bayplan.model.finding import Finding

CHECKS = (of_file, missing, of_lines, unused, of_values, same)


def check(question: Question) -> tuple[Finding, ...]:
    """Return everything that is wrong, the file as a whole first, then line by line."""
    found = [finding for each in CHECKS for finding in each(question)]
    return tuple(sorted(found, key=lambda finding: finding.places[0].at.line))
