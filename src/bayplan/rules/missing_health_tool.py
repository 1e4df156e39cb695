"""A health check runs a program that its image does not have.

What it means: the check calls `curl`, `wget` or a shell, and the image has none: `node:*-slim` has neither curl nor
wget, Alpine has no curl, and distroless images do not even have a shell.

Why it is bad: the check fails for ever. The service works and is called unhealthy, and what waits for it never starts.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
HEALTHCHECK CMD ["curl", "-f", "http://127.0.0.1:4000/api/health"]
CMD ["node", "apps/api/dist/main.js"]
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-slim
WORKDIR /app
COPY . .
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:4000/api/health').then(r => process.exit(r.ok ? 0 : 1))"]
CMD ["node", "apps/api/dist/main.js"]
```
"""

import posixpath
import re
from collections.abc import Iterator

from bayplan.catalog.images import KnownImage, known
from bayplan.model.deployment import BuildStage, Deployment, ImageFile
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import image_file, stage_of
from bayplan.rules.facts.probes import Probe, probe_of
from bayplan.rules.facts.stages import base, base_name, values
from bayplan.source import At

PROVIDES = {"nc": ("netcat", "nc"), "node": ("nodejs", "node")}


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for image in deployment.images:
        services = [each for each in deployment.services if image_file(deployment, each) is image]
        if image.stages and not services:
            yield from _judged(probe_of(None, image, image.final), image, image.final)
        for service in services:
            stage = stage_of(image, service)
            if stage is not None:
                yield from _judged(probe_of(service, image, stage), image, stage)
    for service in deployment.services:
        if image_file(deployment, service) is None and service.image is not None and service.dockerfile is None:
            probe, facts = probe_of(service, None, None), known(service.image.value)
            if probe and facts:
                yield from _findings(probe, facts, service.image.value, service.image.at, [])


def _judged(probe: Probe | None, image: ImageFile, stage: BuildStage) -> Iterator[Finding]:
    facts = base(image, stage)
    if probe is None or facts is None:
        return
    seen = values(image, stage)
    added = [" ".join((*each.arguments, *seen.values())) for each in image.instructions(stage, "RUN", "COPY", "ADD")]
    yield from _findings(probe, facts, base_name(image, stage), image.lineage(stage)[0].base.at, added)


def _findings(probe: Probe, facts: KnownImage, name: str, at: At, added: list[str]) -> Iterator[Finding]:
    if probe.shell and not facts.shell and not any(re.search(r"/(?:busybox|sh)\b", text) for text in added):
        yield _finding(probe, "a shell", name, at)
        return
    for program in dict.fromkeys(posixpath.basename(each) for each in probe.programs if each not in facts.has):
        names = PROVIDES.get(program, (program,))
        is_added = any(re.search(rf"\b{re.escape(each)}", text) for each in names for text in added)
        if program in facts.lacks and not is_added:
            yield _finding(probe, program, name, at)
            return


def _finding(probe: Probe, program: str, name: str, at: At) -> Finding:
    return Finding(
        "missing-health-tool",
        Effect.NOT_REACHABLE,
        f"a health check runs {program}, which {name} does not have",
        (Place(probe.at, f"runs {program}"), Place(at, f"has no {program.removeprefix('a ')}")),
        "the check fails for ever: the service is called unhealthy, and what waits for it never starts",
        "use a program that the image has, such as node itself for a Node.js image",
    )
