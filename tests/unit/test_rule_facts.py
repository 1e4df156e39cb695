"""What rules know of an image's stages: what they are built on, and what has been copied when a command runs."""

from bayplan.formats.dockerfile import parse
from bayplan.model.lockfile import Manager
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.builds import Sources, commands
from bayplan.rules.facts.layout import Layout, ancestors, below
from bayplan.rules.facts.once import once
from bayplan.source import Fact, Why

SHOP = Workspace("shop", Manager("pnpm", Fact("10.0.0", Why("test", "said here"))), ())


def test_a_stage_is_built_on_an_image_though_a_later_stage_has_its_name() -> None:
    image = parse("FROM node AS build\nRUN x\nFROM alpine AS node\nRUN y\n", "Dockerfile")
    assert [stage.name for stage in image.lineage(image.stages[0])] == ["build"]


def test_a_command_finds_what_was_copied_by_every_stage_before_it_once() -> None:
    image = parse(
        "FROM node AS first\nCOPY a a\nFROM first AS second\nCOPY b b\n"
        "COPY --from=first /a /x\nCOPY --from=first /a /y\n"
        "FROM second\nCOPY --from=second /b /z\nCOPY c c\nRUN pnpm build\nCOPY d d\n",
        "Dockerfile",
    )
    (command,) = commands(Layout(SHOP, image, "."), image.final)
    assert [copy.arguments[0] for copy in command.copies] == ["a", "b", "c"]
    assert command.sources() == Sources(frozenset({"a", "b", "c"}), ())


def test_a_chain_in_which_each_stage_copies_twice_does_not_double_what_is_found() -> None:
    stages = [f"FROM node AS s{n}\nCOPY --from=s{n - 1} / /\nCOPY --from=s{n - 2} / /\n" for n in range(2, 60)]
    image = parse(
        "FROM node AS s0\nCOPY a a\nFROM node AS s1\nCOPY b b\n" + "".join(stages) + "RUN make\n", "Dockerfile"
    )
    (command,) = commands(Layout(SHOP, image, "."), image.final)
    assert {copy.arguments[0] for copy in command.copies} == {"a", "b"}


def test_sources_bring_what_lies_in_a_folder_and_what_matches_a_pattern() -> None:
    sources = Sources(frozenset({"packages/db", "*.json"}), ("*.json",))
    assert sources.bring("packages/db/src/index.ts")
    assert sources.bring("turbo.json")
    assert not sources.bring("packages/dbx")


def test_a_path_is_below_each_of_its_ancestors_and_nothing_else() -> None:
    for path in ("a/b/c", "/app/x", "a", ".", "/"):
        folders = ("a", "a/b", "a/b/c", "b", "/app", "/app/x", ".", "/")
        assert {each for each in folders if below(path, each) is not None} == ancestors(path) & set(folders)


def test_equal_objects_are_not_the_same_and_the_same_are_asked_once() -> None:
    asked: list[list[int]] = []

    @once
    def length(numbers: list[int]) -> int:
        asked.append(numbers)
        return len(numbers)

    one, other = [1], [1]
    assert (length(one), length(one), length(other)) == (1, 1, 1)
    assert [each is one for each in asked] == [True, False]
