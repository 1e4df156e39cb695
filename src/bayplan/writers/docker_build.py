"""The workflow that builds, scans and pushes the images of all environments."""

from collections.abc import Sequence

from bayplan.catalog import load
from bayplan.catalog.actions import action
from bayplan.formats import workflow_writer
from bayplan.formats.workflow_writer import Entry, Value
from bayplan.model.parts import Given, parts_of
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Why
from bayplan.writers import deploy
from bayplan.writers.deploy_values import Origin, deploy_values
from bayplan.writers.docker_build_scripts import DIGEST, FILE, JOIN, plan
from bayplan.writers.published import GHCR, OWNER, PRODUCTION, Published, published

ASKED = Why("docker-build", "targets.github in bayplan.yaml asks for it")
LEAST = Why("docker-build", "a token can do no more than its job needs")
PINNED = Why("docker-build", "a commit cannot be moved as a tag can")
NATIVE = Why("docker-build", "each architecture has a runner of its own, so nothing is emulated")
FOLLOWS = Why("docker-build", "what is built goes on by itself; production is deployed by a person")
ENDS = Why("docker-build", "a job that hangs would be paid for six hours")
OUTSIDE = "${{ github.event_name != 'pull_request' }}"
RUNNER = "ubuntu-24.04"
IMAGE = "${{ matrix.image.repository }}:${{ github.sha }}"
SCOPE = "type=gha,scope=${{ matrix.image.name }}-${{ matrix.arch }}"


def write_all(stacks: Sequence[Stack]) -> dict[str, Rendered]:
    """Return the workflow; nothing where no environment asks for it or has an image of its own."""
    images = published(stacks)
    return {FILE: workflow_writer.render(_document(stacks, images))} if images else {}


def _document(stacks: Sequence[Stack], images: Sequence[Published]) -> Value:
    wanting = [stack for stack in stacks if stack.targets.github is not None]
    comment = (
        f"Builds, scans and pushes the images of {wanting[0].name}, each architecture on a runner of its own.\n"
        "What is in the registry already, made from the same files, is not built again but gets the new tags:"
        " no run that failed and no forced push can make this pass over a change."
    )
    jobs: dict[str, Value] = {
        "plan": Entry(_plan(images), why=ASKED),
        "build": Entry(_build(wanting, images), why=ASKED),
        "tag": Entry(_tag(images), why=ASKED),
    }
    followed = [stack for stack in wanting if stack.environment != PRODUCTION and not deploy.missing(stack)]
    jobs |= {f"deploy-{stack.environment}": Entry(_deploy(stack), why=FOLLOWS) for stack in followed}
    return Entry(
        {
            "name": "docker-build",
            "on": Entry(_triggers(), why=Why("docker-build", "what reaches main is published, the rest is tried")),
            "permissions": Entry({}, why=LEAST),
            "concurrency": Entry(
                {
                    "group": "${{ github.workflow }}-${{ github.ref }}",
                    "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
                },
                why=Why("docker-build", "the tag latest must not go back to an older commit"),
            ),
            "defaults": Entry({"run": {"shell": "bash"}}, why=Why("docker-build", "with it, a pipe fails as a whole")),
            "jobs": jobs,
        },
        comment=comment,
        why=ASKED,
    )


def _triggers() -> Value:
    return {
        "push": {"branches": Entry(["main"], in_line=True)},
        "pull_request": None,
        "schedule": [Entry({"cron": "30 4 * * 1"}, comment="Base images get fixes: once a week everything is built.")],
        "workflow_dispatch": None,
    }


def _job(name: str, minutes: int, **more: Value) -> dict[str, Value]:
    return {"name": name, "runs-on": RUNNER, "timeout-minutes": Entry(minutes, why=ENDS), **more}


def _uses(name: str, inputs: dict[str, Value], *, step: str = "", **more: Value) -> Value:
    """Return a step that uses an action, pinned."""
    pinned = action(name)
    found: dict[str, Value] = {"name": step} if step else {}
    uses = Entry(pinned.uses, beside=pinned.version, why=PINNED)
    return {**found, **more, "uses": uses, **({"with": inputs} if inputs else {})}


def _checkout() -> Value:
    return _uses("checkout", {"persist-credentials": False}, step="Check out")


def _logins(images: Sequence[Published], *, tries: bool = False) -> list[Value]:
    """Log in to each registry; on pull requests only where GitHub's own token does."""
    found: list[Value] = []
    for registry in dict.fromkeys(image.registry for image in images):
        with_token = registry == GHCR
        where: dict[str, Value] = {"registry": registry} if registry else {}
        inputs = where | {
            "username": "${{ github.actor }}" if with_token else "${{ vars.REGISTRY_USER }}",
            "password": "${{ secrets.GITHUB_TOKEN }}" if with_token else "${{ secrets.REGISTRY_PASSWORD }}",
        }
        only: dict[str, Value] = {} if with_token and not tries else {"if": OUTSIDE}
        found.append(_uses("login", inputs, step=f"Log in to {registry or 'Docker Hub'}", **only))
    return found


