"""What stands beside a workspace with a lockfile of its own, and repositories without any workspace."""

import json
from pathlib import Path

import pytest

from bayplan.errors import BrokenFileError
from bayplan.model.workspace import Workspace
from tests.unit.reading import workspace as write

LISTENS = "import http from 'node:http';\nhttp.createServer().listen(process.env.PORT ?? 4000);\n"


def package(name: str, folder: str, **more: object) -> dict[str, object]:
    """Return the files of a package with a lockfile of its own."""
    manifest = {"name": name, "scripts": {"start": "node index.js"}, **more}
    lock = {"name": name, "lockfileVersion": 3, "packages": {"": {"name": name}}}
    prefix = f"{folder}/" if folder else ""
    return {f"{prefix}package.json": manifest, f"{prefix}package-lock.json": lock, f"{prefix}index.js": LISTENS}


def pnpm(*patterns: str) -> dict[str, object]:
    return {
        "package.json": {"name": "shop", "packageManager": "pnpm@10.34.8"},
        "pnpm-workspace.yaml": f"packages: {json.dumps(patterns)}\n",
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters: {}\n",
    }


def roots(workspace: Workspace) -> list[str]:
    return [each.root for each in workspace.others]


def test_a_package_with_its_own_lockfile_is_read_with_its_own_manager(tmp_path: Path) -> None:
    workspace = write(tmp_path, {**pnpm("apps/*"), **package("tee", "tee-worker")})
    (tee,) = workspace.others
    assert (tee.root, tee.manager.name) == ("tee-worker", "npm")
    assert [each.folder for each in tee.packages] == ["."]
    assert tee.packages[0].code.framework is not None
    assert workspace.packages[0].code.framework is None, "the root does not listen because of a folder of others"


def test_its_places_are_named_from_the_root_of_the_repository(tmp_path: Path) -> None:
    tee = write(tmp_path, {**pnpm("apps/*"), **package("tee", "services/tee")}).others[0].packages[0]
    assert tee.at.file == "services/tee/package.json"
    assert tee.start is not None
    assert tee.start.why.at is not None
    assert tee.start.why.at.file == "services/tee/package.json"
    assert [use.at.file for use in tee.code.env] == ["services/tee/index.js"]


def test_a_member_of_the_workspace_stays_one_whatever_lies_beside_it(tmp_path: Path) -> None:
    workspace = write(tmp_path, {**pnpm("apps/*"), **package("api", "apps/api")})
    assert roots(workspace) == []
    assert [each.folder for each in workspace.packages] == [".", "apps/api"]


@pytest.mark.parametrize("folder", ["examples/a", "test/fixtures/b", "packages/x/__tests__/c", ".github/tool"])
def test_what_only_shows_or_tests_something_is_no_part_of_the_deployment(tmp_path: Path, folder: str) -> None:
    assert roots(write(tmp_path, {**pnpm("apps/*"), **package("a", folder)})) == []


def test_a_manifest_without_a_lockfile_is_not_taken(tmp_path: Path) -> None:
    files = {**pnpm("apps/*"), **package("a", "tool")}
    del files["tool/package-lock.json"]
    assert roots(write(tmp_path, files)) == []


def test_without_any_workspace_the_packages_are_all_there_is(tmp_path: Path) -> None:
    workspace = write(tmp_path, {**package("web", "frontend"), **package("api", "backend")})
    assert roots(workspace) == ["backend", "frontend"]
    assert workspace.packages == ()
    assert workspace.name == tmp_path.name


def test_a_workspace_may_stand_in_a_folder_beside_a_package(tmp_path: Path) -> None:
    inner = {f"web/{path}": content for path, content in pnpm("apps/*").items()}
    files = {**inner, **package("api", "api"), "web/apps/shop/package.json": {"name": "shop-web"}}
    workspace = write(tmp_path, files)
    assert roots(workspace) == ["api", "web"]
    web = workspace.others[1]
    assert [each.folder for each in web.packages] == [".", "apps/shop"]
    found = workspace.package_at("web/apps/shop")
    assert found is not None
    assert found[1].name == "shop-web"


