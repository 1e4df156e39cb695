"""From what must run to the texts of files: `Stack` to `Rendered`, one file per kind of file."""

from collections.abc import Callable, Mapping, Sequence

from bayplan.errors import UsageError
from bayplan.model.config import TargetsConfig
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.writers import backup_timer, caddyfile, compose, dockerfiles, dockerignore, env_example, runbook

Writer = Callable[[Stack], Mapping[str, Rendered]]
SharedWriter = Callable[[Sequence[Stack]], Mapping[str, Rendered]]

WRITERS: tuple[Writer, ...] = (
    dockerfiles.write,  # apps/<app>/Dockerfile
    compose.write,  # docker-compose.prod.yml
    caddyfile.write,  # Caddyfile
    env_example.write,  # .env.example
    backup_timer.write,  # deploy/systemd/<stack>-backup@.timer
    runbook.write,  # docs/backups.md
)

SHARED: tuple[SharedWriter, ...] = (
    dockerignore.write_all,  # .dockerignore: one for each folder that images are built from, in whatever environment
)


def write(stack: Stack) -> dict[str, Rendered]:
    """Return every file of a stack by its path."""
    return write_all([stack])


def write_all(stacks: Sequence[Stack]) -> dict[str, Rendered]:
    """Return every file of all environments; what they share must be the same for all."""
    writers, shared = _needed(stacks)
    found: dict[str, Rendered] = {}
    first: dict[str, str] = {}
    for stack in stacks:
        for path, file in _of_one(stack, writers).items():
            if found.setdefault(path, file).text != file.text:
                raise UsageError(
                    f"{path} would have to be different in {first[path]} and in {stack.environment}",
                    remedy=_apart(path, stack),
                )
            first.setdefault(path, stack.environment)
    return found | {path: file for writer in shared for path, file in writer(stacks).items()}


def _needed(stacks: Sequence[Stack]) -> tuple[tuple[Writer, ...], tuple[SharedWriter, ...]]:
    """Return the writers that have something to write; those of platforms are not even loaded where none is named."""
    if all(stack.targets == TargetsConfig() for stack in stacks):
        return WRITERS, SHARED
    from bayplan.writers import targets

    return (*WRITERS, *targets.WRITERS), (*SHARED, *targets.SHARED)


def _of_one(stack: Stack, writers: Sequence[Writer]) -> dict[str, Rendered]:
    found: dict[str, Rendered] = {}
    for writer in writers:
        for path, file in writer(stack).items():
            if path in found or path == stack.env_file:
                raise UsageError(
                    f"{path} would have to be two files at once: bayplan.yaml gives both the same path",
                    remedy="give each a path of its own",
                )
            found[path] = file
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
