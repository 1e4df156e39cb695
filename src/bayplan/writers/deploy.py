"""The workflow that deploys an environment to its machine, and what it runs there.

What happens on the machine is a file of its own that travels with the release: it can be read, and run by hand when
nobody reaches GitHub, and each release is started, also when it is gone back to, by the one it came with.
"""

from collections.abc import Mapping

from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.writers import deploy_script, deploy_workflow


def write(stack: Stack) -> Mapping[str, Rendered]:
    """Return both files of an environment that pulls its images; where they are built there is nothing to deploy."""
    if stack.targets.github is None or missing(stack):
        return {}
    workflow = deploy_workflow.path(stack)
    return {
        workflow: deploy_workflow.render(stack),
        deploy_script.path(stack): deploy_script.render(stack, workflow),
    }


def missing(stack: Stack) -> str:
    """Say what keeps an environment from being deployed by a workflow; empty where nothing does."""
    if not stack.services:
        return f"{stack.environment} runs its stores alone"
    if all(own.pulled is not None for own in stack.built):
        return ""
    return (
        f"the images of {stack.environment} are built where it runs: set `images:` to have them built by GitHub, and"
        f" {deploy_workflow.path(stack)} written that deploys them"
    )
