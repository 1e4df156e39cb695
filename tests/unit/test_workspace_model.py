"""The workspace answers who needs whom, however long the chain."""

from bayplan.model.lockfile import Manager
from bayplan.model.workspace import Dependency, DependencyKind, Package, Workspace
from bayplan.source import At, Fact, Why

HERE = At("package.json")
LONGEST = 5_000


def workspace(*packages: Package) -> Workspace:
    return Workspace("shop", Manager("pnpm", Fact("10.0.0", Why("test", "said here"))), packages)


def package(folder: str, *needs: str, kind: DependencyKind = DependencyKind.PRODUCTION) -> Package:
    return Package(
        folder, folder, HERE, dependencies=tuple(Dependency(each, "*", kind, HERE, folder=each) for each in needs)
    )


def test_what_is_needed_comes_first_by_name_and_once() -> None:
    app, one, two, base = package("app", "two", "one"), package("one", "base"), package("two", "base"), package("base")
    found = workspace(app, one, two, base).closure(app, development=False)
    assert [each.folder for each in found] == ["base", "one", "two", "app"]


def test_packages_that_need_each_other_are_each_named_once() -> None:
    one, two = package("one", "two"), package("two", "one")
    assert [each.folder for each in workspace(one, two).closure(one, development=False)] == ["two", "one"]


def test_what_is_developed_with_counts_only_for_the_build() -> None:
    app, tool = package("app", "tool", kind=DependencyKind.DEVELOPMENT), package("tool")
    both = workspace(app, tool)
    assert both.closure(app, development=False) == (app,)
    assert both.closure(app, development=True) == (tool, app)


def test_a_chain_of_any_length_is_followed() -> None:
    chain = [package(f"p{number}", f"p{number + 1}") for number in range(LONGEST)]
    assert len(workspace(*chain, package(f"p{LONGEST}")).closure(chain[0], development=False)) == LONGEST + 1


def test_of_two_packages_of_one_name_the_first_is_meant() -> None:
    first, second = Package("same", "a", HERE), Package("same", "b", HERE)
    found = workspace(first, second)
    assert found.by_name("same") is first
    assert found.by_folder("b") is second
    assert found.by_folder("c") is None
