"""What prepares a new version, as a script in its image: a platform runs one command, in the image's own folder.

What a platform makes of quotes, and of `cd` and `&&`, differs and is nowhere said; a path is a path on all of them.
"""

import posixpath
import shlex
from collections.abc import Sequence
from dataclasses import replace

from bayplan.model.config import Config
from bayplan.model.image import Copy, Image, Stage
from bayplan.model.stack import Service, Stack
from bayplan.passes import environments, hosting
from bayplan.source import Why

NAME = "release.sh"
HEAD = "#!/bin/sh\n# What a platform runs with a new version of {service} before it starts.\nset -e\n"
BECAUSE = "a platform runs one command before a new version starts, and not in the folder that this needs"


def fitted(stack: Stack, config: Config) -> Stack:
    """Return a stack whose images hold what their releases need: a recipe serves all environments, and so platforms."""
    if not hosting.platforms(environments.targets(config)):
        return stack
    jobs = [(own, stack.jobs_in(own)) for own in stack.services]
    images = {own.image.dockerfile: _with_script(own, found) for own, found in jobs if _needs_one(own, found)}
    return replace(stack, services=tuple(_of_image(each, images) for each in stack.services))


def _of_image(service: Service, images: dict[str, Image]) -> Service:
    return replace(service, image=images.get(service.image.dockerfile, service.image))


def _needs_one(service: Service, jobs: Sequence[Service]) -> bool:
    elsewhere = any(job.workdir not in ("", service.image.workdir) for job in jobs)
    quoted = any(shlex.quote(word) != word for job in jobs for word in job.command.value)
    return len(jobs) > 1 or elsewhere or quoted


def _with_script(service: Service, jobs: Sequence[Service]) -> Image:
    image = service.image
    path = posixpath.join(service.package, NAME)
    *first, last = (_step(job, image) for job in jobs)
    steps = [f"cd {folder}\n{command}\n" for folder, command in first]
    text = HEAD.replace("{service}", service.name) + "".join([*steps, f"cd {last[0]}\nexec {last[1]}\n"])
    source = posixpath.relpath(path, image.context)
    copied = Copy((source,), f"/{NAME}", Why("release_scripts", BECAUSE))
    return replace(
        image,
        stages=(*image.stages[:-1], _with(image.stages[-1], copied)),
        scripts=(*image.scripts, (posixpath.normpath(path), text)),
        release=f"/{NAME}",
    )


def _step(job: Service, image: Image) -> tuple[str, str]:
    return shlex.quote(job.workdir or image.workdir), shlex.join(job.command.value)


def _with(stage: Stage, copied: Copy) -> Stage:
    last = max(index for index, step in enumerate(stage.steps) if isinstance(step, Copy))
    return replace(stage, steps=(*stage.steps[: last + 1], copied, *stage.steps[last + 1 :]))
