"""The workflow that builds, scans and pushes the images of all environments."""

from collections.abc import Sequence

from bayplan.formats import workflow_writer
from bayplan.formats.workflow_writer import Entry, Value
from bayplan.model.parts import Asked, parts_of
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Why
from bayplan.writers import deploy
from bayplan.writers.deploy_values import Origin, deploy_values
from bayplan.writers.docker_build_jobs import LEAST, build, checkout, job, logins, packages, uses
from bayplan.writers.docker_build_scripts import FILE, JOIN, plan
from bayplan.writers.published import GITHUBS, Published, branch, published

ASKED = Why("docker-build", "targets.github in bayplan.yaml asks for it")
FOLLOWS = Why("docker-build", "what is built goes on by itself; production is deployed by a person")


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
    main = branch(stacks)
    jobs: dict[str, Value] = {
        "plan": Entry(_plan(images, main), why=ASKED),
        "build": Entry(build(wanting, images), why=ASKED),
        "tag": Entry(_tag(images), why=ASKED),
    }
    followed = [stack for stack in wanting if not stack.is_production and not deploy.missing(stack)]
    jobs |= {f"deploy-{stack.environment}": Entry(_deploy(stack, main), why=FOLLOWS) for stack in followed}
    return Entry(
        {
            "name": "docker-build",
            "on": Entry(
                _triggers(main), why=Why("docker-build", f"what reaches {main} is published, the rest is tried")
            ),
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


def _triggers(main: str) -> Value:
    return {
        "push": {"branches": Entry([main], in_line=True)},
        "pull_request": None,
        "schedule": [Entry({"cron": "30 4 * * 1"}, comment="Base images get fixes: once a week everything is built.")],
        "workflow_dispatch": None,
    }


def _plan(images: Sequence[Published], main: str) -> Value:
    told = [each for image in images for one in image.told for each in one.settings]
    named = [part for image in images for part in parts_of(image.repository) if isinstance(part, Asked)]
    variables = sorted({each.name for each in (*told, *named) if not each.name.startswith(GITHUBS)})
    environment: dict[str, Value] = {
        "EVERYTHING": "${{ github.event_name == 'schedule' || github.event_name == 'workflow_dispatch' }}",
        **{name: f"${{{{ vars.{name} }}}}" for name in variables},
    }
    return job(
        "What to build",
        10,
        {},
        permissions=Entry({"contents": Entry("read", beside="to check out"), **packages(images, "read")}, why=LEAST),
        outputs={"images": "${{ steps.plan.outputs.images }}", "build": "${{ steps.plan.outputs.build }}"},
        steps=[
            checkout(),
            *logins(images, to_look=True),
            Entry(
                {
                    "name": "Compare with what is in the registry",
                    "id": "plan",
                    "env": environment,
                    "run": plan(images, main),
                },
                why=Why("docker-build", "an image is made from these files and arguments, and from nothing else"),
            ),
        ],
    )


def _tag(images: Sequence[Published]) -> Value:
    fetched: dict[str, Value] = {"path": "digests", "pattern": "digest-*", "merge-multiple": True}
    built = "${{ needs.build.result == 'success' }}"
    return job(
        "Join the architectures and tag",
        10,
        {
            "needs": Entry(["plan", "build"], in_line=True),
            "if": Entry(
                "${{ !failure() && !cancelled() && github.event_name != 'pull_request' }}",
                comment="Also when nothing had to be built. When one build fails, no image of this commit is tagged.",
            ),
        },
        permissions=Entry(packages(images, "write"), why=LEAST),
        steps=[
            uses("download-artifact", fetched, step="Fetch the digests", **{"if": built}),
            *logins(images),
            {
                "name": "Join and tag",
                "env": {"IMAGES": "${{ needs.plan.outputs.images }}"},
                "run": JOIN,
            },
        ],
    )


def _deploy(stack: Stack, main: str) -> Value:
    tagged = "!failure() && !cancelled() && needs.tag.result == 'success'"
    has_tag = any(value.origin is Origin.TAG for value in deploy_values(stack))
    script = f'gh workflow run deploy-{stack.environment}.yml --ref "$GITHUB_REF_NAME"'
    return job(
        f"Deploy to {stack.environment}",
        5,
        {"needs": "tag", "if": f"${{{{ {tagged} && github.ref == 'refs/heads/{main}' }}}}"},
        permissions=Entry({"actions": Entry("write", beside="to start the other workflow")}, why=LEAST),
        steps=[
            {
                "name": f"Start deploy-{stack.environment}",
                "env": {"GH_TOKEN": "${{ secrets.GITHUB_TOKEN }}", "GH_REPO": "${{ github.repository }}"},
                "run": script + (' --field "tag=$GITHUB_SHA"' if has_tag else ""),
            }
        ],
    )
