"""The part of docs/deployment.md about GitHub Actions: images, and the deployment of environments to a machine."""

import posixpath
import shlex
from collections.abc import Sequence

from bayplan.model.stack import Stack
from bayplan.writers import deploy, deploy_script, deploy_workflow
from bayplan.writers.deploy_values import DeployValue, Origin, deploy_values
from bayplan.writers.deployment_text import beside, heading, prose, shell, title
from bayplan.writers.docker_build_scripts import FILE
from bayplan.writers.env_example import new_values
from bayplan.writers.published import Published, branch, published

PLATFORM = "github"
LATEST = "--json databaseId --jq '.[0].databaseId'"


def images(stacks: Sequence[Stack]) -> list[str]:
    """Return what the workflow of the images does, and what it must be told once."""
    found = published(stacks)
    if not found:
        return []
    asked = sorted({part.name for image in found for told in image.told for part in told.settings})
    main, (them, those) = branch(stacks), ("it", "that") if len(found) == 1 else ("them", "those")
    return [
        f"## {title(PLATFORM)}",
        "",
        *prose(
            f"`{FILE}` builds {_named(found)} with each push to {main} and each pull request, scans {them}, and"
            f" pushes {those} of {main} under `latest`, the commit and the branch."
        ),
        *_variables(asked),
        "### See that it works",
        "",
        *shell("gh run list --workflow docker-build.yml --limit 5", "gh run view --log-failed"),
    ]


def section(stack: Stack) -> list[str]:
    """Return how an environment is deployed to its machine, and how it goes back."""
    if stack.targets.github is None or deploy.missing(stack):
        return []
    workflow, folder = deploy_workflow.path(stack), deploy_workflow.folder(stack)
    file = workflow.rpartition("/")[2]
    values = deploy_values(stack)
    tagged = " --field tag=COMMIT" if any(each.origin is Origin.TAG for each in values) else ""
    return [
        f"## {heading('A machine by way of GitHub', stack)}",
        "",
        *prose(f"`{workflow}` sends a release to a machine with Docker and runs `{deploy_script.path(stack)}` there."),
        "### From nothing to running",
        "",
        "On the machine, as root; DEPLOY_USER is who the workflow logs in as:",
        "",
        *shell(f"install -d -o DEPLOY_USER -g DEPLOY_USER {folder}", "usermod -aG docker DEPLOY_USER"),
        *prose(
            f"{_certificate(stack, folder)}Here, the environment `{stack.environment}` of the repository is told what"
            f" it must know; `{new_values(stack)}` makes `{stack.env_file}`:"
        ),
        *shell(
            f"gh api --method PUT 'repos/{{owner}}/{{repo}}/environments/{stack.environment}' --silent",
            *_machine(stack),
            *_values(stack, values),
        ),
        "### A new version",
        "",
        *shell(f"gh workflow run {file}{tagged}", f"gh run watch $(gh run list --workflow {file} --limit 1 {LATEST})"),
        "### Roll back",
        "",
        "It goes back by itself when a release does not come up. Later, deploy the last good commit:",
        "",
        *shell(f"gh workflow run {file}{tagged}"),
        "Or on the machine, when nobody reaches GitHub:",
        "",
        *shell(f"ls {folder}/releases", f"sh {folder}/releases/RELEASE/{deploy_script.path(stack)} again"),
    ]


def _certificate(stack: Stack, folder: str) -> str:
    if stack.proxy is None or not stack.proxy.tls.certificate:
        return ""
    place = posixpath.join(folder, posixpath.dirname(stack.proxy.tls.certificate))
    return f"The certificate and its key belong into `{place}`. "


def _named(found: Sequence[Published]) -> str:
    names = [f"`{each.name}`" for each in found]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _variables(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    told = [f"gh variable set {name} --body VALUE" for name in names]
    return ["Built in, so the repository must know it before:", "", *shell(*told)]


def _machine(stack: Stack) -> list[str]:
    where = f"--env {stack.environment}"
    return beside(
        [
            (f"gh secret set DEPLOY_HOST {where} --body HOST", ""),
            (f"gh secret set DEPLOY_USER {where} --body DEPLOY_USER", ""),
            (f"gh secret set DEPLOY_KEY {where} < deploy-key", "its public half is in authorized_keys there"),
            (f"gh secret set DEPLOY_KNOWN_HOSTS {where} < known-hosts", "of ssh-keyscan, compared with the key there"),
        ]
    )


def _values(stack: Stack, values: Sequence[DeployValue]) -> list[str]:
    """Return how the values of the stack's own env file are handed over; GitHub keeps some names to itself."""
    found = []
    for origin, kind in ((Origin.SECRET, "secret"), (Origin.VARIABLE, "variable")):
        mine = [each for each in values if each.origin is origin]
        if mine:
            names = "|".join(each.name for each in mine)
            renamed = " | sed 's/^GITHUB_/APP_GITHUB_/'" if any(each.stored != each.name for each in mine) else ""
            command = f"gh {kind} set --env {stack.environment} --env-file -"
            found.append(f"grep -E '^({names})=.' {shlex.quote(stack.env_file)}{renamed} | {command}")
    return found
