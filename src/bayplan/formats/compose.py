"""Compose files, both ways.

A document is made of plain mappings and lists; `Entry` adds a comment, a reason, or puts a list in one line.
"""

from bayplan.formats import yaml_writer
from bayplan.formats.compose_parser import parse
from bayplan.formats.yaml_writer import Entry, Layout, Value, plain
from bayplan.model.rendered import Rendered

__all__ = ["Entry", "Value", "parse", "plain", "render"]

LAYOUT = Layout(quoted=("ports", "expose"), spaced=("services",))


def render(document: Value) -> Rendered:
    """Return a compose file, one blank line between its services."""
    return yaml_writer.render(document, LAYOUT)
