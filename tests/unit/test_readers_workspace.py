"""The packages of a workspace, and who depends on whom."""

from pathlib import Path

import pytest

from bayplan.errors import BrokenFileError
from bayplan.model.workspace import DependencyKind
from bayplan.readers.globs import package_folders
from bayplan.readers.npm import read_npm_lock
from bayplan.readers.workspace import read_workspace
from bayplan.source import At
from bayplan.tree import Tree
from tests.unit.reading import Files, repository, workspace

EXAMPLE = Path(__file__).parents[2] / "examples/forgestack/repo"
GLOBS = "packages: ['apps/*', 'packages/*']\n"


def test_a_real_workspace_is_read_whole() -> None:
    found = read_workspace(Tree(EXAMPLE))
    assert [package.folder for package in found.packages] == [
        ".",
        "apps/api",
        "apps/web",
        "apps/worker",
        "packages/db",
        "packages/shared",
        "packages/ui",
    ]
    api = found.by_name("api")
    assert api is not None
    assert api.start is not None
    assert api.start.value == ("node", "dist/main.js")
    assert [each.folder for each in found.closure(api, development=False)] == [
        "packages/db",
        "packages/shared",
        "apps/api",
    ]
    database = found.by_name("@forgestack/db")
    assert database is not None
    assert [output.value for output in database.outputs] == ["dist", "drizzle"]
    driver = database.depends_on("pg")
    assert driver is not None
    assert driver.version is not None
    assert driver.version.startswith("8.")
    assert driver.at.file == "packages/db/package.json"


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["apps/*"], ["apps/a", "apps/b"]),
        (["./apps/*/"], ["apps/a", "apps/b"]),
        (["**"], ["apps/a", "apps/a/inner", "apps/b", "libs/x", "top"]),
        (["*"], ["top"]),
        (["apps/**"], ["apps/a", "apps/a/inner", "apps/b"]),
        (["apps/**", "!**/inner"], ["apps/a", "apps/b"]),
        (["!apps/b", "apps/*"], ["apps/a"]),
        (["{apps,libs}/*"], ["apps/a", "apps/b", "libs/x"]),
        (["apps/[ab]"], ["apps/a", "apps/b"]),
        (["apps/[b-a]", "nothing/*", ""], []),
        (["*" * 40], []),
    ],
)
def test_patterns_name_folders_with_a_package_json(patterns: list[str], expected: list[str]) -> None:
    folders = ["apps/a", "apps/a/inner", "apps/b", "libs/x", "top"]
    files = ["package.json", *(f"{folder}/package.json" for folder in folders), "apps/readme/README.md"]
    assert list(package_folders(patterns, files)) == expected


def test_a_single_package_is_a_workspace_too(tmp_path: Path) -> None:
    found = workspace(
        tmp_path, {"package.json": {"name": "one", "scripts": {"start": "node index.js"}}, "index.js": ""}
    )
    assert [(package.name, package.folder) for package in found.packages] == [("one", ".")]
    assert found.packages[0].start is not None
    assert found.manager.lockfile is None


def test_what_has_no_name_is_called_like_its_folder(tmp_path: Path) -> None:
    found = workspace(
        tmp_path / "shop", {"package.json": {}, "pnpm-workspace.yaml": GLOBS, "apps/a b/package.json": {}}
    )
    assert [package.name for package in found.packages] == ["shop", "a b"]


def test_a_repository_without_packages_is_refused_kindly(tmp_path: Path) -> None:
    with pytest.raises(BrokenFileError, match=r"no package\.json") as caught:
        workspace(tmp_path, {"README.md": "", "backend/package.json": {}})
    assert "backend/package.json" in caught.value.remedy


def dependencies(folder: Path, own: Files, files: Files) -> dict[str, str | None]:
    above: dict[str, object] = {"package.json": {"name": "r"}, "pnpm-workspace.yaml": GLOBS}
    lib = {"name": "@acme/lib", "version": "1.2.0"}
    found = workspace(
        folder, {**above, "packages/lib/package.json": lib, "apps/a/package.json": {"name": "a", **own}, **files}
    ).by_folder("apps/a")
    assert found is not None
    return {dependency.name: dependency.folder for dependency in found.dependencies}


