"""From what must run to the texts of files: `Stack` to `Rendered`, one file per kind of file."""

from collections.abc import Callable, Mapping, Sequence

from bayplan.errors import UsageError
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.writers import caddyfile, compose, dockerfiles, dockerignore, env_example

Writer = Callable[[Stack], Mapping[str, Rendered]]

WRITERS: tuple[Writer, ...] = (
    dockerfiles.write,  # apps/<app>/Dockerfile
    dockerignore.write,  # .dockerignore
    compose.write,  # docker-compose.prod.yml
    caddyfile.write,  # Caddyfile
    env_example.write,  # .env.example
)


def write(stack: Stack) -> dict[str, Rendered]:
    """Return every file of a stack by its path."""
    return {path: text for writer in WRITERS for path, text in writer(stack).items()}


def write_all(stacks: Sequence[Stack]) -> dict[str, Rendered]:
    """Return every file of all environments; what they share must be the same for all."""
    found: dict[str, Rendered] = {}
    first: dict[str, str] = {}
    for stack in stacks:
        for path, file in write(stack).items():
            if found.setdefault(path, file).text != file.text:
                raise UsageError(
                    f"{path} would have to be different in {first[path]} and in {stack.environment}",
                    remedy=_apart(path, stack),
                )
            first.setdefault(path, stack.environment)
    return found


def _apart(path: str, stack: Stack) -> str:
    """Say how the same file need not serve two environments."""
    where = f"environments.{stack.environment}"
    if path == stack.compose:
        return f"give each a file of its own: {where}.compose in bayplan.yaml"
    if path == stack.env_example:
        return f"give each a file of its own: {where}.env_file in bayplan.yaml"
    if stack.proxy is not None and path == stack.proxy.caddyfile:
        return f"give each a file of its own: {where}.proxy.caddyfile in bayplan.yaml"
    return "say the same for both in bayplan.yaml, outside of `environments`: an image serves every environment"
