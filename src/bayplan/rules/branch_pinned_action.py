"""A workflow runs an action as it stands on a branch.

What it means: `uses: owner/action@main` or `@master`, where a release or a commit could stand.

Why it is bad: whoever can push to that branch decides what runs with the workflow's secrets and its permission to push
images. And the same commit of one's own repository builds today and not tomorrow.

Bad:

```yaml .github/workflows/images.yml
on: push
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: superfly/flyctl-actions/setup-flyctl@master
```

Good:

```yaml .github/workflows/images.yml
on: push
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: superfly/flyctl-actions/setup-flyctl@fc53c09e1bc3be6f54706524e3b82c4f462f77be # v1.5
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace

BRANCHES = frozenset({"main", "master", "develop", "dev", "trunk", "HEAD"})


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for workflow in deployment.workflows:
        for job in workflow.jobs:
            for step in job.steps:
                name, reference = step.uses.value.partition("@")[::2] if step.uses else ("", "")
                if step.uses is None or reference not in BRANCHES or name.endswith((".yml", ".yaml")):
                    continue
                yield Finding(
                    "branch-pinned-action",
                    Effect.UNTIDY,
                    f"{name} runs as it stands on the branch `{reference}`",
                    (Place(step.uses.at, "whatever is there when the job runs"),),
                    "whoever can push there gets the secrets of the job, and what works today need not work tomorrow",
                    f"write the commit of a release: `{name}@<commit> # v1.2.3`",
                )