def test_nothing_at_all_is_still_an_error(tmp_path: Path) -> None:
    with pytest.raises(BrokenFileError, match="there is no package"):
        write(tmp_path, {"README.md": "# Nothing"})


def test_what_is_broken_there_is_said_with_its_place(tmp_path: Path) -> None:
    files = {**pnpm("apps/*"), **package("tee", "tee-worker"), "tee-worker/package-lock.json": "{"}
    with pytest.raises(BrokenFileError) as raised:
        write(tmp_path, files)
    assert raised.value.at is not None
    assert raised.value.at.file == "tee-worker/package-lock.json"


def test_the_node_of_the_root_runs_what_names_none(tmp_path: Path) -> None:
    files = {**pnpm("apps/*"), **package("a", "a"), **package("b", "b", engines={"node": "20.x"}), ".nvmrc": "22\n"}
    first, second = write(tmp_path, files).others
    assert first.node is not None
    assert second.node is not None
    assert (first.node.value, second.node.value) == ("22", "20")
    assert first.node.why.at is not None
    assert first.node.why.at.file == ".nvmrc"


def test_a_package_is_found_by_its_folder_in_the_repository(tmp_path: Path) -> None:
    workspace = write(tmp_path, {**pnpm("apps/*"), **package("tee", "tee-worker"), **package("api", "apps/api")})
    for folder, name in (("tee-worker", "tee"), ("apps/api", "api"), (".", "shop")):
        found = workspace.package_at(folder)
        assert found is not None
        assert found[1].name == name
    assert workspace.package_at("apps") is None
    assert workspace.holding("tee-worker/src/index.ts").manager.name == "npm"
    assert workspace.holding("tee-workers/x").manager.name == "pnpm"


def test_markdown_that_code_may_read_is_told_from_what_only_people_do(tmp_path: Path) -> None:
    files = {
        **pnpm("apps/*"),
        **package("web", "apps/web"),
        **dict.fromkeys(("README.md", "docs/a.md", "apps/web/README.md", "apps/web/docs/b.md"), "# x"),
        "apps/web/content/posts/c.mdx": "# c",
    }
    workspace = write(tmp_path, files)
    assert workspace.markdown == ("apps/web/content",)
    assert workspace.folders == ("apps", "docs")


@pytest.mark.parametrize(
    ("manifest", "device"),
    [
        ({"dependencies": {"expo": "51"}, "scripts": {"start": "expo start"}}, "phones"),
        ({"devDependencies": {"electron": "30", "vite": "5"}, "scripts": {"dev": "vite"}}, "desktops"),
        ({"dependencies": {"next": "15", "react-native": "0.7"}, "scripts": {"start": "next start"}}, None),
    ],
)
def test_what_is_installed_on_a_device_is_no_service(
    tmp_path: Path, manifest: dict[str, object], device: str | None
) -> None:
    files = {**pnpm("apps/*"), "apps/app/package.json": {"name": "app", **manifest}, "apps/app/index.html": ""}
    code = write(tmp_path, files).packages[1].code
    assert (code.installed_on.value if code.installed_on else None) == device
    assert (code.framework is None) == (device is not None)


@pytest.mark.parametrize(
    ("config", "folder"),
    [
        ("export default { build: { outDir: 'public' } }", "public"),
        ("const out = './site/';\nexport default defineConfig(() => ({ build: { outDir: out } }))", "site"),
        ("export default defineConfig({ root: 'app', build: { outDir: '../out' } })", "out"),
        ("export default defineConfig({ root: 'app' })", "app/dist"),
        ("export default defineConfig({ build: { outDir: '../../elsewhere' } })", "dist"),
        ("export default defineConfig({ build: { outDir: process.env.OUT } })", "dist"),
        ("export default {}", "dist"),
    ],
)
def test_the_folder_that_vite_builds_to_is_known(tmp_path: Path, config: str, folder: str) -> None:
    manifest = {"name": "web", "scripts": {"build": "vite build"}, "devDependencies": {"vite": "5.4.0"}}
    files = {**pnpm("apps/*"), "apps/web/package.json": manifest, "apps/web/index.html": ""}
    web = write(tmp_path, {**files, "apps/web/vite.config.ts": config}).packages[1]
    assert [each.value for each in web.outputs] == [folder]