def _plan(images: Sequence[Published]) -> Value:
    settings = sorted({each.name for image in images for told in image.told for each in told.settings})
    owners = {part.name for image in images for part in parts_of(image.repository) if not isinstance(part, Given)}
    variables = dict.fromkeys([*sorted(owners - {OWNER}), *settings])
    environment: dict[str, Value] = {
        "EVERYTHING": "${{ github.event_name == 'schedule' || github.event_name == 'workflow_dispatch' }}",
        **{name: f"${{{{ vars.{name} }}}}" for name in variables},
    }
    return _job(
        "What to build",
        10,
        permissions=Entry({"contents": Entry("read", beside="to check out"), **_packages(images, "read")}, why=LEAST),
        outputs={"images": "${{ steps.plan.outputs.images }}", "build": "${{ steps.plan.outputs.build }}"},
        steps=[
            _checkout(),
            *_logins(images),
            Entry(
                {
                    "name": "Compare with what is in the registry",
                    "id": "plan",
                    "env": environment,
                    "run": plan(images),
                },
                why=Why("docker-build", "an image is made from these files and arguments, and from nothing else"),
            ),
        ],
    )


def _packages(images: Sequence[Published], level: str) -> dict[str, Value]:
    if all(image.registry != GHCR for image in images):
        return {}
    beside = "to see which images are there" if level == "read" else "to push"
    return {"packages": Entry(level, beside=beside)}


def _build(stacks: Sequence[Stack], images: Sequence[Published]) -> Value:
    platforms = list(dict.fromkeys(platform for stack in stacks for platform in stack.platforms))
    runners: list[Value] = [{"platform": each, "arch": _arch(each), "runner": _runner(each)} for each in platforms]
    matrix: dict[str, Value] = {
        "image": "${{ fromJSON(needs.plan.outputs.build) }}",
        "platform": Entry(platforms, in_line=True),
        "include": Entry(runners, why=NATIVE),
    }
    names = sorted({name for image in images for name in image.own.image.secrets})
    secrets: dict[str, Value] = {"secrets": "".join(f"{name}=${{{{ secrets.{name} }}}}\n" for name in names)}
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
        _checkout(),
        _uses("setup-buildx", {}, step="Set up Buildx"),
        _uses("build-push", {**made, "load": True, "tags": IMAGE, "cache-from": SCOPE}, step="Build"),
        Entry(_scan(), why=Why("docker-build", "nothing is pushed that has a hole somebody has mended")),
        *_logins(images, tries=True),
        _uses("build-push", pushed, step="Push what was built, by its digest", id="push", **{"if": OUTSIDE}),
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
        _uses("upload-artifact", _artifact(), step="Hand it on", **{"if": OUTSIDE}),
    ]
    return {
        "name": "Build ${{ matrix.image.name }} for ${{ matrix.arch }}",
        "needs": "plan",
        "if": "${{ needs.plan.outputs.build != '[]' }}",
        "strategy": {"fail-fast": False, "matrix": matrix},
        "runs-on": Entry("${{ matrix.runner }}", why=NATIVE),
        "timeout-minutes": Entry(60, why=ENDS),
        "permissions": Entry(
            {"contents": Entry("read", beside="to check out"), **_packages(images, "write")}, why=LEAST
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
    return _uses("scan", inputs, step="Refuse critical vulnerabilities that have a fix")


def _arch(platform: str) -> str:
    return platform.removeprefix("linux/").replace("/", "-")


def _runner(platform: str) -> str:
    runners: dict[str, str] = load("platforms/github")["runners"]
    return runners.get(platform, RUNNER)


def _tag(images: Sequence[Published]) -> Value:
    fetched: dict[str, Value] = {"path": "digests", "pattern": "digest-*", "merge-multiple": True}
    built = "${{ needs.build.result == 'success' }}"
    return _job(
        "Join the architectures and tag",
        10,
        needs=Entry(["plan", "build"], in_line=True),
        **{
            "if": Entry(
                "${{ !failure() && !cancelled() && github.event_name != 'pull_request' }}",
                comment="Also when nothing had to be built. When one build fails, no image of this commit is tagged.",
            ),
        },
        permissions=Entry(_packages(images, "write"), why=LEAST),
        steps=[
            _uses("download-artifact", fetched, step="Fetch the digests", **{"if": built}),
            *_logins(images),
            {
                "name": "Join and tag",
                "env": {"IMAGES": "${{ needs.plan.outputs.images }}"},
                "run": JOIN,
            },
        ],
    )


def _deploy(stack: Stack) -> Value:
    tagged = "!failure() && !cancelled() && needs.tag.result == 'success'"
    has_tag = any(value.origin is Origin.TAG for value in deploy_values(stack))
    script = f'gh workflow run deploy-{stack.environment}.yml --ref "$GITHUB_REF_NAME"'
    return _job(
        f"Deploy to {stack.environment}",
        5,
        needs="tag",
        **{"if": f"${{{{ {tagged} && github.ref == 'refs/heads/main' }}}}"},
        permissions=Entry({"actions": Entry("write", beside="to start the other workflow")}, why=LEAST),
        steps=[
            {
                "name": f"Start deploy-{stack.environment}",
                "env": {"GH_TOKEN": "${{ secrets.GITHUB_TOKEN }}", "GH_REPO": "${{ github.repository }}"},
                "run": script + (' --field "tag=$GITHUB_SHA"' if has_tag else ""),
            }
        ],
    )
