"""Blueprints of Render as a person writes them."""

from bayplan.formats import yaml_writer
from bayplan.formats.yaml_writer import Entry, Layout, Value
from bayplan.model.rendered import Rendered

__all__ = ["Entry", "Value", "render"]

LAYOUT = Layout(spaced=("services", "databases"))


def render(document: Value) -> Rendered:
    """Return a blueprint, one blank line between its services."""
    return yaml_writer.render(document, LAYOUT)
