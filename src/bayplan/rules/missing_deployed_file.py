"""A workflow deploys with a file that the repository does not have.

What it means: a step runs `fly deploy --config …`, `docker compose -f …` or `docker build -f …` with a file that the
repository does not have, or names such a Dockerfile in another command.

Why it is bad: the images are built and pushed, and then the step that deploys them fails. It begins when a file is
moved or renamed and the workflow does not follow.

Bad:

```yaml .github/workflows/deploy.yml
on: push
jobs:
  deploy:
    runs-on: ubuntu-24.04
    steps:
      - run: flyctl deploy --remote-only --config apps/api/fly.production.toml
```

```toml apps/api/fly.toml
app = "shop-api"

[build]
image = "ghcr.io/shop/api:1"
```

Good:

```yaml .github/workflows/deploy.yml
on: push
jobs:
  deploy:
    runs-on: ubuntu-24.04
    steps:
      - run: flyctl deploy --remote-only --config apps/api/fly.toml
```

```toml apps/api/fly.toml
app = "shop-api"

[build]
image = "ghcr.io/shop/api:1"
```
"""

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise

from bayplan.formats import shell_words
from bayplan.model.deployment import Deployment, WorkflowJob
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.presence import is_absent
from bayplan.rules.facts.workflows import at_words
from bayplan.source import At, Located

PLAIN = re.compile(r"[\w./-]+\.\w+|(?:[\w.-]+/)*Dockerfile[\w.-]*")
DOCKERFILE = re.compile(r"(?:[\w.-]+/)+(?:[\w-]+\.)?Dockerfile(?:\.[\w.-]+)?")
FLAGS = {
    "fly deploy": ("-c", "--config", "--dockerfile"),
    "flyctl deploy": ("-c", "--config", "--dockerfile"),
    "docker compose": ("-f", "--file"),
    "docker build": ("-f", "--file"),
    "docker buildx": ("-f", "--file"),
}


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    names = {posixpath.basename(path) for path in deployment.paths} if deployment.workflows else set()
    for workflow in deployment.workflows:
        for job in workflow.jobs:
            for path in _named(job):
                first, slash, _ = path.value.partition("/")
                name = posixpath.basename(path.value)
                is_from_root = bool(slash) and first in workspace.folders and not _works_elsewhere(job)
                if (name in names and not is_from_root) or _is_made(job, path.value if is_from_root else name):
                    continue
                if is_absent(workspace, deployment, path.value):
                    yield _finding(deployment, job, path)


def _named(job: WorkflowJob) -> Iterator[Located[str]]:
    """Yield the files that the commands of a job deploy with."""
    for step in job.steps:
        for command in shell_words.commands(step.script.value) if step.script else ():
            flags = FLAGS.get(" ".join(command.words[:2]), ())
            for word, following in pairwise((*command.words, "")):
                flag, equals, value = word.partition("=")
                path = value if equals else following
                if flag in flags and PLAIN.fullmatch(path) and step.script is not None:
                    yield Located(posixpath.normpath(path), at_words(step.script, path))
                elif "/" in word and DOCKERFILE.fullmatch(word) and step.script is not None:
                    yield Located(posixpath.normpath(word), at_words(step.script, word))


def _works_elsewhere(job: WorkflowJob) -> bool:
    """Say whether paths in a job may be of another folder than the root."""
    return any(step.folder is not None for step in job.steps) or any(
        command.words[:1] in (("cd",), ("pushd",))
        for step in job.steps
        if step.script
        for command in shell_words.commands(step.script.value)
    )


def _is_made(job: WorkflowJob, name: str) -> bool:
    """Say whether something in the job may bring a file: it names the file twice, or has another repository, too."""
    if any("repository" in step.inputs or (step.script and "git clone" in step.script.value) for step in job.steps):
        return True
    return sum(step.script.value.count(name) for step in job.steps if step.script) > 1


def _finding(deployment: Deployment, job: WorkflowJob, path: Located[str]) -> Finding:
    from difflib import get_close_matches

    services = [each.at.file for each in deployment.services]
    known = dict.fromkeys([*services, *(image.path for image in deployment.images)])
    near = get_close_matches(path.value, known, 1)
    return Finding(
        "missing-deployed-file",
        Effect.WILL_NOT_BUILD,
        f"job `{job.name}` deploys with {path.value}, which does not exist",
        (Place(path.at, "no such file"), *(Place(At(each), "did you mean this one?") for each in near)),
        "the step fails, after everything was built",
        f"did you mean {near[0]}?" if near else "name the file that is deployed",
    )
