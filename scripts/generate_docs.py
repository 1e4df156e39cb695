"""Write what docs/ says of the code: `python scripts/generate_docs.py`; with `--check` only compare."""

import argparse
import json
import re
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


def rules() -> str:
    """Return the page of every rule."""
    from bayplan.rules import RULES

    failing = [rule for rule in RULES if rule.effect.fails]
    others = [rule for rule in RULES if not rule.effect.fails]
    text = f"""{MADE}# The rules of `bayplan check`

Every rule sees the repository and its deployment files, whoever wrote them. A finding of the first table is an error;
one of the second is a warning, which leaves the exit code alone. `bayplan explain RULE` shows a page in the terminal.

To allow a finding, write `# bayplan: allow RULE REASON` on one of its lines or on the line above; `//` works as well.

The examples are also the rules' tests. They are laid over a small shop: `apps/api` (Express), `apps/web` (Next.js),
`apps/worker` (BullMQ), `apps/mailer`, and `packages/db`, which api and worker use.
"""
    for title, part in (("Errors", failing), ("Warnings", others)):
        rows = "".join(f"| [{rule.id}](#{rule.id}) | {rule.effect} | {rule.title} |\n" for rule in part)
        text += f"\n## {title}\n\n| rule | effect | meaning |\n| --- | --- | --- |\n{rows}"
    for rule in RULES:
        page = re.sub(r"^```(\w+) (\S+)$", r"`\2`\n\n```\1", rule.page.strip(), flags=re.MULTILINE)
        text += f"\n## {rule.id}\n\n{page}\n"
    return text


def _argument(action: argparse.Action) -> str:
    value = str(action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper())
    name = ", ".join(action.option_strings) + ("" if action.nargs == 0 else f" {value}")
    return f"| `{name.strip()}` | {(action.help or '').replace('|', chr(92) + '|')} |\n"


GENERATORS: Mapping[str, Callable[[], str]] = {
    "docs/config.md": config,
    "docs/bayplan.schema.json": schema,
    "docs/commands.md": commands,
    "docs/rules.md": rules,
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
