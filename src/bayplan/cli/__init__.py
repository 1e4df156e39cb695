"""The command line."""

from bayplan.cli.main import main

__all__ = ["main"]
