"""What an ignore file leaves out of a build context."""

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.formats.dockerignore import Group, _matches_slowly, _tokens, literal, matches, parse, render
from bayplan.source import At, Located, Why


def test_patterns_are_kept_in_order_with_their_places() -> None:
    file = parse("\ufeff# comment\nnode_modules\r\n\n  !keep \n #not a comment\n", ".dockerignore")
    assert file.patterns[:2] == (
        Located("node_modules", At(".dockerignore", 2, 1, 12)),
        Located("!keep", At(".dockerignore", 4, 3, 5)),
    )
    assert [pattern.value for pattern in file.patterns] == ["node_modules", "!keep", "#not a comment"]


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        (["node_modules"], "node_modules/a/b", True),
        (["node_modules"], "apps/node_modules", False),
        (["**/node_modules"], "node_modules", True),
        (["**/node_modules"], "apps/web/node_modules/x", True),
        (["**/node_modules"], "apps/xnode_modules", False),
        (["**node_modules"], "apps/xnode_modules", True),
        (["/dist"], "dist/a", True),
        (["dist/"], "dist/a", True),
        (["./dist/../out"], "out", True),
        (["*.md"], "README.md", True),
        (["*.md"], "docs/a.md", False),
        (["*.md", "!README.md"], "README.md", False),
        (["!README.md", "*.md"], "README.md", True),
        (["*", "!apps/api"], "apps/api/src/a.ts", False),
        (["*", "!apps/api"], "apps/web/src/a.ts", True),
        (["*", "!apps/api", "apps/api/dist"], "apps/api/dist/a", True),
        (["**"], "a/b", True),
        (["a/**"], "a/b/c", True),
        (["a/**"], "a", False),
        (["a/**/b"], "a/b", True),
        (["a/**/b"], "a/x/y/b", True),
        (["a?c"], "abc", True),
        (["a?c"], "a/c", False),
        (["a[b-d]c"], "acc", True),
        (["a[^b-d]c"], "acc", False),
        (["a[!b]c"], "a!c", True),
        (["a\\*b"], "a*b", True),
        (["a\\*b"], "axb", False),
        (["a.b"], "axb", False),
        (["a+(b)|{c}$"], "a+(b)|{c}$", True),
        ([".env*"], ".env.local", True),
        ([".env*", "!.env.example"], ".env.example", False),
        ([".git"], ".gitignore", False),
        (["."], "a", False),
        (["../a"], "a", False),
        (["a["], "a[", False),
        (["[]a]"], "a", False),
        (["[z-a]"], "z", False),
        (["!"], "a", False),
        ([""], "a", False),
        (["a\nb"], "a\nb", True),
    ],
)
def test_the_last_pattern_that_matches_decides(patterns: list[str], path: str, *, ignored: bool) -> None:
    assert matches(patterns, path) is ignored


@given(st.lists(st.text("ab*?[]!\\/.^-", max_size=8), max_size=4), st.text("ab/.", min_size=1, max_size=8))
def test_any_pattern_has_an_answer(patterns: list[str], path: str) -> None:
    answer = matches(patterns, path)
    assert matches([*patterns, "**"], path)
    assert not matches([*patterns, "!**"], path)
    assert matches(["zzz", *patterns], path) is answer


@pytest.mark.parametrize(
    ("pattern", "path", "ignored"),
    [
        ("**/" * 30 + "x", "a/" * 40 + "x", True),
        ("**/" * 30 + "x", "a/" * 40 + "y", False),
        ("*a" * 30 + "b", "a" * 60 + "b", True),
        ("*a" * 30 + "b", "a" * 60, False),
        ("**/a/*/*/*/b", "x/a/1/2/3/b", True),
        ("**/a/*/*/*/b", "x/a/1/2/b", False),
        ("a/**/b/**/c/**/d/**", "a/x/b/c/y/z/d/e", True),
        ("a/**/b/**/c/**/d/**", "a/x/bb/c/y/z/d/e", False),
        ("*.*.*.*", "a.b.c", False),
        ("*.*.*.*", "a.b.c.d", True),
    ],
)
def test_many_wildcards_take_no_longer_than_few(pattern: str, path: str, *, ignored: bool) -> None:
    assert matches([pattern], path) is ignored


@given(
    st.text("ab*?/", min_size=1, max_size=8),
    st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join),
)
def test_a_pattern_with_many_wildcards_means_the_same(pattern: str, path: str) -> None:
    tokens = list(_tokens(pattern))
    expression = "".join(token for _, token in tokens)
    assert _matches_slowly(tokens, path) is bool(re.fullmatch(expression, path))


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), min_size=1, max_size=8).filter(
        lambda text: text == text.strip()
    )
)
def test_a_literal_pattern_matches_its_path(name: str) -> None:
    path = name.replace("/", "|").replace(".", "x")
    assert matches([literal(path)], path)
    assert not matches([literal(path)], path + "x")
    assert parse(literal(path), "f").patterns[0].value == literal(path)


def test_an_ignore_file_reads_as_if_written_by_hand() -> None:
    why = Why("image", "the lockfile brings them")
    rendered = render(
        [Group("what the build makes itself", ("**/node_modules", "**/dist"), why), Group("secrets", (".env*",))]
    )
    assert rendered.text == "# what the build makes itself\n**/node_modules\n**/dist\n\n# secrets\n.env*\n"
    assert rendered.why(2) == why
    assert rendered.why(6) is None


FILES = (
    *(
        "README.md",
        "docs/a.md",
        "node_modules/x/y",
        "apps/web/node_modules/z",
        "apps/web/src/a.ts",
        "apps/api/dist/b.js",
    ),
    *(
        "apps/api/src/b.ts",
        ".env",
        ".env.example",
        "apps/api/.env",
        "a[b",
        "x*y",
        "xzy",
        "a/b/c",
        "a/x/b",
        "apps/xnode_modules/q",
    ),
)
PATTERN_SETS = (
    ["**/node_modules", "*.md", ".env*", "!.env.example"],
    ["*", "!apps/api", "apps/api/dist", "!README.md"],
    ["**node_modules", "**/*.md", "/a/**/b", "x\\*y"],
    ["apps/**", "!apps/**/src", "**/.env", "a[[]b"],
    ["apps", "!apps/web/src/a.ts", "a/**", "x?y", "!xzy"],
    ["./docs/", "apps/*/dist/", "!**/b.js", "[^a-z]*"],
)


@pytest.mark.engine
@pytest.mark.parametrize("patterns", PATTERN_SETS)
def test_a_builder_leaves_out_the_same_files(tmp_path: Path, engine: str, patterns: list[str]) -> None:
    context, out = tmp_path / "context", tmp_path / "out"
    for name in FILES:
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text(name)
    (context / ".dockerignore").write_text("\n".join([*patterns, "Dockerfile", ".dockerignore"]))
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY . /\n")
    command = [
        engine,
        "build",
        "--quiet",
        "--file",
        str(dockerfile),
        "--output",
        f"type=local,dest={out}",
        str(context),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    copied = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    assert copied == {name for name in FILES if not matches(patterns, name)}
