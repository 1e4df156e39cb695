"""From what must run to the texts of files: `Stack` to `Rendered`, one file per kind of file."""

from collections.abc import Callable, Mapping

from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.writers import compose, dockerfiles, dockerignore, env_example

Writer = Callable[[Stack], Mapping[str, Rendered]]

WRITERS: tuple[Writer, ...] = (
    dockerfiles.write,  # apps/<app>/Dockerfile
    dockerignore.write,  # .dockerignore
    compose.write,  # docker-compose.prod.yml
    env_example.write,  # .env.example
)


def write(stack: Stack) -> dict[str, Rendered]:
    """Return every file of a stack by its path."""
    return {path: text for writer in WRITERS for path, text in writer(stack).items()}
