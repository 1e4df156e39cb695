""".github/workflows/deploy-<environment>.yml: what GitHub does of a deployment."""

import posixpath
import textwrap
from collections.abc import Sequence

from bayplan.catalog.actions import action
from bayplan.formats import workflow_writer
from bayplan.formats.workflow_writer import Entry, Value
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Why
from bayplan.writers import deploy_script
from bayplan.writers.deploy_values import DeployValue, Origin, deploy_values, registry
from bayplan.writers.docker_build_scripts import quoted
from bayplan.writers.published import GHCR

WIDTH = 100
ASKED = Why("deploy", "targets.github in bayplan.yaml asks for it")
STARTED = Why("deploy", "docker-build.yml starts it when all images of a commit are there, or somebody does")
ONE = Why("deploy", "two deployments at once would each undo the other; one that has begun is carried through")
LEAST = Why("deploy", "a token can do no more than its job needs")
PINNED = Why("deploy", "a commit cannot be moved as a tag can")
ENDS = Why("deploy", "a job that hangs would be paid for six hours")
GATE = Why("deploy", "its secrets, and who may deploy, are settings of the environment")
ACCESS = Why("deploy", "how the machine is reached; its host key is known beforehand, so nobody can stand in for it")
SENT = Why("deploy", "a release is what images do not hold: files of this repository, and values of its environment")
MACHINE = ("DEPLOY_HOST", "DEPLOY_USER", "DEPLOY_KEY", "DEPLOY_KNOWN_HOSTS")
PREFIX = "VALUE_"
"""What the variables of the stack are called while GitHub runs, so that none of them is PATH or BASH_ENV."""

TAG = """\
if ! [[ $VALUE_@tag@ =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]]; then
  echo '::error::No image can have this tag.'
  exit 1
fi
"""
COMPLETE = """\
missing=()
@needed@
  if [ -z "${!name}" ]; then missing+=("${name#VALUE_}"); fi
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "::error::The environment @environment@ of this repository has no value for: ${missing[*]}"
  exit 1
fi
"""
CONNECT = """\
mkdir -m 700 "$RUNNER_TEMP/ssh"
install -m 600 /dev/null "$RUNNER_TEMP/ssh/key"
printf '%s\\n' "$DEPLOY_KEY" >"$RUNNER_TEMP/ssh/key"
printf '%s\\n' "$DEPLOY_KNOWN_HOSTS" >"$RUNNER_TEMP/ssh/known_hosts"
cat >"$RUNNER_TEMP/ssh/config" <<END
Host machine
  HostName $DEPLOY_HOST
  Port $DEPLOY_PORT
  User $DEPLOY_USER
  IdentityFile "$RUNNER_TEMP/ssh/key"
  IdentitiesOnly yes
  UserKnownHostsFile "$RUNNER_TEMP/ssh/known_hosts"
  StrictHostKeyChecking yes
  BatchMode yes
  ConnectTimeout 20
  ServerAliveInterval 15
END
"""
VALUES = """\
# Quoted as compose reads it: any value arrives as it is
install -m 600 /dev/null "$files"/@env_file@
for name in "${!VALUE_@}"; do
  value=${!name}
  if [ -z "$value" ]; then continue; fi
  value=${value//\\\\/\\\\\\\\}
  value=${value//\\"/\\\\\\"}
  value=${value//\\$/\\\\\\$}
  value=${value//$'\\n'/\\\\n}
  value=${value//$'\\r'/\\\\r}
  printf '%s="%s"\\n' "${name#VALUE_}" "$value"
done >"$files"/@env_file@
"""
SEND = """\
tar -cf - -C "$files" . |
  ssh -F "$RUNNER_TEMP/ssh/config" machine "mkdir -p '$release' && tar -xpof - -C '$release'"
echo "release=$release" >>"$GITHUB_OUTPUT"
"""
START = """\
# What programs say is no command to GitHub
echo "::stop-commands::$(openssl rand -hex 16)"
printf '%s\\n' "$REGISTRY_USER" "$REGISTRY_PASSWORD" |
  ssh -F "$RUNNER_TEMP/ssh/config" machine "sh '$RELEASE/@script@' deploy"
"""


def path(stack: Stack) -> str:
    return f".github/workflows/deploy-{stack.environment}.yml"


def folder(stack: Stack) -> str:
    """Return the folder of the machine that holds the releases."""
    told = stack.targets.github.folder if stack.targets.github is not None else None
    return told or f"/srv/{stack.project_name}"


def render(stack: Stack) -> Rendered:
    return workflow_writer.render(_document(stack))


