"""Caddyfiles, both ways: `parse` tells what one means, `render` writes a document made of lines and blocks."""

from bayplan.formats.caddyfile_sites import parse
from bayplan.formats.caddyfile_writer import Line, block, document, line, render

__all__ = ["Line", "block", "document", "line", "parse", "render"]
