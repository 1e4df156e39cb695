"""What an install has to be told so that private registries let it in."""

from bayplan.model.parts import Asked, Variable
from bayplan.model.workspace import Workspace
from bayplan.source import Why


def build_secrets(workspace: Workspace) -> tuple[Variable, ...]:
    """Return the variables that .npmrc refers to: secrets of every build, and of nothing that runs."""
    return tuple(
        Variable(
            each.value,
            Asked(each.value),
            Why("registries", f"{each.at.file} refers to it, and an install reads that", each.at),
            secret=True,
            at_build=True,
            purpose=f"what {each.at.file} takes for {each.at.key}",
            uses=(each.at,),
        )
        for each in {each.value: each for one in workspace.every for each in one.manager.variables}.values()
    )
