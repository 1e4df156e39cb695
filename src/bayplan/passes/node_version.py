"""Which Node.js runs the stack, and whether it is still cared for."""

from datetime import date

from bayplan.catalog.toolchain import default_node, node_majors
from bayplan.model.config import Config
from bayplan.model.parts import Note
from bayplan.model.workspace import Workspace
from bayplan.source import Fact, Why


def node_version(workspace: Workspace, config: Config) -> Fact[str]:
    if config.node is not None:
        return Fact(str(config.node), Why("bayplan.yaml", "bayplan.yaml says so", config.at("node")))
    if workspace.node is not None:
        return workspace.node
    newest = str(default_node())
    return Fact(newest, Why("node_version", "nothing names a version; this is the newest with long-term support"))


def end_of_life(node: Fact[str], today: date) -> Note | None:
    """Say when a major gets no security fixes any more."""
    major = next((each for each in node_majors() if str(each.number) == node.value), None)
    if major is None or today < major.end_of_life:
        return None
    text = (
        f"Node.js {node.value} reached its end of life on {major.end_of_life} and gets no security fixes; "
        f"{default_node()} is the newest with long-term support"
    )
    return Note("node", text, node.why.at)