@pytest.mark.parametrize(
    ("name", "spec", "expected"),
    [
        ("@acme/lib", "workspace:*", "packages/lib"),
        ("@acme/lib", "workspace:^1.0.0", "packages/lib"),
        ("alias", "workspace:@acme/lib@*", "packages/lib"),
        ("@acme/lib", "workspace:../../packages/lib", "packages/lib"),
        ("anything", "link:../../packages/lib", "packages/lib"),
        ("anything", "file:../../packages/lib", "packages/lib"),
        ("anything", "link:../../../outside", None),
        ("@acme/lib", "^1.0.0", None),
        ("@acme/lib", "catalog:", "packages/lib"),
        ("missing", "workspace:*", None),
        ("a", "workspace:*", None),
    ],
)
def test_a_dependency_leads_to_its_package(tmp_path: Path, name: str, spec: str, expected: str | None) -> None:
    catalog = {"pnpm-workspace.yaml": GLOBS + "catalog:\n  '@acme/lib': workspace:^\n"}
    assert dependencies(tmp_path, {"dependencies": {name: spec}}, catalog)[name] == expected


@pytest.mark.parametrize(
    ("manifest", "spec", "expected"),
    [
        ({"packageManager": "pnpm@8.15.9"}, "^1.0.0", "packages/lib"),
        ({"packageManager": "pnpm@8.15.9"}, "^2.0.0", None),
        ({"packageManager": "npm@10.9.0", "workspaces": ["apps/*", "packages/*"]}, "*", "packages/lib"),
        (
            {"packageManager": "yarn@1.22.22", "workspaces": {"packages": ["apps/*", "packages/*"]}},
            "1.2.0",
            "packages/lib",
        ),
    ],
)
def test_a_range_is_linked_where_the_manager_does_so(
    tmp_path: Path, manifest: dict[str, object], spec: str, expected: str | None
) -> None:
    found = dependencies(tmp_path, {"dependencies": {"@acme/lib": spec}}, {"package.json": manifest})
    assert found["@acme/lib"] == expected


def test_the_lockfile_decides_whether_a_range_is_linked(tmp_path: Path) -> None:
    lock = (
        "lockfileVersion: '9.0'\nimporters:\n  apps/a:\n    dependencies:\n      '@acme/lib':\n"
        "        specifier: ^1.0.0\n        version: link:../../packages/lib\n"
    )
    found = dependencies(tmp_path, {"dependencies": {"@acme/lib": "^1.0.0"}}, {"pnpm-lock.yaml": lock})
    assert found["@acme/lib"] == "packages/lib"


def test_a_dependency_in_two_groups_counts_once_but_a_peer_counts_beside(tmp_path: Path) -> None:
    manifest = {
        "dependencies": {"a": "1", "b": "1"},
        "optionalDependencies": {"b": "1"},
        "devDependencies": {"a": "2", "c": "1"},
        "peerDependencies": {"c": "1"},
    }
    package = workspace(tmp_path, {"package.json": manifest}).packages[0]
    assert sorted((each.name, each.kind) for each in package.dependencies) == [
        ("a", DependencyKind.PRODUCTION),
        ("b", DependencyKind.OPTIONAL),
        ("c", DependencyKind.DEVELOPMENT),
        ("c", DependencyKind.PEER),
    ]


def test_entries_are_every_file_that_is_named_once(tmp_path: Path) -> None:
    manifest = {
        "main": "./dist/index.js",
        "types": "dist/index.d.ts",
        "exports": {
            ".": [{"import": "./dist/index.mjs", "require": "./dist/index.js"}],
            "./x": None,
            "./*": "./dist/*.js",
        },
        "bin": {"tool": "bin/tool.js", "bad": 3},
        "module": "../outside.js",
    }
    package = workspace(tmp_path, {"package.json": manifest}).packages[0]
    assert [entry.value for entry in package.entries] == [
        "dist/index.js",
        "dist/index.d.ts",
        "dist/index.mjs",
        "dist/*.js",
        "bin/tool.js",
    ]
    assert package.entries[0].at == At("package.json", 2, 11, 17, "main")


