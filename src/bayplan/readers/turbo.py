"""turbo.json, of version 1 (`pipeline`) and 2 (`tasks`), of the root and of single packages."""

from collections.abc import Iterator, Mapping, Sequence

from bayplan.formats import json_nodes
from bayplan.formats.document import Document
from bayplan.model.workspace import Package, Task
from bayplan.tree import Tree

FILES = ("turbo.json", "turbo.jsonc")


def read_tasks(tree: Tree, packages: Sequence[Package]) -> dict[str, Task]:
    """Return the tasks by name; one that holds for a single package is named `package#task`."""
    found: dict[str, Task] = {}
    root = _document(tree, ".")
    if root is None:
        return found
    everywhere = (*root.texts("globalEnv"), *root.texts("globalPassThroughEnv"))
    found.update(_tasks(root, everywhere, {}, ""))
    for package in packages:
        own = _document(tree, package.folder) if package.folder != "." else None
        if own is not None:
            found.update(_tasks(own, everywhere, found, f"{package.name}#"))
    return found


def task_for(tasks: Mapping[str, Task], package: Package, name: str) -> Task | None:
    """Return the task that holds for a package's script."""
    return tasks.get(f"{package.name}#{name}") or tasks.get(name)


def _document(tree: Tree, folder: str) -> Document | None:
    for name in FILES:
        path = name if folder == "." else f"{folder}/{name}"
        if tree.lists(path):
            return json_nodes.load(tree.text(path), path, comments=True)
    return None


def _tasks(
    document: Document, everywhere: tuple[str, ...], known: Mapping[str, Task], prefix: str
) -> Iterator[tuple[str, Task]]:
    group = "tasks" if isinstance(document.get("tasks"), dict) else "pipeline"
    for name, value in document.mapping(group).items():
        if not isinstance(value, dict):
            continue
        above = known.get(name)
        waits = document.texts(group, name, "dependsOn")
        # before version 1.5, `$NAME` in `dependsOn` stood for a variable
        variables = tuple(wait[1:] for wait in waits if wait.startswith("$") and wait != "$TURBO_EXTENDS$")
        env = (*document.texts(group, name, "env"), *document.texts(group, name, "passThroughEnv"))
        task = Task(
            name=prefix + name,
            depends_on=_extended(waits, above.depends_on if above else (), stated="dependsOn" in value),
            outputs=_extended(
                document.texts(group, name, "outputs"), above.outputs if above else (), stated="outputs" in value
            ),
            env=tuple(dict.fromkeys((*everywhere, *(above.env if above else ()), *variables, *env))),
            at=document.key_at(group, name),
        )
        yield task.name, task


def _extended(own: tuple[str, ...], above: tuple[str, ...], *, stated: bool) -> tuple[str, ...]:
    """Apply a package's own list over the root's; `$TURBO_EXTENDS$` keeps both."""
    kept = tuple(item for item in own if not item.startswith("$"))
    return (*above, *kept) if not stated or "$TURBO_EXTENDS$" in own else kept
