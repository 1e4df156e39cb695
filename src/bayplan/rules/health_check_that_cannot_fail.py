"""A health check does not notice what it is there for.

What it means: the command of a health check ends well whatever the service answers: `curl` without `--fail`, `|| true`
at its end, or `redis-cli ping` without the password that Redis asks for. With `| grep PONG` behind it, that last one
never succeeds instead.

Why it is bad: `curl` takes an error page for an answer, and `redis-cli` ends with 0 also when Redis refuses everything.
The service counts as healthy, and others are started on its word.

Bad:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    healthcheck:
      test: ["CMD", "curl", "http://127.0.0.1:4000/health"]
```

Good:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    healthcheck:
      test: ["CMD", "curl", "--fail", "http://127.0.0.1:4000/health"]
```
"""

import re
from collections.abc import Iterator

from bayplan.formats import shell_words
from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import image_file, stages_run
from bayplan.rules.facts.probes import Probe, probe_of
from bayplan.rules.facts.stages import last
from bayplan.source import At

ALWAYS = re.compile(r"(?:\|\||;)\s*(?:true|:|exit\s+0|echo\b[^|&;]*)\s*$")
FAILS = re.compile(r"^(?:-[a-zA-Z]*f[a-zA-Z]*|--fail|--fail-with-body|--fail-early)$")
PASSWORD = re.compile(r"(?:--)?requirepass[ =]+(?!['\"]{2})\S+")
REDIS = frozenset({"redis-cli", "valkey-cli"})
TOLD = re.compile(r"(?:^|\s)(?:-a|--pass|-u|--user|--askpass)\b|AUTH\b|\bauth\b")
TOLD_BY = ("REDISCLI_AUTH", "VALKEYCLI_AUTH")


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for service in deployment.services:
        probe = probe_of(service, None, None)
        if probe is not None:
            yield from _judged(probe, f"`{service.name}`", service)
    for image in deployment.images:
        users = [service for service in deployment.services if image_file(deployment, service) is image]
        for stage in stages_run(image, users) if image.stages else ():
            if last(image, stage, "HEALTHCHECK") is not None and (probe := probe_of(None, image, stage)):
                yield from _judged(probe, image.path, None)


def _judged(probe: Probe, whose: str, service: DeployedService | None) -> Iterator[Finding]:
    if probe.shell and ALWAYS.search(probe.text):
        yield _finding(probe.at, whose, "ends with success whatever was answered", "leave out what follows the check")
    elif _takes_any_page(probe):
        help_text = "add --fail: then curl fails when the answer is 400 or above"
        yield _finding(probe.at, whose, "curl takes an error page for an answer", help_text)
    elif service is not None and (asked := _unanswered(probe, service)):
        yield _redis(probe, whose, asked)


def _takes_any_page(probe: Probe) -> bool:
    """Say whether the check is one curl alone, and nobody looks at what it got."""
    if probe.programs != ("curl",) or "|" in re.sub(r"\|\|\s*exit\s+1\s*$", "", probe.text):
        return False
    words = [word for each in shell_words.commands(probe.text) for word in each.words]
    return "$(" not in probe.text and "`" not in probe.text and not any(FAILS.match(word) for word in words)


def _unanswered(probe: Probe, service: DeployedService) -> At | None:
    """Return where Redis is told to ask for a password that the check does not give."""
    if not REDIS & set(probe.programs) and not any(f"{each} " in probe.text for each in REDIS):
        return None
    command = service.command
    if command is None or not PASSWORD.search(" ".join(command.value)) or TOLD.search(probe.text):
        return None
    if "ping" not in probe.text.lower() or any(name in service.environment for name in TOLD_BY) or service.env_files:
        return None
    return command.at


def _redis(probe: Probe, whose: str, asked: At) -> Finding:
    never = "grep" in probe.text
    return Finding(
        "health-check-that-cannot-fail",
        Effect.WILL_NOT_START if never else Effect.UNTIDY,
        f"the health check of {whose} " + ("never succeeds" if never else "does not notice a refusal"),
        (Place(probe.at, "answered with NOAUTH, for it gives no password"), Place(asked, "asks for a password")),
        "the service is never healthy, and what waits for it never starts"
        if never
        else "it counts as healthy while it refuses everybody",
        "set REDISCLI_AUTH in the environment of the service, where redis-cli finds it",
    )


def _finding(at: At, whose: str, label: str, help_text: str) -> Finding:
    return Finding(
        "health-check-that-cannot-fail",
        Effect.UNTIDY,
        f"the health check of {whose} does not notice an error",
        (Place(at, label),),
        "it counts as healthy while every request fails, and others are started on its word",
        help_text,
    )
