"""`bayplan.yaml` → `Config`."""

from bayplan.errors import BrokenFileError, ConfigError
from bayplan.model.config import Config
from bayplan.source import At
from bayplan.tree import Tree

NAMES = ("bayplan.yaml", "bayplan.yml")


def read_config(tree: Tree) -> Config:
    """Return what the user wants otherwise, all defaults without a file; raise `ConfigError` with every mistake."""
    present = [name for name in NAMES if tree.stands(name)]
    if not present:
        return Config()
    if len(present) > 1:
        problem = (At(present[1]), f"both {present[0]} and {present[1]} exist")
        raise ConfigError(problem[1], (problem,), remedy="keep one of them")
    return parse_config(tree.text(present[0]), present[0])


def parse_config(text: str, file: str = NAMES[0]) -> Config:
    """Return the configuration a text states, or raise `ConfigError` with every mistake in it."""
    from bayplan.formats.yaml_nodes import load
    from bayplan.readers.config_loader import Loader

    try:
        document = load(text, file)
    except BrokenFileError as error:
        problem = (error.at or At(file), error.message)
        raise ConfigError(error.message, (problem,), remedy=error.remedy) from error
    loader = Loader(document)
    config = loader.load()
    if loader.problems:
        problems = tuple(sorted(set(loader.problems), key=lambda each: (each[0].line, each[0].column, each[1])))
        many = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        raise ConfigError(
            f"{file} has {many}", problems, remedy="`bayplan schema` prints every key and what it accepts"
        )
    return config
