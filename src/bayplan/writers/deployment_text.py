"""What the parts of docs/deployment.md share: headings, commands, first requests, and what a place cannot do."""

import shlex
import textwrap
from collections.abc import Sequence

from bayplan.catalog import load
from bayplan.model.front import TlsKind
from bayplan.model.parts import Asked, Binding
from bayplan.model.stack import Service, Stack
from bayplan.writers import hosted
from bayplan.writers.deploy_addresses import GOOD, Address, addresses
from bayplan.writers.platform_env import telling

WIDTH = 120
FAR = 70
"""How long a command may be for what is said of it to stand in a column with others."""


def shell(*lines: str) -> list[str]:
    return ["```sh", *lines, "```", ""]


def prose(text: str) -> list[str]:
    """Return a paragraph in lines, and an empty one behind it."""
    return [*textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False), ""]


def values(stack: Stack, platform: str, also: str = "") -> list[str]:
    """Return how the template of a platform's values is filled in, and what each app is then told."""
    commands = telling(platform, stack)
    if not commands:
        return []
    file = stack.env_file_of(platform)
    words = f"The values: [`{file}.example`](../{file}.example) says what each is, and what makes the secret ones."
    first = [commands[0], f"$EDITOR {shlex.quote(file)}"]
    return [*prose(words), *shell(*first), *([also, ""] if also else []), *shell(*commands[1:])]


def environment_of(stack: Stack) -> str:
    """Return the option that chooses the environment, where it is not the usual one."""
    return "" if stack.is_production else f" --env {shlex.quote(stack.environment)}"


def title(platform: str) -> str:
    return str(load(f"platforms/{platform}")["title"])


def heading(text: str, stack: Stack) -> str:
    """Return a heading of a place to run in, which several environments may share."""
    return text if stack.is_production else f"{text} ({stack.environment})"


def beside(commands: Sequence[tuple[str, str]]) -> list[str]:
    """Return commands with what is said of each behind it, in a column where that is not far away."""
    width = max((len(command) for command, said in commands if said and len(command) <= FAR), default=0)
    return [f"{command.ljust(width)}    # {said}" if said else command for command, said in commands]


def first_request(stack: Stack) -> list[str]:
    """Return requests that show that what the world reaches answers."""
    if stack.proxy is not None:
        unknown = " --insecure" if stack.proxy.tls.kind is TlsKind.INTERNAL else ""
        return [f"curl -fsS{unknown} {each.word}" for each in addresses(stack)]
    return [f"curl -fsS {_published(each, each.binding)}" for each in hosted.running(stack) if each.binding is not None]


def _published(service: Service, binding: Binding) -> str:
    """Return the address of a service that the machine publishes, as a word of a shell."""
    given = f"${{{binding.address.name}}}" if isinstance(binding.address, Asked) else binding.address
    return Address(f"http://{given or 'localhost'}:{binding.port}{hosted.first_path(service)}", GOOD).word


def cannot(stack: Stack, platform: str) -> list[str]:
    """Return what a platform cannot do for a stack, as the plan says it too."""
    notes = [note.text for note in stack.notes if note.about == platform]
    if not notes:
        return []
    return [
        f"### {limits_heading(stack, platform)}",
        "",
        *(line for text in notes for line in item(_sentence(text))),
        "",
    ]


def limits_heading(stack: Stack, platform: str) -> str:
    return f"What {heading(title(platform), stack)} cannot do"


def item(text: str, mark: str = "- ") -> list[str]:
    """Return a text as one item of a list."""
    indent = " " * len(mark)
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=mark,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sentence(text: str) -> str:
    first, _, rest = text.partition("; ")
    begun = f"{first[:1].upper()}{first[1:]}."
    return f"{begun} Nearest: {rest}." if rest else begun


def anchor(text: str) -> str:
    """Return the address that GitHub gives to a heading."""
    kept = "".join(each for each in text.lower() if each.isalnum() or each in " -_")
    return f"#{kept.replace(' ', '-')}"
