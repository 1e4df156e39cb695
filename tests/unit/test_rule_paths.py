"""Which changes a filter of paths lets through."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.rules.facts.paths import Filter
from bayplan.source import At, Located


def lets(
    patterns: list[str], path: str, *, nested: bool = True, anywhere: bool = False, ignored: tuple[str, ...] = ()
) -> bool:
    def at(texts: list[str]) -> tuple[Located[str], ...]:
        return tuple(Located(text, At("x")) for text in texts)

    return Filter(at(patterns), at(list(ignored)), nested, anywhere).lets_any([path])


@pytest.mark.parametrize(
    ("patterns", "path", "whole", "nested"),
    [
        (["apps/api/**"], "apps/api/src/main.ts", True, True),
        (["/apps/api/**"], "apps/api/package.json", True, True),
        (["apps/api"], "apps/api/package.json", False, True),
        (["apps/api/"], "apps/api/package.json", False, True),
        (["apps/*"], "apps/api/package.json", False, True),
        (["apps/*/package.json"], "apps/api/package.json", True, True),
        (["**"], "apps/api/package.json", True, True),
        (["*.json"], "apps/api/package.json", False, False),
        (["*.json"], "package.json", True, True),
        (["**/*.json"], "apps/api/package.json", True, True),
        (["**/*.json"], "package.json", True, True),
        (["**/package.json"], "apps/apackage.json", False, False),
        (["apps/**/main.ts"], "apps/main.ts", True, True),
        (["apps/**/main.ts"], "apps/api/src/main.ts", True, True),
        (["apps/**", "!apps/api/**"], "apps/api/main.ts", False, False),
        (["!apps/api/**", "apps/**"], "apps/api/main.ts", True, True),
        (["packages/**"], "apps/api/main.ts", False, False),
        (["apps/a*i/**"], "apps/api/main.ts", True, True),
        (["apps/a**i/*.ts"], "apps/a/b/i/main.ts", True, True),
    ],
)
def test_a_pattern_takes_paths(patterns: list[str], path: str, *, whole: bool, nested: bool) -> None:
    assert lets(patterns, path, nested=False) == whole
    assert lets(patterns, path) == nested


def test_a_name_without_a_slash_may_stand_anywhere_for_git() -> None:
    assert not lets(["package.json"], "apps/api/package.json")
    assert lets(["package.json"], "apps/api/package.json", anywhere=True)
    assert not lets(["/package.json"], "apps/api/package.json", anywhere=True)


def test_what_is_ignored_gets_not_through() -> None:
    assert lets([], "apps/api/main.ts")
    assert not lets([], "apps/api/main.ts", ignored=("apps/**",))
    assert not lets(["**"], "apps/api/README.md", ignored=("**/*.md",))


def test_no_pattern_takes_long() -> None:
    start = time.perf_counter()
    assert not lets(["*a" * 100 + "b", "**a" * 80 + "b", "**/a" * 70 + "b"], "a/" * 1500 + "a")
    assert time.perf_counter() - start < 5


@given(st.lists(st.text("a*/!.", max_size=12), max_size=3), st.text("a/.", max_size=12))
def test_any_pattern_has_an_answer(patterns: list[str], path: str) -> None:
    assert lets(patterns, path) in (True, False)
