import json
import os
from pathlib import Path

import pytest

from bayplan.engines import reuse
from bayplan.engines.docker import Project
from bayplan.engines.engine import DockerEngine
from bayplan.engines.reuse import Inputs, base_images, context_digest, inputs, remember, take
from bayplan.run import Step
from tests.unit.test_engines import Scripted, service, stack

RECIPE = "FROM node:20-alpine AS build\nRUN true\nFROM build\nCOPY --from=build a b\n"
GIVEN = {"api": Inputs("shop-api", "d1")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "apps/api").mkdir(parents=True)
    (tmp_path / "apps/api/Dockerfile").write_text(RECIPE)
    (tmp_path / "main.ts").write_text("1")
    (tmp_path / ".dockerignore").write_text(".bayplan\n**/node_modules\n")
    return tmp_path


def engine(root: Path, **answers: str) -> DockerEngine:
    return DockerEngine(Project("shop", root), Scripted({name: (0, text) for name, text in answers.items()}))


def digest(root: Path) -> str:
    return inputs(stack(service("api")), [service("api")], engine(root, inspect="sha256:1"), {})["api"].digest


class TestInputs:
    def test_what_no_build_is_sent_makes_no_difference(self, root: Path) -> None:
        before = digest(root)
        for folder in (".bayplan", "apps/api/node_modules"):
            (root / folder).mkdir()
            (root / folder / "x").write_text("2")
        assert digest(root) == before

    def test_our_own_folder_is_no_input_where_nothing_ignores_it(self, tmp_path: Path) -> None:
        before = context_digest(tmp_path, "")
        (tmp_path / ".bayplan").mkdir()
        assert context_digest(tmp_path, "") == before

    def test_a_file_of_the_same_size_and_time_is_still_another(self, root: Path) -> None:
        before, times = digest(root), (root / "main.ts").stat()
        (root / "new.ts").write_text("2")
        os.utime(root / "new.ts", ns=(times.st_atime_ns, times.st_mtime_ns))
        (root / "new.ts").replace(root / "main.ts")
        assert digest(root) != before

    @pytest.mark.parametrize("path", ["apps/api/Dockerfile", ".dockerignore", "main.ts", "other.ts"])
    def test_what_a_build_is_sent_makes_a_difference(self, root: Path, path: str) -> None:
        before = digest(root)
        (root / path).write_text(RECIPE + "# more\n")
        assert digest(root) != before

    def test_another_base_image_makes_a_difference(self, root: Path) -> None:
        api = service("api")
        found = [inputs(stack(api), [api], engine(root, inspect=each), {}) for each in ("sha256:1", "sha256:2")]
        assert found[0] != found[1]

    def test_a_base_that_only_the_registry_has_is_always_asked_for(self, root: Path) -> None:
        api = service("api")
        assert inputs(stack(api), [api], engine(root), {}) == {}

    def test_a_folder_that_cannot_be_read_means_build(self, root: Path) -> None:
        (root / "apps/api/Dockerfile").write_bytes(b"\xff")
        assert inputs(stack(service("api")), [service("api")], engine(root, inspect="sha256:1"), {}) == {}

    def test_bases_are_what_is_begun_with_or_copied_from(self) -> None:
        more = "COPY --from=busybox:1 a b\nRUN --mount=type=bind,from=tools:2,target=/t true\n"
        more += "FROM --platform=$BUILDPLATFORM x"
        assert base_images(RECIPE + more) == ["busybox:1", "node:20-alpine", "tools:2", "x"]

    @pytest.mark.parametrize("recipe", ["FROM node:$VERSION", "FROM a\nADD https://example.com/x .", "FROM -x"])
    def test_what_may_come_from_anywhere_is_uncertain(self, recipe: str) -> None:
        with pytest.raises(ValueError, match="FROM"):
            base_images(recipe)


class TestMemory:
    def test_a_known_image_is_taken_and_named_again(self, tmp_path: Path) -> None:
        remember(engine(tmp_path, inspect="sha256:old"), GIVEN)
        runner = Scripted({"shop-api": (0, "sha256:new"), "inspect": (0, "sha256:old")})
        assert take(DockerEngine(Project("shop", tmp_path), runner), GIVEN) == {"api"}
        assert tags(runner.asked) == [("docker", "tag", "sha256:old", "shop-api")]

    def test_an_image_that_is_gone_is_not_taken(self, tmp_path: Path) -> None:
        remember(engine(tmp_path, inspect="sha256:old"), GIVEN)
        assert take(engine(tmp_path), GIVEN) == frozenset()

    def test_other_inputs_are_not_known(self, tmp_path: Path) -> None:
        remember(engine(tmp_path, inspect="sha256:old"), GIVEN)
        assert take(engine(tmp_path, inspect="sha256:old"), {"api": Inputs("shop-api", "d2")}) == frozenset()

    @pytest.mark.parametrize("text", ["", "[]", "3", '{"shop-api": 3}', '{"shop-api": {"d1": null}}'])
    def test_a_broken_memory_knows_nothing(self, tmp_path: Path, text: str) -> None:
        (tmp_path / ".bayplan").mkdir()
        (tmp_path / reuse.KEPT).write_text(text)
        assert take(engine(tmp_path, inspect="sha256:old"), GIVEN) == frozenset()

    def test_only_the_last_few_are_remembered(self, tmp_path: Path) -> None:
        for number in range(9):
            remember(engine(tmp_path, inspect="sha256:old"), {"api": Inputs("shop-api", str(number))})
        kept = json.loads((tmp_path / reuse.KEPT).read_text())
        assert list(kept["shop-api"]) == ["5", "6", "7", "8"]


def tags(asked: list[Step]) -> list[tuple[str, ...]]:
    return [step.argv for step in asked if step.argv[1] == "tag"]
