"""Which environments there are, and what `bayplan.yaml` says about one: what is at the top, with its differences."""

import posixpath
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from typing import Any

from bayplan.errors import UsageError
from bayplan.model.config import Config, Described
from bayplan.model.stack import PRODUCTION

REPLACED = ("proxy.sites",)
"""What an environment says instead, and not beside: it must not answer the host names of another."""
SHORT = {PRODUCTION: "prod", "development": "dev"}


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment: its name, its files, and the configuration as it holds there."""

    name: str
    config: Config
    compose: str
    env_file: str

    def named(self, stack: str) -> str:
        """Return the name under which a stack runs there, whatever other environments there are now or one day."""
        return stack if self.name == PRODUCTION else f"{stack}-{self.name}"


def environments(config: Config) -> tuple[Environment, ...]:
    """Return the environments in the order in which they are described.

    Production is there without being named when no other is, and when something stands outside of `environments`.
    """
    named = tuple(config.environments)
    is_described = any(getattr(config, each.name) != _unsaid(each) for each in fields(Described))
    implied = () if PRODUCTION in named or (named and not is_described) else (PRODUCTION,)
    return tuple(_environment(config, name) for name in (*named, *implied))


def targets(config: Config) -> frozenset[str]:
    """Return what files are written for in any environment: all of them share their recipes."""
    found = (config.targets, *(each.targets for each in config.environments.values()))
    return frozenset(name for each in found if each is not None for name in each.chosen)


def _unsaid(key: Field[Any]) -> Any:
    return key.default if key.default is not MISSING else {}


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


def _environment(config: Config, name: str) -> Environment:
    used = _as_in(config, name) if name in config.environments else config
    compose = used.compose or f"docker-compose.{SHORT.get(name, name)}.yml"
    folder = posixpath.dirname(compose)
    usual = ".env" if name == PRODUCTION else f".env.{name}"
    return Environment(name, used, compose, used.env_file or posixpath.join(folder, usual))


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
    if route in REPLACED:
        return above
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
