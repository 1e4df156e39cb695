"""Folders that outlive a build: the builder of a platform may refuse a recipe that asks for them."""

from dataclasses import replace

from bayplan.catalog import load
from bayplan.model.config import Config
from bayplan.model.image import Image, Run, Stage, Step
from bayplan.model.stack import Service, Stack
from bayplan.passes import environments, install_pnpm

NAMED = f" --store-dir {install_pnpm.STORE.target}"
"""How an install is told of a folder that is then none but its own."""


def fitted(stack: Stack, config: Config) -> Stack:
    """Return a stack whose images every builder takes: a recipe serves all environments, and so all their platforms."""
    if not any(_refuses(platform) for platform in environments.targets(config)):
        return stack
    front = stack.proxy
    if front is not None and front.image is not None:
        front = replace(front, image=_without_caches(front.image))
    return replace(stack, services=tuple(map(_plain, stack.services)), proxy=front)


def _refuses(platform: str) -> bool:
    builder = load(f"platforms/{platform}").get("builder", {})
    return builder.get("cache_mounts") is False


def _plain(service: Service) -> Service:
    serving = _plain(service.serving) if service.serving is not None else None
    return replace(service, image=_without_caches(service.image), serving=serving)


def _without_caches(image: Image) -> Image:
    return replace(image, stages=tuple(map(_stage, image.stages)))


def _stage(stage: Stage) -> Stage:
    return replace(stage, steps=tuple(map(_step, stage.steps)))


def _step(step: Step) -> Step:
    if not isinstance(step, Run) or not step.caches:
        return step
    return replace(step, caches=(), commands=tuple(command.replace(NAMED, "") for command in step.commands))