def _document(stack: Stack) -> Value:
    name = f"deploy-{stack.environment}"
    started = "started by docker-build.yml or by hand" if not stack.is_production else "started by hand"
    values = deploy_values(stack)
    tagged = any(value.origin is Origin.TAG for value in values)
    given = ", with the tag of the images" if tagged else ""
    comment = (
        f"Deploys {stack.environment} to its machine: {started}{given}.\n"
        f"The environment {stack.environment} of this repository (Settings, Environments) has the secrets and variables"
        " that are named below. DEPLOY_KNOWN_HOSTS is what `ssh-keyscan` says of the machine: compare it with the key"
        " there.\n"
        f"The machine has Docker with compose, curl, and {folder(stack)}, which belongs to DEPLOY_USER."
    )
    tag: dict[str, Value] = {"description": "The tag of the images", "required": True, "type": "string"}
    return Entry(
        {
            "name": Entry(name, why=ASKED),
            "on": Entry({"workflow_dispatch": {"inputs": {"tag": tag}} if tagged else None}, why=STARTED),
            "permissions": Entry({}, why=LEAST),
            "concurrency": Entry({"group": name, "cancel-in-progress": False}, why=ONE),
            "defaults": Entry({"run": {"shell": "bash"}}, why=Why("deploy", "with it, a pipe fails as a whole")),
            "jobs": Entry({"deploy": _job(stack, values)}, why=ASKED),
        },
        comment=comment,
        why=ASKED,
    )


def _job(stack: Stack, values: Sequence[DeployValue]) -> dict[str, Value]:
    permissions: dict[str, Value] = {"contents": Entry("read", beside="to check out")}
    if registry(stack) == GHCR:
        permissions["packages"] = Entry("read", beside="to pull, on the machine")
    checkout = action("checkout")
    return {
        "name": f"Deploy to {stack.environment}",
        "runs-on": "ubuntu-24.04",
        "timeout-minutes": Entry(45, why=ENDS),
        "environment": Entry(stack.environment, why=GATE),
        "permissions": Entry(permissions, why=LEAST),
        "steps": [
            {
                "name": "Check out",
                "uses": Entry(checkout.uses, beside=checkout.version, why=PINNED),
                "with": {"persist-credentials": False},
            },
            Entry(
                {
                    "name": "Send the release",
                    "id": "send",
                    "env": _environment(values),
                    "run": _send(stack, values),
                },
                why=SENT,
            ),
            Entry(
                {
                    "name": "Start it",
                    "env": {"RELEASE": "${{ steps.send.outputs.release }}", **_credentials(stack)},
                    "run": START.replace("@script@", deploy_script.path(stack)),
                },
                why=Why("deploy", f"what happens on the machine stands in {deploy_script.path(stack)}"),
            ),
        ],
    }


def _environment(values: Sequence[DeployValue]) -> dict[str, Value]:
    found: dict[str, Value] = {name: Entry(f"${{{{ secrets.{name} }}}}", why=ACCESS) for name in MACHINE}
    found["DEPLOY_PORT"] = Entry("${{ vars.DEPLOY_PORT || '22' }}", why=ACCESS)
    apart = "The prefix keeps them from the programs of the runner."
    for value in values:
        comment = apart if value is values[0] else ""
        beside = "" if value.stored == value.name else "GitHub takes no name that begins with its own"
        found[PREFIX + value.name] = Entry(value.expression, comment=comment, beside=beside, why=value.why)
    return found


def _credentials(stack: Stack) -> dict[str, Value]:
    if registry(stack) == GHCR:
        return {"REGISTRY_USER": "${{ github.actor }}", "REGISTRY_PASSWORD": "${{ secrets.GITHUB_TOKEN }}"}
    return {"REGISTRY_USER": "${{ vars.REGISTRY_USER }}", "REGISTRY_PASSWORD": "${{ secrets.REGISTRY_PASSWORD }}"}


def _send(stack: Stack, values: Sequence[DeployValue]) -> str:
    tag = next((value.name for value in values if value.origin is Origin.TAG), "")
    text = TAG.replace("@tag@", tag) if tag else ""
    text += COMPLETE.replace("@needed@", _needed(values)).replace("@environment@", stack.environment) + CONNECT
    files = " ".join(quoted(each) for each in deploy_script.travelling(stack))
    beside = f'"$files"/{quoted(posixpath.dirname(stack.env_file))}' if posixpath.dirname(stack.env_file) else ""
    text += f"release={folder(stack)}/releases/$(date -u +%Y%m%dT%H%M%SZ)" + (f"-$VALUE_{tag}\n" if tag else "\n")
    text += "files=$RUNNER_TEMP/release\n"
    text += f'mkdir -p "$files" {beside}'.rstrip() + f'\ncp -R --parents -- {files} "$files"\n'
    text += "".join(f"VALUE_{each.name}=${{VALUE_{each.name},,}}\n" for each in values if each.origin is Origin.OWNER)
    return text + VALUES.replace("@env_file@", quoted(stack.env_file)) + SEND


def _needed(values: Sequence[DeployValue]) -> str:
    """Return the head of a loop over the names of everything that must have a value."""
    stored = [each for each in values if each.required and each.origin in (Origin.SECRET, Origin.VARIABLE)]
    words = " ".join([*MACHINE, *(PREFIX + each.name for each in stored)])
    first, *more = textwrap.wrap(f"for name in {words}; do", WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return " \\\n".join([first, *(f"  {line}" for line in more)])
