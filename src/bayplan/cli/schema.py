"""Print the JSON Schema of bayplan.yaml.

An editor that knows it completes keys and marks mistakes while you type.
"""

import argparse
import json

EXAMPLES = """examples:
  bayplan schema > bayplan.schema.json
  # then, as the first line of bayplan.yaml:
  # yaml-language-server: $schema=bayplan.schema.json
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments: none."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    from bayplan.readers.config_schema import json_schema

    del arguments
    print(json.dumps(json_schema(), indent=2))
    return 0
