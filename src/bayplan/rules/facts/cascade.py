"""Who waits for whom, and whether there is a health check to wait for."""

from bayplan.catalog.images import known
from bayplan.model.deployment import ComposeFile, DeployedService, Deployment
from bayplan.rules.facts.apps import image_file, stage_of
from bayplan.rules.facts.stages import base, last
from bayplan.source import At


def health_check(deployment: Deployment, service: DeployedService) -> At | None:
    """Return the place of the health check of a service: its own, its Dockerfile's, or that of a known image."""
    if service.health is not None:
        return None if service.health.argv[:1] == ("NONE",) else service.health.at
    file = image_file(deployment, service)
    stage = stage_of(file, service) if file else None
    if file is not None and stage is not None:
        own = last(file, stage, "HEALTHCHECK")
        if own is not None:
            return None if own.arguments[:1] == ("NONE",) else own.at
        image = base(file, stage)
        return stage.base.at if image and image.health else None
    image = known(service.image.value) if service.image else None
    return service.image.at if service.image and image and image.health else None


def can_lack_health_check(deployment: Deployment, service: DeployedService) -> bool:
    """Say whether it is certain that a service has no health check, not only that none is known."""
    if service.health is not None:
        return service.health.argv[:1] == ("NONE",)
    if any(key.startswith("healthcheck") for key in service.settings):
        return False
    file = image_file(deployment, service)
    stage = stage_of(file, service) if file else None
    image = base(file, stage) if file and stage else known(service.image.value) if service.image else None
    return image is not None and health_check(deployment, service) is None


def cycle(compose: ComposeFile, start: DeployedService) -> list[str]:
    """Return the names along a cycle of waits that begins and ends with a service; empty when there is none."""
    waiting = [(start, [start.name])]
    seen: set[str] = set()
    while waiting:
        service, path = waiting.pop()
        for wait in service.waits:
            target = compose.service(wait.service)
            if target is start:
                return [*path, start.name]
            if target is not None and target.name not in seen:
                seen.add(target.name)
                waiting.append((target, [*path, target.name]))
    return []
