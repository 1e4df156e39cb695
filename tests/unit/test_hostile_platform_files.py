"""Files of platforms that nobody wrote by hand are read in time, and what is said of them fits a screen."""

from time import process_time

import pytest

from bayplan.formats.shapes import MOST_FOUND
from bayplan.readers.deployment import LARGEST, read_deployment
from bayplan.readers.workspace import read_workspace
from bayplan.rules import check
from bayplan.tree import Tree
from tests.unit.shop import CASES

FLOW = ".github/workflows/images.yml"
JOB = "on: push\njobs:\n  images:\n    runs-on: ubuntu-24.04\n"
STEP = "    steps: [{ uses: docker/build-push-action@v6, with: { file: '${{ matrix.a }}/Dockerfile', tags: '%s' } }]\n"
MOST_SECONDS = 2


def _checked(path: str, text: str) -> tuple[float, int, int]:
    """Return how long a check takes, how many keys are irregular and how many files are refused."""
    begun = process_time()
    tree = Tree(CASES / "base", {path: text})
    deployment = read_deployment(tree)
    check(read_workspace(tree), deployment, tree)
    return process_time() - begun, len(deployment.irregular), len(deployment.broken)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("fly.toml", "processes = [" + '"a",' * 100_000 + "]\n"),
        ("fly.toml", "[env]\n" + "".join(f'K{number} = "v"\n' for number in range(30_000))),
        ("fly.toml", "[[services]]\ninternal_port = 1\n" * 10_000),
        ("fly.toml", "".join(f"{'a.' * 100}k{number} = 1\n" for number in range(1_000))),
        ("railway.json", "{" + ",".join(f'"build{number}": 1' for number in range(25_000)) + "}"),
        ("render.yaml", "services:\n" + "- {type: web, name: s, runtime: docker}\n" * 5_000),
        ("render.yaml", "a: &a {x: 1, y: 2}\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(2_000))),
        (FLOW, JOB + STEP % ("${{ " * 20_000)),
        (FLOW, f"{JOB}    strategy: {{ matrix: {{ include: [{'{ a: x },' * 10_000}] }} }}\n" + STEP % "x"),
        (FLOW, "on: push\njobs:\n" + "".join(f"  j{n}: {{ needs: j{n + 1}, runs-on: x }}\n" for n in range(5_000))),
    ],
    ids=["list", "variables", "services", "keys", "slips", "blueprint", "anchors", "expressions", "matrix", "jobs"],
)
def test_a_check_ends_in_time(path: str, text: str) -> None:
    seconds, irregular, _ = _checked(path, text)
    assert seconds < MOST_SECONDS
    assert irregular <= 2 * MOST_FOUND


@pytest.mark.parametrize("path", ["fly.toml", "render.yaml", "railway.json", FLOW, "compose.yaml"])
def test_a_file_that_is_too_large_is_refused_before_it_is_read(path: str) -> None:
    assert _checked(path, "x" * (LARGEST + 1))[1:] == (0, 1)
