"""GitHub workflows as a person writes them."""

from bayplan.formats import yaml_writer
from bayplan.formats.yaml_writer import Entry, Layout, Value
from bayplan.model.rendered import Rendered

__all__ = ["Entry", "Value", "render"]

LAYOUT = Layout(spaced=("jobs",), scripts=("run", "secrets"), bare=("on",))


def render(document: Value) -> Rendered:
    """Return a workflow, one blank line between its jobs."""
    return yaml_writer.render(document, LAYOUT)
