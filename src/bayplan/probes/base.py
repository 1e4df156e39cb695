"""Where an image's base ends and what bayplan put on it begins."""

from bayplan.model.image import Copy, Image, Run, Stage, Workdir
from bayplan.model.running import BuiltImage
from bayplan.probes.subject import Subject


def base_image(image: Image) -> str:
    """Return the image that the last stage stands on."""
    stages = {stage.name: stage for stage in image.stages}
    return _lineage(image, stages)[0].base


def _lineage(image: Image, stages: dict[str, Stage]) -> tuple[Stage, ...]:
    chain = [image.stages[-1]]
    while (parent := stages.get(chain[0].base)) is not None and parent not in chain:
        chain.insert(0, parent)
    return tuple(chain)


def base_layers(subject: Subject, made: Image, image: BuiltImage) -> int:
    """Return how many of the image's layers are its base's.

    An engine need not keep the base under its name; then what the recipe adds is counted from the end.
    """
    base = subject.engine.image(base_image(made))
    if base is not None and image.layers[: len(base.layers)] == base.layers:
        return len(base.layers)
    stages = {stage.name: stage for stage in made.stages}
    steps = [step for stage in _lineage(made, stages) for step in stage.steps]
    ours = sum(isinstance(step, Copy | Run | Workdir) for step in steps)
    return max(0, len(image.layers) - ours)
