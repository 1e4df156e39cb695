"""Which package manager, which version, which settings, and why."""

from pathlib import Path

import pytest

from bayplan.errors import BrokenFileError
from tests.unit.reading import workspace

LOCK_9 = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n"
PATCHED = "patchedDependencies:\n  ms@2.1.3:\n    hash: {}\n    path: patches/ms.patch\n"
BCRYPT_5 = "packages:\n  bcrypt@5.1.1:\n    resolution: {integrity: sha512-abc}\nsnapshots:\n  bcrypt@5.1.1: {}\n"
GLOBS = "packages:\n  - apps/*\n"


@pytest.mark.parametrize(
    ("manifest", "files", "name", "version"),
    [
        ({"packageManager": "pnpm@10.34.8+sha512.abc"}, {}, "pnpm", "10.34.8"),
        ({"packageManager": "yarn@4.5.0"}, {"pnpm-lock.yaml": LOCK_9}, "yarn", "4.5.0"),
        ({"devEngines": {"packageManager": {"name": "pnpm", "version": "9.1.2"}}}, {}, "pnpm", "9.1.2"),
        ({"devEngines": {"packageManager": [{"name": "pnpm", "version": "^9"}]}}, {}, "pnpm", "9.15.9"),
        ({"engines": {"pnpm": ">=9"}}, {"pnpm-lock.yaml": LOCK_9}, "pnpm", "10.34.8"),
        ({"packageManager": "pnpm@9.1"}, {}, "pnpm", "9.1.0"),
        ({"packageManager": "pnpm@latest"}, {"pnpm-lock.yaml": LOCK_9}, "pnpm", "10.34.8"),
        ({"packageManager": 7}, {"pnpm-lock.yaml": "lockfileVersion: 5.4\n"}, "pnpm", "7.33.7"),
        ({}, {"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, "pnpm", "8.15.9"),
        ({}, {"pnpm-lock.yaml": LOCK_9 + "---\n" + LOCK_9}, "pnpm", "12.21.0"),
        ({}, {"pnpm-lock.yaml": LOCK_9 + PATCHED.format("yvee67gfxmdgfin44zbv7e2pwm")}, "pnpm", "9.15.9"),
        ({}, {"pnpm-lock.yaml": LOCK_9 + PATCHED.format("0a" * 32)}, "pnpm", "10.34.8"),
        ({}, {"pnpm-lock.yaml": LOCK_9 + "pnpmfileChecksum: sha256-abc=\n"}, "pnpm", "10.34.8"),
        ({}, {"pnpm-lock.yaml": LOCK_9 + "pnpmfileChecksum: 4yz2nqlrxk6vdjhm2q7aihpyee\n"}, "pnpm", "9.15.9"),
        ({}, {"pnpm-lock.yaml": LOCK_9 + BCRYPT_5}, "pnpm", "9.15.9"),
        ({"pnpm": {"onlyBuiltDependencies": ["bcrypt"]}}, {"pnpm-lock.yaml": LOCK_9 + BCRYPT_5}, "pnpm", "10.34.8"),
        ({}, {"pnpm-workspace.yaml": GLOBS, "yarn.lock": ""}, "pnpm", "10.34.8"),
        ({}, {"yarn.lock": "# yarn lockfile v1\n"}, "yarn", "1.22.22"),
        ({}, {"yarn.lock": "__metadata:\n  version: 8\n"}, "yarn", "4.9.2"),
        ({}, {"yarn.lock": "__metadata:\n  version: 10\n"}, "yarn", "4.18.1"),
        ({}, {"yarn.lock": "", ".yarnrc.yml": "yarnPath: .yarn/releases/yarn-4.2.2.cjs\n"}, "yarn", "4.2.2"),
        ({"engines": {"node": "20"}}, {"package-lock.json": {"packages": {}}}, "npm", "10.8.2"),
        ({"packageManager": "npm@10.9.0"}, {}, "npm", "10.9.0"),
        ({}, {"bun.lock": '{"lockfileVersion": 1,}'}, "bun", "1.4.4"),
        ({}, {}, "npm", "11.6.2"),
    ],
)
def test_the_manager_and_its_version(
    tmp_path: Path, manifest: dict[str, object], files: dict[str, object], name: str, version: str
) -> None:
    manager = workspace(tmp_path, {"package.json": {"name": "r", **manifest}, **files}).manager
    assert (manager.name, manager.version.value) == (name, version)
    assert manager.version.why.because


def test_of_two_lockfiles_the_reason_names_both(tmp_path: Path) -> None:
    files = {"package.json": {}, "pnpm-lock.yaml": LOCK_9, "package-lock.json": {"packages": {}}}
    why = workspace(tmp_path, files).manager.version.why
    assert "pnpm-lock.yaml" in why.because
    assert "package-lock.json" in why.because


def test_what_an_install_needs_stands_in_the_order_to_copy_it(tmp_path: Path) -> None:
    manager = workspace(
        tmp_path,
        {
            "package.json": {"pnpm": {"patchedDependencies": {"a@1": "patches/a.patch", "b@1": "../outside.patch"}}},
            "pnpm-lock.yaml": LOCK_9,
            "pnpm-workspace.yaml": GLOBS + "patchedDependencies:\n  c@1: patches/c d.patch\n",
            "patches/a.patch": "",
            "patches/c d.patch": "",
            ".npmrc": "",
            ".pnpmfile.cjs": "",
        },
    ).manager
    assert manager.files == (
        "package.json",
        "pnpm-lock.yaml",
        "pnpm-workspace.yaml",
        ".npmrc",
        ".pnpmfile.cjs",
        "patches/a.patch",
        "patches/c d.patch",
    )


NPMRC = """# settings
node-linker=hoisted
shamefully-hoist = true
public-hoist-pattern[]=*eslint*
public-hoist-pattern[]="*types*"
//registry.example.com/:_authToken=secret
inject-workspace-packages=true
"""


def test_npmrc_settings_are_read_but_never_credentials(tmp_path: Path) -> None:
    manager = workspace(tmp_path, {"package.json": {"packageManager": "pnpm@10.34.8"}, ".npmrc": NPMRC}).manager
    assert manager.linker == "hoisted"
    assert manager.injects
    assert manager.settings["publicHoistPattern"] == "*eslint*,*types*"
    assert "secret" not in repr(manager)


def test_pnpm_11_reads_its_settings_from_the_workspace_file_alone(tmp_path: Path) -> None:
    manager = workspace(
        tmp_path,
        {
            "package.json": {"packageManager": "pnpm@11.28.10", "pnpm": {"onlyBuiltDependencies": ["old"]}},
            ".npmrc": NPMRC,
            "pnpm-workspace.yaml": GLOBS + "nodeLinker: isolated\nallowBuilds:\n  argon2: true\n  sharp: false\n",
        },
    ).manager
    assert manager.linker == "isolated"
    assert manager.allowed_builds == ("argon2",)
    assert "shamefullyHoist" not in manager.settings


def test_pnpm_9_does_not_read_settings_from_the_workspace_file(tmp_path: Path) -> None:
    manager = workspace(
        tmp_path,
        {
            "package.json": {"packageManager": "pnpm@9.15.9", "pnpm": {"onlyBuiltDependencies": ["old"]}},
            "pnpm-workspace.yaml": GLOBS + "onlyBuiltDependencies: [new]\n",
        },
    ).manager
    assert manager.allowed_builds == ("old",)


def test_an_injected_dependency_is_seen(tmp_path: Path) -> None:
    files = {
        "package.json": {"packageManager": "pnpm@9.15.9"},
        "pnpm-workspace.yaml": GLOBS,
        "apps/a/package.json": {"name": "a", "dependenciesMeta": {"b": {"injected": True}}},
    }
    assert workspace(tmp_path, files).manager.injects


@pytest.mark.parametrize("text", ["- a\n", "packages: [\n", "a: 1\na: *x\n"])
def test_a_broken_workspace_file_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(BrokenFileError, match=r"pnpm-workspace\.yaml") as caught:
        workspace(tmp_path, {"package.json": {}, "pnpm-workspace.yaml": text})
    assert caught.value.at is not None
    assert caught.value.at.line >= 1


NODE_CASES: list[tuple[dict[str, object], str, str]] = [
    ({".nvmrc": "20\n"}, "20", ".nvmrc"),
    ({".nvmrc": "v22.11.0"}, "22", ".nvmrc"),
    ({".nvmrc": "# pinned\nlts/iron\n"}, "20", ".nvmrc"),
    ({".nvmrc": "lts/*"}, "24", ".nvmrc"),
    ({".nvmrc": "nonsense", ".node-version": "22"}, "22", ".node-version"),
    ({".tool-versions": "ruby 3.3\nnodejs 20.10.0\n"}, "20", ".tool-versions"),
    ({"package.json": {"volta": {"node": "22.1.0"}, "engines": {"node": ">=18"}}}, "22", "volta.node"),
    ({"package.json": {"devEngines": {"runtime": {"name": "node", "version": "^22.4"}}}}, "22", "devEngines"),
    ({"package.json": {"engines": {"node": ">=18"}}}, "24", "engines.node"),
    ({"package.json": {"engines": {"node": ">=20.9 <21"}}}, "20", "engines.node"),
    ({"package.json": {"engines": {"node": "20.x"}}}, "20", "engines.node"),
    ({"package.json": {"engines": {"node": "^20.9 || ^22"}}}, "22", "engines.node"),
    ({"package.json": {"engines": {"node": ">=26"}}}, "26", "engines.node"),
    ({"package.json": {"engines": {"node": "21"}}}, "21", "engines.node"),
    ({"package.json": {"engines": {"node": "newest"}}}, "24", "nothing"),
    ({"package.json": {"engines": "20"}}, "24", "nothing"),
    (
        {"package.json": {"packageManager": "pnpm@9.0.0"}, ".npmrc": "use-node-version=22.3.0\n"},
        "22",
        "use-node-version",
    ),
]


@pytest.mark.parametrize(("files", "major", "reason"), NODE_CASES)
def test_the_major_of_node(tmp_path: Path, files: dict[str, object], major: str, reason: str) -> None:
    node = workspace(tmp_path, {"package.json": {}, **files}).node
    assert node is not None
    assert node.value == major
    assert reason in node.why.because


def test_the_packages_ranges_count_together_where_the_root_is_silent(tmp_path: Path) -> None:
    files = {
        "package.json": {},
        "pnpm-workspace.yaml": GLOBS,
        "apps/a/package.json": {"engines": {"node": ">=18"}},
        "apps/b/package.json": {"engines": {"node": "<23"}},
    }
    node = workspace(tmp_path, files).node
    assert node is not None
    assert node.value == "22"
    assert node.why.at is not None
    assert node.why.at.file == "apps/b/package.json"


def test_ranges_that_exclude_each_other_are_told(tmp_path: Path) -> None:
    files = {
        "package.json": {"engines": {"node": "<21"}},
        "pnpm-workspace.yaml": GLOBS,
        "apps/a/package.json": {"engines": {"node": ">=22"}},
    }
    node = workspace(tmp_path, files).node
    assert node is not None
    assert node.value == "20"
    assert "every engines.node" in node.why.because


def test_a_contradiction_is_part_of_the_reason(tmp_path: Path) -> None:
    node = workspace(tmp_path, {"package.json": {"engines": {"node": ">=22"}}, ".nvmrc": "20"}).node
    assert node is not None
    assert node.value == "20"
    assert ">=22" in node.why.because