def test_wrong_types_everywhere_are_survived(tmp_path: Path) -> None:
    manifest = {
        "name": 5,
        "version": [],
        "type": {},
        "scripts": ["x"],
        "dependencies": ["a"],
        "devDependencies": {"a": None, "b": {}},
        "exports": [1, {"a": None}],
        "bin": 3,
        "files": "dist",
        "engines": "18",
        "main": 7,
        "packageManager": {},
        "devEngines": [],
        "volta": 1,
        "workspaces": 3,
        "pnpm": {"patchedDependencies": [1], "onlyBuiltDependencies": {"a": 1}},
    }
    files = {
        "package.json": manifest,
        "pnpm-workspace.yaml": "packages: [5]\ncatalog: []\ncatalogs: {a: b}\n",
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters: {.: [], a: {dependencies: [1]}}\npackages: {a: 1}\n",
        "turbo.json": '{"tasks": {"build": 1, "x": {"dependsOn": 3, "outputs": [1]}}}',
        "tsconfig.json": '{"extends": 3, "compilerOptions": [], "references": [1, {"path": 2}]}',
    }
    package = workspace(tmp_path, files).packages[0]
    assert package.published_files == ("dist",)
    assert package.dependencies == ()


def test_cycles_and_two_packages_of_one_name_are_legal(tmp_path: Path) -> None:
    files = {
        "package.json": {},
        "pnpm-workspace.yaml": GLOBS,
        "packages/a/package.json": {"name": "x", "dependencies": {"y": "workspace:*"}},
        "packages/b/package.json": {"name": "y", "dependencies": {"x": "workspace:^2.0.0"}},
        "packages/c/package.json": {"name": "x", "version": "2.1.0", "dependencies": {"y": "workspace:*"}},
    }
    found = workspace(tmp_path, files)
    start = found.by_folder("packages/c")
    assert start is not None
    assert [package.folder for package in found.closure(start, development=False)] == ["packages/b", "packages/c"]


def test_a_link_that_leaves_the_repository_is_refused(tmp_path: Path) -> None:
    tree = repository(tmp_path / "r", {"package.json": {}})
    (tmp_path / "outside").write_text("20")
    (tmp_path / "r/.nvmrc").symlink_to(tmp_path / "outside")
    with pytest.raises(BrokenFileError, match="leaves the repository"):
        read_workspace(Tree(tree.root))


def test_an_npm_lockfile_is_a_graph_too() -> None:
    text = """{"lockfileVersion": 3, "packages": {
      "": {"workspaces": ["apps/*"], "devDependencies": {"tool": "1"}},
      "apps/api": {"dependencies": {"db": "*", "x": "1"}, "optionalDependencies": {"absent": "1"}},
      "node_modules/db": {"resolved": "packages/db", "link": true},
      "packages/db": {"dependencies": {"x": "2"}},
      "node_modules/x": {"version": "1.0.0", "hasInstallScript": true, "dependencies": {"y": "1"}},
      "node_modules/y": {"version": "1.5.0", "os": ["linux"]},
      "node_modules/tool": {"version": "1.0.0"},
      "packages/db/node_modules/x": {"version": "2.0.0", "peerDependencies": {"y": "*"}}
    }}"""
    read = read_npm_lock(text, "package-lock.json")
    assert read.links == {("apps/api", "db"): "packages/db"}
    assert read.versions["packages/db", "x"] == "2.0.0"
    assert [(each.name, each.version) for each in read.lockfile.reachable(["apps/api"])] == [
        ("x", "1.0.0"),
        ("y", "1.5.0"),
    ]
    assert [each.name for each in read.lockfile.reachable(["packages/db"])] == ["x", "y"]
    assert [each.name for each in read.lockfile.reachable(["."], development=True)] == ["tool"]
    assert read.lockfile.packages["node_modules/x"].has_install_script


CLASSIC = """# yarn lockfile v1


"@acme/y@^1.0.0", "@acme/y@~1.5.0":
  version "1.5.0"

odd@^3.0.0, "alias@npm:odd@^3.0.0":
  version "3.0.1"
  resolved "https://example.com/odd-3.0.1.tgz#abc"
  dependencies:
    "@acme/y" "^1.0.0"
"""

