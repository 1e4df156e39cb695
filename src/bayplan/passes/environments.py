"""Which environments there are, and what `bayplan.yaml` says about one: what is at the top, with its differences."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from bayplan.errors import UsageError
from bayplan.model.config import Config, Described

PRODUCTION = "production"
SHORT = {PRODUCTION: "prod", "development": "dev"}


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment: its name, its files, and the configuration as it holds there."""

    name: str
    config: Config
    compose: str
    env_file: str
    is_only: bool

    def named(self, stack: str) -> str:
        """Return the name under which a stack runs there: two environments of one machine must not share it."""
        return stack if self.is_only or self.name == PRODUCTION else f"{stack}-{self.name}"


def environments(config: Config) -> tuple[Environment, ...]:
    """Return the environments in the order in which they are described; without any there is production."""
    names = tuple(config.environments) or (PRODUCTION,)
    return tuple(_environment(config, name, is_only=len(names) == 1) for name in names)


def chosen(config: Config, name: str | None) -> Environment:
    """Return the environment of a name; without one production, or the first that is described."""
    found = environments(config)
    if name is None:
        return next((each for each in found if each.name == PRODUCTION), found[0])
    for each in found:
        if each.name == name:
            return each
    raise UsageError(
        f"there is no environment {name!r}",
        remedy=f"use {', '.join(each.name for each in found)}, or describe it: environments.{name} in bayplan.yaml",
    )


def _environment(config: Config, name: str, *, is_only: bool) -> Environment:
    used = _as_in(config, name) if name in config.environments else config
    compose = used.compose or f"docker-compose.{SHORT.get(name, name)}.yml"
    folder = posixpath.dirname(compose)
    usual = ".env" if name == PRODUCTION else f".env.{name}"
    return Environment(name, used, compose, used.env_file or posixpath.join(folder, usual), is_only)


def _as_in(config: Config, name: str) -> Config:
    """Lay what one environment says over what stands at the top; each key keeps the place it comes from."""
    route = f"environments.{name}."
    own = {key.removeprefix(route): at for key, at in config.places.items() if key.startswith(route)}
    over = config.environments[name]
    found = {
        each.name: _laid_over(getattr(config, each.name), getattr(over, each.name), each.name, own)
        for each in fields(Described)
        if each.name in own
    }
    return replace(config, **found, places={**config.places, **own})


def _laid_over(below: Any, above: Any, route: str, own: Mapping[str, Any]) -> Any:
    if isinstance(above, Mapping):
        named = {key: _laid_over(below.get(key), each, f"{route}.{key}", own) for key, each in above.items()}
        return {**below, **named} if isinstance(below, Mapping) else named
    if is_dataclass(above) and not isinstance(above, type) and below is not None:
        stated = {
            each.name: _laid_over(getattr(below, each.name), getattr(above, each.name), f"{route}.{each.name}", own)
            for each in fields(above)
            if f"{route}.{each.name}" in own
        }
        return replace(below, **stated)
    return above
