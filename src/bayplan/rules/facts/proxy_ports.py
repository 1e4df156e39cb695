"""The ports that the files say a service behind a proxy listens on."""

from collections.abc import Iterator

from bayplan.formats.compose_shorts import port_number
from bayplan.model.deployment import DeployedService
from bayplan.rules.facts.apps import image_file, stage_of
from bayplan.rules.facts.health_paths import is_local
from bayplan.rules.facts.networks import kin
from bayplan.rules.facts.once import once
from bayplan.rules.facts.ports import Named
from bayplan.rules.facts.probes import probe_of
from bayplan.rules.facts.proxies import Front
from bayplan.rules.facts.stages import pairs
from bayplan.rules.facts.values import Values


@once
def said(front: Front, target: DeployedService) -> tuple[Named, ...]:
    """Return what the ports of a service, its variables and its image say that it listens on."""
    return tuple(_said(front, target))


def _said(front: Front, target: DeployedService) -> Iterator[Named]:
    for one in kin(front.deployment, front.compose, target):
        for published in one.published:
            yield Named(published.container, "the published port is", published.at)
        for key, each in one.settings.items():
            port = port_number(each.value.partition("/")[0]) if key.startswith("expose") else None
            if port is not None:
                yield Named(port, "expose says", each.at)
        given = one.environment.get("PORT")
        port = port_number(Values(front.deployment, one).text(given.value) or "") if given else None
        if given is not None and port is not None:
            yield Named(port, "PORT is", given.at)
        yield from _said_by_image(front, one)
        probe = probe_of(one, None, None)
        if probe is not None and probe.port is not None and is_local(probe.host) and (probe.path or probe.host):
            yield Named(probe.port, "the health check asks for", probe.at)


def _said_by_image(front: Front, one: DeployedService) -> Iterator[Named]:
    image = image_file(front.deployment, one)
    stage = stage_of(image, one) if image else None
    for instruction in image.instructions(stage, "EXPOSE", "ENV") if image and stage else ():
        is_env = instruction.word == "ENV"
        values = [value or "" for name, value in pairs(instruction) if name == "PORT"]
        for value in values if is_env else instruction.arguments:
            port = port_number(value.partition("/")[0])
            if port is not None:
                yield Named(port, "PORT is" if is_env else "EXPOSE says", instruction.at)
