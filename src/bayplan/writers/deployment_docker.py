"""The part of docs/deployment.md about machines with Docker: one's own, and a server."""

import shlex
from collections.abc import Iterator

from bayplan.catalog.contract import contract
from bayplan.model.stack import Role, Stack
from bayplan.writers.deployment_text import beside, environment_of, first_request, heading, prose, shell
from bayplan.writers.env_example import compose_command, new_values

TITLE = "Docker"


def section(stack: Stack) -> list[str]:
    """Return how a stack gets from nothing to running to rolled back on a machine with Docker."""
    return [
        f"## {heading(TITLE, stack)}",
        "",
        *prose(_what(stack)),
        "### From nothing to running",
        "",
        *shell(*beside([*_values(stack), *_start(stack)]), *first_request(stack)),
        "### A new version",
        "",
        *shell(*beside([("git pull", ""), *_start(stack)])),
        "### When something is wrong",
        "",
        *shell(
            f"{compose_command(stack)} ps --all",
            f"{compose_command(stack)} logs --tail 100 {shlex.join(_logged(stack))}",
        ),
        "### Roll back",
        "",
        *shell(*beside(list(_back(stack)))),
        "### Stop",
        "",
        *shell(
            *beside(
                [
                    (f"{compose_command(stack)} down", "the data stays in its volumes"),
                    (f"{compose_command(stack)} down --volumes", "deletes the data, too"),
                ]
            )
        ),
    ]


def _what(stack: Stack) -> str:
    example = f" [`{stack.env_example}`](../{stack.env_example}) says what each value is." if _asks(stack) else ""
    return (
        f"`{stack.compose}` is all of it; Docker Engine 25 or newer, from the root of the repository.{example}"
        f" `bayplan up{environment_of(stack)}` does the same and proves that it runs."
    )


def _asks(stack: Stack) -> bool:
    return bool(contract(stack).asked)


def _values(stack: Stack) -> Iterator[tuple[str, str]]:
    if _asks(stack):
        file = shlex.quote(stack.env_file)
        yield new_values(stack), f"{stack.env_file} with fresh secrets, mode 600"
        yield f"$EDITOR {file}", "what is empty is required"
    if stack.proxy is not None and stack.proxy.tls.certificate:
        files = f"{shlex.quote(stack.proxy.tls.certificate)} {shlex.quote(stack.proxy.tls.key)}"
        yield f"ls {files}", "must lie there, out of git"


def _start(stack: Stack) -> Iterator[tuple[str, str]]:
    command = compose_command(stack)
    if any(own.pulled is not None for own in stack.built):
        yield f"{command} pull", ""
    built = " --build" if any(own.pulled is None for own in stack.built) else ""
    jobs = [each.name for each in stack.services if each.role.value is Role.JOB]
    yield f"{command} up{built} -d", f"{' and '.join(jobs)} first" if jobs else ""
    yield f"{command} ps", "until all of it is healthy"


def _logged(stack: Stack) -> list[str]:
    return [each.name for each in stack.services if each.role.value is not Role.FILES]


def rollback(stack: Stack) -> str:
    """Return in few words how it goes back."""
    tags = _tags(stack)
    return f"`{tags[0]}` of an older image" if tags else "an older commit, built again"


def _tags(stack: Stack) -> list[str]:
    """Return the variables that choose the version, where all images are pulled."""
    if not all(own.pulled is not None for own in stack.built):
        return []
    return [term.name for term in contract(stack).asked if term.kind == "tag"]


def _back(stack: Stack) -> Iterator[tuple[str, str]]:
    command = compose_command(stack)
    if tags := _tags(stack):
        yield f"{' '.join(f'{tag}=COMMIT' for tag in tags)} {command} up -d", "a commit whose images were pushed"
        return
    yield "git log --oneline -10", "which was the last good one"
    yield "git checkout COMMIT", "`git switch -` leads back"
    yield f"{command} up{' --build' if stack.built else ''} -d", ""
