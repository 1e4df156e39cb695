"""What bayplan writes for Railway agrees with the images, and each way to break that is found."""

from functools import cache
from pathlib import Path

import pytest

from bayplan import pipeline
from bayplan.model.finding import Finding
from bayplan.pipeline import Planned

EXAMPLES = Path(__file__).parents[2] / "examples"
PATH = ".railway/railway.ts"


@cache
def planned(system: str) -> Planned:
    return pipeline.plan(EXAMPLES / system / "repo")


def judged(system: str, path: str, text: str) -> list[Finding]:
    plan = planned(system)
    texts = {each: file.text for each, file in plan.files.items() if not each.endswith(".toml")}
    _, _, found = pipeline.check_with(plan, {**texts, path: text})
    return [each for each in found if any(place.at.file == path for place in each.places)]


@pytest.mark.parametrize("system", ["forgestack", "cipherbox", "everyskill", "whereabouts"])
def test_what_is_written_draws_no_finding(system: str) -> None:
    for path, file in planned(system).files.items():
        if path.startswith(".railway/"):
            assert judged(system, path, file.text) == []


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ('"apps/api/Dockerfile"', '"apps/api/Dockerfil"', "missing-dockerfile"),
        ('healthcheck: "/api/health"', 'healthcheck: "/health"', "unanswered-health-path"),
        ("sh /release.sh", "sh /app/release.sh", "missing-start-file"),
        ("    preDeploy:", '    start: "node apps/api/dist/main.js",\n    preDeploy:', "missing-start-file"),
        ("      JWT_SECRET: preserve(),\n", "", "missing-variable"),
        ('        "/packages/db/**",\n', "", "missed-change"),
        ("${{api.RAILWAY_PRIVATE_DOMAIN}}:4000", "${{api.RAILWAY_PRIVATE_DOMAIN}}:4001", "unreachable-private-address"),
        ("${{api.RAILWAY_PUBLIC_DOMAIN}}", "${{api.RAILWAY_PRIVATE_DOMAIN}}", "container-host-in-browser"),
        ("${{web.RAILWAY_PUBLIC_DOMAIN}}", "${{wbe.RAILWAY_PUBLIC_DOMAIN}}", "wrong-value"),
        ("restartPolicyMaxRetries", "restartPolicyMaxRetry", "unknown-key"),
        ('builder: "DOCKERFILE"', 'builder: "NIXPACKS"', "old-form"),
        (", worker] });", "] });", "ignored-key"),
    ],
)
def test_what_no_longer_agrees_is_found(before: str, after: str, rule: str) -> None:
    text = planned("forgestack").files[PATH].text
    broken = text.replace(before, after, 1)
    assert broken != text
    assert rule in {each.rule for each in judged("forgestack", PATH, broken)}
