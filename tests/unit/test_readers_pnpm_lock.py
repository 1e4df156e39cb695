"""pnpm-lock.yaml of every version becomes the same graph."""

from pathlib import Path

import pytest

from bayplan.errors import BrokenFileError
from bayplan.formats import plain_yaml, yaml_nodes
from bayplan.readers.pnpm_lock import read_pnpm_lock

EXAMPLE = Path(__file__).parents[2] / "examples/forgestack/repo/pnpm-lock.yaml"

LOCK_5 = """lockfileVersion: 5.4

importers:

  .:
    specifiers:
      typescript: 5.4.5
    devDependencies:
      typescript: 5.4.5

  packages/a:
    specifiers:
      b: workspace:*
      c: workspace:*
      odd: npm:is-odd@3.0.1
      store: 1.2.0
    dependencies:
      b: file:packages/b
      c: link:../c
      odd: /is-odd/3.0.1
      store: 1.2.0_react@18.2.0
    optionalDependencies:
      fsevents: 2.3.2

packages:

  /fsevents/2.3.2:
    resolution: {integrity: sha512-x==}
    engines: {node: ^8.16.0 || ^10.6.0 || >=11.0.0}
    os: [darwin]
    requiresBuild: true
    optional: true

  /is-odd/3.0.1:
    resolution: {integrity: sha512-x==}
    dependencies:
      '@scope/number': 6.0.0

  /@scope/number/6.0.0:
    resolution: {integrity: sha512-x==}
    deprecated: |-
      two lines:
      of text

  /store/1.2.0_react@18.2.0:
    resolution: {integrity: sha512-x==}
    peerDependencies:
      react: ^18.0.0

  /typescript/5.4.5:
    resolution: {integrity: sha512-x==}

  file:packages/b:
    resolution: {directory: packages/b, type: directory}
    name: b
    version: 1.0.0
    dependencies:
      '@scope/number': 6.0.0
"""

LOCK_6 = (
    LOCK_5.replace("lockfileVersion: 5.4", "lockfileVersion: '6.0'\n\nsettings:\n  autoInstallPeers: true")
    .replace("/is-odd/3.0.1", "/is-odd@3.0.1")
    .replace("/store/1.2.0_react@18.2.0", "/store@1.2.0(react@18.2.0)")
    .replace("store: 1.2.0_react@18.2.0", "store:\n        specifier: 1.2.0\n        version: 1.2.0(react@18.2.0)")
    .replace("/@scope/number/6.0.0", "/@scope/number@6.0.0")
    .replace("/fsevents/2.3.2", "/fsevents@2.3.2")
    .replace("/typescript/5.4.5", "/typescript@5.4.5")
)

LOCK_9 = """lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

importers:

  .:
    devDependencies:
      typescript:
        specifier: 5.4.5
        version: 5.4.5

  packages/a:
    dependencies:
      b:
        specifier: workspace:*
        version: file:packages/b
      c:
        specifier: workspace:*
        version: link:../c
      odd:
        specifier: npm:is-odd@3.0.1
        version: is-odd@3.0.1
      store:
        specifier: 1.2.0
        version: 1.2.0(react@18.2.0)
    optionalDependencies:
      fsevents:
        specifier: 2.3.2
        version: 2.3.2

packages:

  '@scope/number@6.0.0':
    resolution: {integrity: sha512-x==}

  b@file:packages/b:
    resolution: {directory: packages/b, type: directory}

  fsevents@2.3.2:
    resolution: {integrity: sha512-x==}
    os: [darwin]

  is-odd@3.0.1:
    resolution: {integrity: sha512-x==}

  store@1.2.0:
    resolution: {integrity: sha512-x==}

  typescript@5.4.5:
    resolution: {integrity: sha512-x==}

snapshots:

  '@scope/number@6.0.0': {}

  b@file:packages/b:
    dependencies:
      '@scope/number': 6.0.0

  fsevents@2.3.2:
    optional: true

  is-odd@3.0.1:
    dependencies:
      '@scope/number': 6.0.0

  store@1.2.0(react@18.2.0): {}

  typescript@5.4.5: {}
"""


@pytest.mark.parametrize(("text", "version"), [(LOCK_5, "5.4"), (LOCK_6, "6.0"), (LOCK_9, "9.0")])
def test_every_version_gives_the_same_graph(text: str, version: str) -> None:
    read = read_pnpm_lock(text, "pnpm-lock.yaml")
    assert read.lockfile.version == version
    assert [(each.name, each.version) for each in read.lockfile.reachable(["packages/a"])] == [
        ("@scope/number", "6.0.0"),
        ("fsevents", "2.3.2"),
        ("is-odd", "3.0.1"),
        ("store", "1.2.0"),
    ]
    assert [each.name for each in read.lockfile.reachable(["."], development=True)] == ["typescript"]
    assert read.links == {("packages/a", "b"): "packages/b", ("packages/a", "c"): "packages/c"}
    assert read.versions["packages/a", "odd"] == "3.0.1"
    assert read.versions["packages/a", "store"] == "1.2.0"


def test_platforms_and_install_scripts_are_kept() -> None:
    packages = read_pnpm_lock(LOCK_5, "pnpm-lock.yaml").lockfile.packages
    assert packages["/fsevents/2.3.2"].os == ("darwin",)
    assert packages["/fsevents/2.3.2"].has_install_script
    assert not packages["/is-odd/3.0.1"].has_install_script


def test_settings_are_texts() -> None:
    assert read_pnpm_lock(LOCK_9, "pnpm-lock.yaml").lockfile.settings == {"autoInstallPeers": "true"}


def test_of_two_documents_the_project_is_the_last() -> None:
    environment = "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    configDependencies: {}\npackages: {}\n---\n"
    read = read_pnpm_lock(environment + LOCK_9, "pnpm-lock.yaml")
    assert read.documents == 2
    assert "packages/a" in read.lockfile.importers


def test_a_lockfile_of_a_single_package_has_no_importers() -> None:
    text = "lockfileVersion: 5.4\ndependencies:\n  a: 1.0.0\npackages:\n  /a/1.0.0:\n    dev: false\n"
    read = read_pnpm_lock(text, "pnpm-lock.yaml")
    assert [each.name for each in read.lockfile.reachable(["."])] == ["a"]


@pytest.mark.parametrize("text", ["lockfileVersion: '4.0'\n", "lockfileVersion: 12\n", "- a list\n", "importers: {}\n"])
def test_a_lockfile_that_is_unknown_is_refused(text: str) -> None:
    with pytest.raises(BrokenFileError, match=r"pnpm-lock\.yaml") as caught:
        read_pnpm_lock(text, "pnpm-lock.yaml")
    assert "pnpm install" in caught.value.remedy


def test_a_conflict_marker_is_told_with_its_line() -> None:
    with pytest.raises(BrokenFileError) as caught:
        read_pnpm_lock(LOCK_9.replace("  .:\n", "<<<<<<< HEAD\n  .:\n"), "pnpm-lock.yaml")
    assert caught.value.at is not None
    assert 8 <= caught.value.at.line <= 10


def test_a_real_lockfile_is_read_fast_and_as_the_full_parser_reads_it() -> None:
    text = EXAMPLE.read_text()
    assert plain_yaml.parse(text) == yaml_nodes.load(text, "pnpm-lock.yaml").data
    lockfile = read_pnpm_lock(text, "pnpm-lock.yaml").lockfile
    assert not [target for targets in lockfile.edges.values() for target in targets if target not in lockfile.edges]
