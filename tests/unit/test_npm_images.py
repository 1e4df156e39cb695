"""Images of npm packages: workspaces, single packages, and packages beside a workspace of another manager."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from bayplan import pipeline
from bayplan.errors import UsageError
from bayplan.formats import dockerignore
from bayplan.pipeline import Planned

LISTENS = "import http from 'node:http';\nhttp.createServer().listen(process.env.PORT ?? 4000);\n"
MEMBER = "packages/api/node_modules"


def locked(*names: str, **more: object) -> dict[str, object]:
    return {f"node_modules/{name}": {"version": "1.0.0", **more} for name in names}


def npm(
    root: Path, manifest: Mapping[str, object], entries: Mapping[str, object], files: Mapping[str, object] | None = None
) -> Planned:
    """Plan a repository that npm installs; `entries` are those of its lockfile."""
    top = {"name": "shop", "engines": {"node": "22.x"}, **manifest}
    lock = {"lockfileVersion": 3, "packages": {"": top, **entries}}
    for path, content in {"package.json": top, "package-lock.json": lock, **(files or {})}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return pipeline.plan(root)


def single(root: Path, *names: str, **more: object) -> Planned:
    manifest = {"scripts": {"start": "node index.js"}, "dependencies": dict.fromkeys(names, "1"), **more}
    return npm(root, manifest, locked(*names), {"index.js": LISTENS})


def workspace(root: Path, entries: Mapping[str, object] | None = None, **more: object) -> Planned:
    """Plan a workspace with `packages/api`, which needs `packages/shared`, and `packages/other`."""
    manifests = {
        "packages/api": {
            "name": "@shop/api",
            "scripts": {"build": "tsc", "start": "node dist/index.js"},
            "dependencies": {"@shop/shared": "*", "qs": "1"},
        },
        "packages/shared": {"name": "@shop/shared", "main": "index.js", "dependencies": {"zod": "1"}},
        "packages/other": {"name": "@shop/other", "main": "index.js", "dependencies": {"lodash": "1"}},
    }
    links = {f"node_modules/{each['name']}": {"resolved": folder, "link": True} for folder, each in manifests.items()}
    found = {**manifests, **links, **locked("qs", "zod", "lodash"), **(entries or {})}
    compiler = {"compilerOptions": {"outDir": "dist", "rootDir": "src"}, "include": ["src"]}
    files = {f"{folder}/package.json": each for folder, each in manifests.items()}
    code = {"packages/api/tsconfig.json": compiler, "packages/api/src/index.ts": LISTENS}
    return npm(root, {"workspaces": ["packages/*"], **more}, found, {**files, **code})


def dockerfile(planned: Planned, path: str = "packages/api/Dockerfile") -> str:
    return " ".join(planned.files[path].text.replace("\\\n", " ").split())


def test_the_manifests_and_the_tree_are_those_of_what_is_needed(tmp_path: Path) -> None:
    text = dockerfile(workspace(tmp_path))
    assert "npm ci --omit=dev --workspace packages/api --no-audit --no-fund --ignore-scripts --os=linux" in text
    assert "COPY packages/shared/package.json packages/shared/" in text
    assert "other" not in text
    assert "COPY --from=production /app/packages/shared packages/shared" in text


def test_what_only_the_root_has_is_installed_where_a_build_calls_it(tmp_path: Path) -> None:
    text = dockerfile(workspace(tmp_path, devDependencies={"typescript": "5"}))
    assert "npm ci --workspace packages/api --include-workspace-root" in text
    assert "npm ci --omit=dev --workspace packages/api --no-audit" in text


@pytest.mark.parametrize(
    ("pin", "installs"), [({}, False), ({"packageManager": "npm@11.6.2"}, True), ({"engines": {"npm": "10.8.2"}}, True)]
)
def test_npm_is_installed_only_where_another_is_asked_for(
    tmp_path: Path, pin: dict[str, str], *, installs: bool
) -> None:
    assert ("npm install -g npm@1" in dockerfile(single(tmp_path, **pin), "Dockerfile")) is installs


def test_an_npm_that_knows_no_libc_installs_on_the_platform_it_runs_on(tmp_path: Path) -> None:
    text = dockerfile(single(tmp_path, "qs", packageManager="npm@9.9.4"), "Dockerfile")
    assert "--libc" not in text
    assert "FROM node:22-alpine AS production" in text
    assert "npm 9.9.4 can only install for the platform it runs on" in text


def test_a_package_alone_is_installed_whole(tmp_path: Path) -> None:
    planned = single(tmp_path, "qs")
    text = dockerfile(planned, "Dockerfile")
    assert "npm ci --omit=dev --no-audit" in text
    assert "--workspace" not in text
    assert planned.stack.services[0].package == "."


def test_install_scripts_that_nothing_is_known_of_run_where_they_would_have_run(tmp_path: Path) -> None:
    entries = locked("mystery", hasInstallScript=True)
    manifest = {"scripts": {"start": "node index.js"}, "dependencies": {"mystery": "1"}}
    planned = npm(tmp_path, manifest, entries, {"index.js": LISTENS})
    assert "mystery must be built on the platform it runs on" in dockerfile(planned, "Dockerfile")


def test_what_a_member_has_in_a_version_of_its_own_is_trimmed_too(tmp_path: Path) -> None:
    text = dockerfile(workspace(tmp_path, {f"{MEMBER}/qs": {"version": "2.0.0"}}))
    assert f"find node_modules {MEMBER} -type f" in text


def test_patches_are_made_again_on_what_they_change_and_on_nothing_else(tmp_path: Path) -> None:
    names = ("qs+1.0.0", "@types+x+1.0.0", "zod++qs+1.0.0", "lodash+1.0.0")
    for name in names:
        (tmp_path / "patches").mkdir(exist_ok=True)
        (tmp_path / "patches" / f"{name}.patch").write_text("")
    text = dockerfile(workspace(tmp_path, scripts={"postinstall": "patch-package"}))
    assert text.count("patch -p1 -i patches/qs+1.0.0.patch") == 2
    assert "patch -p1 -i patches/zod++qs+1.0.0.patch" in text
    assert "-i patches/lodash" not in text
    assert "-i 'patches/@types" not in text
    assert "npm run postinstall" not in text


def test_a_private_registry_is_told_in_secret(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text("//npm.example.com/:_authToken=${NPM_TOKEN}\n")
    text = dockerfile(single(tmp_path, "qs"), "Dockerfile")
    assert 'NPM_TOKEN="$(cat /run/secrets/NPM_TOKEN)" npm ci' in text


def test_sharp_comes_for_the_target_though_npm_resolves_for_one_platform(tmp_path: Path) -> None:
    manifest = {"scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "15"}}
    entries = {
        "node_modules/next": {"version": "15.1.0", "optionalDependencies": {"sharp": "1"}},
        "node_modules/sharp": {"version": "1.0.0", "optionalDependencies": {"@img/sharp-linuxmusl-x64": "1"}},
        **locked("@img/sharp-linuxmusl-x64", optional=True),
    }
    config = {"next.config.mjs": "export default { output: 'standalone' }\n", "app/page.js": "export default () => 1\n"}
    text = dockerfile(npm(tmp_path, manifest, entries, config), "Dockerfile")
    assert "rm -rf .next/standalone/node_modules/@img" in text
    assert "COPY --from=production /app/node_modules/@img node_modules/@img" in text
    assert "--platform" not in text.partition("AS run")[2]


def beside(root: Path, folder: str, **more: object) -> dict[str, object]:
    top = {"name": folder, "engines": {"node": "22.x"}, "scripts": {"start": "node index.js"}, **more}
    lock = {"lockfileVersion": 3, "packages": {"": top}}
    files = {"package.json": top, "package-lock.json": lock, "index.js": LISTENS}
    for path, content in files.items():
        target = root / folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return top


def test_packages_beside_each_other_are_built_from_their_own_folders(tmp_path: Path) -> None:
    beside(tmp_path, "backend")
    beside(tmp_path, "services/mail")
    planned = pipeline.plan(tmp_path)
    images = {each.name: (each.package, each.image.dockerfile, each.image.context) for each in planned.stack.services}
    assert images == {
        "backend": ("backend", "backend/Dockerfile", "backend"),
        "mail": ("services/mail", "services/mail/Dockerfile", "services/mail"),
    }
    assert {"backend/.dockerignore", "services/mail/.dockerignore"} <= set(planned.files)
    _, _, findings = pipeline.check_with(planned, planned.overlay)
    assert findings == ()


def test_bayplan_yaml_names_a_package_by_its_folder_in_the_repository(tmp_path: Path) -> None:
    beside(tmp_path, "tee-worker")
    (tmp_path / "bayplan.yaml").write_text("version: 1\nservices:\n  tee: {package: tee-worker, port: 4001}\n")
    (service,) = pipeline.plan(tmp_path).stack.services
    assert (service.name, service.package) == ("tee", "tee-worker")
    assert service.port is not None
    assert service.port.value == 4001


def test_a_package_that_needs_what_its_context_has_not_is_left_out_and_named(tmp_path: Path) -> None:
    beside(tmp_path, "api", dependencies={"shared": "file:../shared"})
    beside(tmp_path, "mail")
    planned = pipeline.plan(tmp_path)
    assert [each.name for each in planned.stack.services] == ["mail"]
    assert any("api names ../shared" in note.text for note in planned.stack.notes)


@pytest.mark.requirement("CB-32")
def test_no_file_that_an_image_copies_is_ignored(tmp_path: Path) -> None:
    entries = {f"{MEMBER}/qs": {"version": "2.0.0"}}
    for path in ("packages/api/content/page.md", "docs/a.md", "tools/x.js", "packages/api/src/a.test.ts", "README.md"):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("x")
    text = workspace(tmp_path, entries).files[".dockerignore"].text
    patterns = [each.value for each in dockerignore.parse(text, ".dockerignore").patterns]
    kept = (
        "packages/api/src/index.ts",
        "packages/shared/package.json",
        "package-lock.json",
        "packages/api/content/page.md",
    )
    left = ("docs/a.md", "tools/x.js", "packages/other/package.json", "packages/api/src/a.test.ts", "README.md", ".env")
    assert [path for path in kept if dockerignore.matches(patterns, path)] == []
    assert [path for path in left if not dockerignore.matches(patterns, path)] == []


def test_a_lockfile_that_does_not_say_what_is_needed_is_refused(tmp_path: Path) -> None:
    single(tmp_path, "qs")
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 1, "dependencies": {"qs": {"version": "1.0.0"}}}')
    with pytest.raises(UsageError, match="is of version 1"):
        pipeline.plan(tmp_path)


def test_a_package_of_a_manager_without_images_is_left_out_and_named(tmp_path: Path) -> None:
    beside(tmp_path, "api")
    beside(tmp_path, "mail")
    (tmp_path / "mail/package-lock.json").unlink()
    (tmp_path / "mail/yarn.lock").write_text("# yarn lockfile v1\n")
    planned = pipeline.plan(tmp_path)
    assert [each.name for each in planned.stack.services] == ["api"]
    assert any(note.text.startswith("mail is installed with yarn") for note in planned.stack.notes)


@pytest.mark.parametrize("folder", ["my worker", "it's $HOME", "a;b", "#x", "!y"])
def test_a_folder_may_have_any_name(tmp_path: Path, folder: str) -> None:
    beside(tmp_path, folder)
    planned = pipeline.plan(tmp_path)
    _, deployment, findings = pipeline.check_with(planned, planned.overlay)
    assert deployment.broken == ()
    assert findings == ()
    assert [each.image.context for each in planned.stack.services] == [folder]
