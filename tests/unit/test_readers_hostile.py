"""Whatever stands in a repository, its readers say what is broken, or read on."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayplan.errors import BrokenFileError
from bayplan.formats import npm_range
from bayplan.readers.globs import compiled
from bayplan.readers.scripts import main_command, script_call, simple_commands
from bayplan.readers.workspace import completed, read_manifests
from bayplan.tree import Tree

EXAMPLE = Path(__file__).parents[2] / "examples/forgestack/repo"
MUTATED = (
    "package.json",
    "pnpm-workspace.yaml",
    "pnpm-lock.yaml",
    "turbo.json",
    "tsconfig.base.json",
    ".nvmrc",
    "apps/api/package.json",
    "apps/api/tsconfig.json",
    "apps/api/nest-cli.json",
    "packages/db/package.json",
)
EXTRA = {
    ".npmrc": "node-linker=hoisted\npublic-hoist-pattern[]=*\n",
    "package-lock.json": '{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"dependencies": {"b": "1"}}}}',
    "yarn.lock": '__metadata:\n  version: 8\n\n"a@npm:1":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n',
    "bun.lock": '{"workspaces": {"": {"dependencies": {"a": "1"}}}, "packages": {"a": ["a@1.0.0", "", {}, "x"],},}',
    ".yarnrc.yml": "nodeLinker: node-modules\nyarnPath: .yarn/releases/yarn-4.1.0.cjs\n",
    ".tool-versions": "nodejs 20.1.0\n",
}
VALUES = ("null", "[]", "{}", '"x"', "5", "true", '{"a": [null]}', '["../../x", 1]', '"\\u0000"', '"..\\/.."', "1e999")
LOCK_LIMIT = 4000


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    texts = {path: (EXAMPLE / path).read_text() for path in MUTATED}
    texts["pnpm-lock.yaml"] = texts["pnpm-lock.yaml"][:LOCK_LIMIT].rpartition("\n")[0] + "\n"
    return {**texts, **EXTRA}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "repo"
    shutil.copytree(EXAMPLE, folder)
    for path, text in EXTRA.items():
        (folder / path).write_text(text)
    return folder


def read(tree: Tree) -> None:
    found = read_manifests(tree)
    completed(tree, found.packages, found.tasks)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_repository_is_read_or_refused(copy: Path, example: dict[str, str], data: st.DataObject) -> None:
    texts = dict(example)
    managers = ("pnpm@10.34.8", "npm@10.9.0", "yarn@4.1.0", "bun@1.4.4", "pnpm@8", "pnpm")
    texts["package.json"] = texts["package.json"].replace("pnpm@10.34.8", data.draw(st.sampled_from(managers)))
    for path in data.draw(st.lists(st.sampled_from(sorted(texts)), min_size=1, max_size=3)):
        texts[path] = data.draw(damaged(texts[path]))
    try:
        read(Tree(copy, texts))
    except BrokenFileError as error:
        assert error.message  # noqa: PT017 - both ends are right
        assert error.remedy  # noqa: PT017


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    place = draw(st.integers(0, len(text)))
    how = draw(st.sampled_from(["cut", "flip", "retype", "drop", "double"]))
    if how == "cut":
        return text[:place]
    if how == "flip":
        return text[:place] + draw(st.characters(codec="utf-8")) + text[place + 1 :]
    if how == "double":
        return text + text[place:]
    end = text.find("\n", place)
    line = text[text.rfind("\n", 0, place) + 1 : end if end >= 0 else len(text)]
    if how == "drop" or ":" not in line or not line:
        return text.replace(line, "", 1) if line else text
    changed = f"{line.partition(':')[0]}: {draw(st.sampled_from(VALUES))}{',' if line.endswith(',') else ''}"
    return text.replace(line, changed, 1)


@pytest.mark.parametrize("path", MUTATED)
def test_a_file_that_is_not_text_is_told_with_its_line(tmp_path: Path, path: str) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "repo")
    (tmp_path / "repo" / path).write_bytes(b"{\n\xff\xfe")
    with pytest.raises(BrokenFileError, match="not UTF-8") as caught:
        read(Tree(tmp_path / "repo"))
    assert caught.value.at is not None
    assert (caught.value.at.file, caught.value.at.line) == (path, 2)


@given(st.just("[0--]") | st.text(max_size=40) | st.text(alphabet="ab/*{},[]!?.-\\", max_size=30))
def test_every_pattern_can_be_compiled(pattern: str) -> None:
    assert compiled(pattern).fullmatch("\n\n") is None or "*" in pattern or "?" in pattern or "\n" in pattern


@given(st.text(max_size=60) | st.text(alphabet="ab &|;<>()'\"=-$\n\\", max_size=40))
def test_every_script_can_be_taken_apart(script: str) -> None:
    for command in simple_commands(script):
        assert command.argv
    found = main_command(script)
    if found is not None:
        assert found.argv
        script_call(found.argv, {})


WORDS = (
    "pnpm",
    "npm",
    "yarn",
    "run",
    "--filter",
    "-w",
    "api",
    "exec",
    "--",
    "start",
    "--filter=x",
    "sh",
    "-c",
    "env",
    "A=b",
)


@given(st.lists(st.sampled_from(WORDS), max_size=8))
def test_every_call_of_a_manager_can_be_taken_apart(words: list[str]) -> None:
    for command in simple_commands(" ".join(words)):
        call = script_call(command.argv, {"start": "x"})
        assert call is None or call.script


@given(st.text(max_size=30) | st.text(alphabet="0123456789.xX*^~<>=|- v", max_size=30))
def test_every_range_is_read_or_is_none(text: str) -> None:
    assert npm_range.parse_range(text) is None or isinstance(npm_range.allows_major(20, text), bool)


@pytest.mark.parametrize(
    ("version", "wanted", "holds"),
    [
        ("20.9.0", "^20.9", True),
        ("21.0.0", "^20.9", False),
        ("20.10.0", ">= 20.9 < 21", True),
        ("21.0.0", ">=20.9 <21", False),
        ("0.2.9", "^0.2.1", True),
        ("0.3.0", "^0.2.1", False),
        ("0.0.4", "^0.0.3", False),
        ("1.5.0", "1.2 - 2", True),
        ("3.0.0", "1.2 - 2", False),
        ("1.3.0", "~1.2.3", False),
        ("1.9.0", ">1", False),
        ("2.0.0", ">1", True),
        ("19.0.0", "18 || 20.x", False),
        ("1.0.0-beta.2", "^1.0.0-beta.1", True),
        ("1.0.0-beta.1", ">=1.0.0", False),
        ("1.2.3", "latest", False),
        ("1.2.3", "", True),
        ("9.9.9", ">5 <3", False),
    ],
)
def test_ranges_mean_what_npm_means(version: str, wanted: str, holds: bool) -> None:  # noqa: FBT001 - a table's column
    assert npm_range.satisfies(version, wanted) is holds
