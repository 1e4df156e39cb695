"""Write what docs/ says of the code: `python scripts/generate_docs.py`; with `--check` only compare."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE = "<!-- Made from the code by scripts/generate_docs.py. -->\n\n"


def config() -> str:
    """Return the reference of bayplan.yaml."""
    from bayplan.readers.config_schema import reference

    return MADE + reference()


def schema() -> str:
    """Return the JSON Schema of bayplan.yaml."""
    from bayplan.readers.config_schema import json_schema

    return json.dumps(json_schema(), indent=2) + "\n"


def commands() -> str:
    """Return the reference of the command line."""
    from bayplan.cli.parser import COMMANDS, Parser, top_parser

    top, parsers = top_parser()
    everywhere = {option for action in top.actions() for option in action.option_strings}

    def of(parser: Parser) -> str:
        rows = [_argument(each) for each in parser.actions() if not everywhere & {*each.option_strings}]
        return "| argument | meaning |\n| --- | --- |\n" + "".join(rows) if rows else ""

    text = f"{MADE}# The commands\n\n```\n{top.format_help()}```\n"
    for command in COMMANDS:
        parser = parsers[command.name]
        parser.fill()
        parts = [f"## bayplan {command.name}", (parser.description or "").strip(), of(parser).strip()]
        if parser.epilog:
            parts.append(f"```sh\n{parser.epilog.removeprefix('examples:').strip()}\n```".replace("\n  ", "\n"))
        text += "\n" + "\n\n".join(part for part in parts if part) + "\n"
    return text


def _argument(action: argparse.Action) -> str:
    value = str(action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper())
    name = ", ".join(action.option_strings) + ("" if action.nargs == 0 else f" {value}")
    return f"| `{name.strip()}` | {(action.help or '').replace('|', chr(92) + '|')} |\n"


GENERATORS: Mapping[str, Callable[[], str]] = {
    "docs/config.md": config,
    "docs/bayplan.schema.json": schema,
    "docs/commands.md": commands,
}


def stale() -> list[str]:
    """Return the files that are not what the code says."""
    return [path for path, make in GENERATORS.items() if not _is(ROOT / path, make())]


def _is(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text


def main() -> int:
    """Write every file that is stale, or with `--check` name them and fail."""
    old = stale()
    for path in old:
        if "--check" not in sys.argv[1:]:
            (ROOT / path).parent.mkdir(exist_ok=True)
            (ROOT / path).write_text(GENERATORS[path](), encoding="utf-8")
        print(path)
    return int(bool(old) and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
