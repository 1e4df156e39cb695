"""What the jobs of the image workflow are made of, and the job that builds."""

from collections.abc import Mapping, Sequence

from bayplan.catalog import load
from bayplan.catalog.actions import action
from bayplan.formats.workflow_writer import Entry, Value
from bayplan.model.stack import Stack
from bayplan.source import Why
from bayplan.writers.docker_build_scripts import DIGEST
from bayplan.writers.published import GHCR, Published

LEAST = Why("docker-build", "a token can do no more than its job needs")
PINNED = Why("docker-build", "a commit cannot be moved as a tag can")
NATIVE = Why("docker-build", "each architecture has a runner of its own, so nothing is emulated")
ENDS = Why("docker-build", "a job that hangs would be paid for six hours")
OUTSIDE = "${{ github.event_name != 'pull_request' }}"
RUNNER = "ubuntu-24.04"
IMAGE = "${{ matrix.image.repository }}:${{ github.sha }}"
SCOPE = "type=gha,scope=${{ matrix.image.name }}-${{ matrix.arch }}"


def job(name: str, minutes: int, after: Mapping[str, Value], **more: Value) -> dict[str, Value]:
    """Return a job; `after` says which others it needs, and when it runs."""
    return {"name": name, **after, "runs-on": RUNNER, "timeout-minutes": Entry(minutes, why=ENDS), **more}


def uses(name: str, inputs: dict[str, Value], *, step: str = "", **more: Value) -> Value:
    """Return a step that uses an action, pinned."""
    pinned = action(name)
    found: dict[str, Value] = {"name": step} if step else {}
    uses = Entry(pinned.uses, beside=pinned.version, why=PINNED)
    return {**found, **more, "uses": uses, **({"with": inputs} if inputs else {})}


def checkout() -> Value:
    return uses("checkout", {"persist-credentials": False}, step="Check out")


def logins(images: Sequence[Published], *, to_push: bool = False, to_look: bool = False) -> list[Value]:
    """Log in to each registry; on pull requests to look only, and only with GitHub's own token."""
    found: list[Value] = []
    for registry in dict.fromkeys(image.registry for image in images):
        with_token = registry == GHCR
        where: dict[str, Value] = {"registry": registry} if registry else {}
        inputs = where | {
            "username": "${{ github.actor }}" if with_token else "${{ vars.REGISTRY_USER }}",
            "password": "${{ secrets.GITHUB_TOKEN }}" if with_token else "${{ secrets.REGISTRY_PASSWORD }}",
        }
        only: dict[str, Value] = {"if": OUTSIDE} if to_push or (to_look and not with_token) else {}
        found.append(uses("login", inputs, step=f"Log in to {registry or 'Docker Hub'}", **only))
    return found


def packages(images: Sequence[Published], level: str) -> dict[str, Value]:
    if all(image.registry != GHCR for image in images):
        return {}
    beside = "to see which images are there" if level == "read" else "to push"
    return {"packages": Entry(level, beside=beside)}


def build(stacks: Sequence[Stack], images: Sequence[Published]) -> Value:
    platforms = list(dict.fromkeys(platform for stack in stacks for platform in stack.platforms))
    runners: list[Value] = [{"platform": each, "arch": _arch(each), "runner": _runner(each)} for each in platforms]
    matrix: dict[str, Value] = {
        "image": "${{ fromJSON(needs.plan.outputs.build) }}",
        "platform": Entry(platforms, in_line=True),
        "include": Entry(runners, why=NATIVE),
    }
    names = sorted({name for image in images for name in image.own.image.secrets})
    secrets: dict[str, Value] = {"secrets": "\n".join(f"{name}=${{{{ secrets.{name} }}}}" for name in names)}
    made: dict[str, Value] = {
        "context": "${{ matrix.image.context }}",
        "file": "${{ matrix.image.file }}",
        "platforms": "${{ matrix.platform }}",
        "build-args": "${{ matrix.image.arguments }}",
        **(secrets if names else {}),
    }
    pushed: dict[str, Value] = {
        **made,
        "outputs": "type=image,name=${{ matrix.image.repository }},push-by-digest=true,name-canonical=true,push=true",
        "provenance": "mode=max",
        "sbom": True,
        "cache-from": SCOPE,
        "cache-to": f"{SCOPE},mode=max",
    }
    steps: list[Value] = [
        checkout(),
        uses("setup-buildx", {}, step="Set up Buildx"),
        uses("build-push", {**made, "load": True, "tags": IMAGE, "cache-from": SCOPE}, step="Build"),
        Entry(_scan(), why=Why("docker-build", "nothing is pushed that has a hole somebody has mended")),
        *logins(images, to_push=True),
        uses("build-push", pushed, step="Push what was built, by its digest", id="push", **{"if": OUTSIDE}),
        {
            "name": "Remember the digest",
            "if": OUTSIDE,
            "env": {
                "IMAGE": "${{ matrix.image.name }}",
                "ARCH": "${{ matrix.arch }}",
                "DIGEST": "${{ steps.push.outputs.digest }}",
            },
            "run": DIGEST,
        },
        uses("upload-artifact", _artifact(), step="Hand it on", **{"if": OUTSIDE}),
    ]
    return {
        "name": "Build ${{ matrix.image.name }} for ${{ matrix.arch }}",
        "needs": "plan",
        "if": "${{ needs.plan.outputs.build != '[]' }}",
        "strategy": {"fail-fast": False, "matrix": matrix},
        "runs-on": Entry("${{ matrix.runner }}", why=NATIVE),
        "timeout-minutes": Entry(60, why=ENDS),
        "permissions": Entry(
            {"contents": Entry("read", beside="to check out"), **packages(images, "write")}, why=LEAST
        ),
        "steps": steps,
    }


def _artifact() -> dict[str, Value]:
    return {
        "name": "digest-${{ matrix.image.name }}-${{ matrix.arch }}",
        "path": "digests",
        "if-no-files-found": "error",
        "overwrite": True,
        "retention-days": 1,
    }


def _scan() -> Value:
    inputs: dict[str, Value] = {
        "image": IMAGE,
        "severity-cutoff": "critical",
        "only-fixed": True,
        "output-format": "table",
    }
    return uses("scan", inputs, step="Refuse critical vulnerabilities that have a fix")


def _arch(platform: str) -> str:
    return platform.removeprefix("linux/").replace("/", "-")


def _runner(platform: str) -> str:
    runners: dict[str, str] = load("platforms/github")["runners"]
    return runners.get(platform, RUNNER)