BERRY = """__metadata:
  version: 8

"@acme/y@npm:^1.0.0, @acme/y@npm:~1.5.0":
  version: 1.5.0
  resolution: "@acme/y@npm:1.5.0"
  conditions: os=linux & cpu=x64 & libc=glibc

"odd@npm:^3.0.0":
  version: 3.0.1
  resolution: "odd@npm:3.0.1"
  dependencies:
    "@acme/y": "npm:^1.0.0"

"api@workspace:apps/api":
  version: 0.0.0-use.local
  resolution: "api@workspace:apps/api"
  dependencies:
    odd: "npm:^3.0.0"
"""


@pytest.mark.parametrize("lock", [CLASSIC, BERRY])
def test_a_yarn_lockfile_is_a_graph_with_the_manifests_as_its_roots(tmp_path: Path, lock: str) -> None:
    files = {
        "package.json": {"workspaces": ["apps/*"]},
        "yarn.lock": lock,
        "apps/api/package.json": {"name": "api", "dependencies": {"odd": "^3.0.0"}, "devDependencies": {"gone": "1"}},
    }
    found = workspace(tmp_path, files)
    assert found.manager.lockfile is not None
    reached = found.manager.lockfile.reachable(["apps/api"])
    assert [(each.name, each.version) for each in reached] == [("@acme/y", "1.5.0"), ("odd", "3.0.1")]
    assert found.packages[1].dependencies[0].version == "3.0.1"


def test_berrys_conditions_are_platforms(tmp_path: Path) -> None:
    lockfile = workspace(tmp_path, {"package.json": {}, "yarn.lock": BERRY}).manager.lockfile
    assert lockfile is not None
    limited = next(each for each in lockfile.packages.values() if each.name == "@acme/y")
    assert (limited.os, limited.cpu, limited.libc) == (("linux",), ("x64",), ("glibc",))


def test_a_bun_lockfile_is_a_graph_too(tmp_path: Path) -> None:
    lock = """{
      "lockfileVersion": 1,
      "workspaces": {
        "": {"name": "r", "devDependencies": {"tool": "1"}},
        "apps/api": {"name": "api", "dependencies": {"odd": "^3", "lib": "workspace:*", "gone": "1"}},
        "packages/lib": {"name": "lib", "dependencies": {"num": "^5"}},
      },
      "packages": {
        "lib": ["lib@workspace:packages/lib"],
        "odd": ["odd@3.0.1", "", {"dependencies": {"num": "^6"}, "os": "linux", "cpu": ["x64", "arm64"]}, "sha512-x"],
        "odd/num": ["num@6.0.0", "", {}, "sha512-x"],
        "num": ["num@5.0.0", "", {}, "sha512-x"],
        "tool": ["@scope/tool@1.0.0", "", {}, "sha512-x"],
        "broken": 5,
      },
    }"""
    files = {
        "package.json": {"name": "r", "workspaces": ["apps/*", "packages/*"]},
        "bun.lock": lock,
        "apps/api/package.json": {"name": "api", "dependencies": {"odd": "^3", "lib": "workspace:*"}},
        "packages/lib/package.json": {"name": "lib"},
    }
    found = workspace(tmp_path, files)
    lockfile = found.manager.lockfile
    assert lockfile is not None
    assert [(each.name, each.version) for each in lockfile.reachable(["apps/api"])] == [
        ("num", "6.0.0"),
        ("odd", "3.0.1"),
    ]
    assert [each.version for each in lockfile.reachable(["packages/lib"])] == ["5.0.0"]
    assert [each.name for each in lockfile.reachable(["."], development=True)] == ["@scope/tool"]
    assert (lockfile.packages["odd"].os, lockfile.packages["odd"].cpu) == (("linux",), ("x64", "arm64"))
    api = found.by_folder("apps/api")
    assert api is not None
    assert [(each.name, each.version, each.folder) for each in api.dependencies] == [
        ("odd", "3.0.1", None),
        ("lib", None, "packages/lib"),
    ]
