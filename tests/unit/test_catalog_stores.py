"""Every file of the catalog of stores: whole, true to its image, and telling no secret to who lists processes."""

import re
from collections import Counter
from dataclasses import fields

import pytest

from bayplan.catalog import load
from bayplan.catalog.images import known, named
from bayplan.catalog.stores import StoreEntry, base, entry, holding_tables, kinds, mentioning, table
from bayplan.formats.shell_words import commands
from bayplan.model.parts import LOOPBACK, Given
from bayplan.passes.store_values import plain, value, words

KEYS = {each.name for each in fields(StoreEntry)} - {"health_seconds", "words", "secrets", "urls"} | {
    "backup",
    "holds",
    "operator",
    "other_url",
    "url",
}
SHELL_TOOLS = {"grep"}
"""What is in every image that has a shell."""
each_store = pytest.mark.parametrize(
    "store",
    [
        pytest.param(store, id=f"{kind}{' with a password' if number else ''}")
        for kind in kinds()
        for number, store in enumerate((entry(kind), entry(kind).protected))
        if store is not None
    ],
)


def programs(command: tuple[str, ...]) -> set[str]:
    """Return what a command starts, inside its shell too."""
    if command[:2] != ("sh", "-c"):
        return {command[0]}
    return {each.words[1] if each.words[0] == "exec" else each.words[0] for each in commands(command[2])}


@pytest.mark.parametrize("kind", kinds())
def test_a_file_has_the_name_of_its_store_and_keys_that_mean_something(kind: str) -> None:
    written = load(f"stores/{kind}")
    assert written["kind"] == kind
    assert written.keys() <= KEYS
    assert base(kind) in ("", *kinds())
    assert entry(kind).title
    assert entry(kind).needed_by.images


@each_store
def test_the_image_is_pinned_and_known_and_keeps_its_data_on_the_volume(store: StoreEntry) -> None:
    repository, tag = named(store.image)
    assert repository in store.needed_by.images
    assert re.search(r"\d", tag)
    facts = known(store.image)
    assert facts is not None
    assert facts.data in (None, next(each.path for each in store.data if each.until is None or "17" in tag))
    assert {path.replace("/var/run", "/run") for path in facts.writes} <= set(store.writable)
    assert facts.port == store.ports[0]


@each_store
def test_the_health_check_runs_what_is_in_the_image(store: StoreEntry) -> None:
    facts = known(store.image)
    assert facts is not None
    assert store.health[0] != "sh" or facts.shell
    assert programs(store.health) <= {*facts.has, *SHELL_TOOLS}
    assert not programs(store.health) & set(facts.lacks)


@each_store
def test_a_command_with_a_shell_becomes_the_server(store: StoreEntry) -> None:
    facts = known(store.image)
    assert facts is not None
    if store.command[:1] == ("sh",):
        assert store.command[2].startswith("exec ")
        assert programs(store.command) <= set(facts.has)


@each_store
def test_no_secret_stands_in_a_command_and_every_placeholder_is_filled(store: StoreEntry) -> None:
    filled = words(store, "shop", 512)
    for text in (*store.command, *store.health):
        assert not re.search(r"\{[a-z_]+\}", plain(text, filled))
    for text in (
        *(url.text for url in store.urls),
        *store.environment.values(),
        *(f"{{{part}}}" for part in store.parts),
    ):
        meaning = value(text, filled)
        assert not (isinstance(meaning, Given) and "{" in meaning.text)


@each_store
def test_a_user_who_is_not_root_needs_no_capability(store: StoreEntry) -> None:
    assert not (store.user and store.capabilities)
    assert store.grace_seconds >= 10
    assert store.memory_mb >= 256


@each_store
def test_what_shows_that_it_is_needed_can_also_be_answered(store: StoreEntry) -> None:
    answered = {name for url in store.urls for name in url.names} | {
        name for each in store.parts.values() for name in each
    }
    assert set(store.needed_by.variables) <= answered


def test_no_two_stores_have_the_same_evidence() -> None:
    for what in ("packages", "variables", "schemas", "images"):
        counted = Counter(each for kind in kinds() for each in getattr(entry(kind).needed_by, what))
        assert [each for each, times in counted.items() if times > 1] == []


def test_a_secret_has_a_purpose_and_a_name_of_its_own() -> None:
    secrets = [
        secret
        for kind in kinds()
        for store in (entry(kind).protected or entry(kind),)
        for secret in store.secrets.values()
    ]
    assert all(secret.purpose for secret in secrets)
    assert len({secret.name for secret in secrets}) == len(secrets)


def test_a_store_takes_over_what_it_does_not_say_itself() -> None:
    assert "data" not in load("stores/mariadb")
    assert table("mariadb")["data"] == table("mysql")["data"]
    assert entry("mariadb").parts == entry("mysql").parts
    assert entry("mariadb").needed_by != entry("mysql").needed_by


def test_a_password_changes_only_what_it_must() -> None:
    plain_one, protected = entry("redis"), entry("redis").protected
    assert protected is not None
    assert protected.urls[0].names == plain_one.urls[0].names
    assert protected.urls[0].text != plain_one.urls[0].text
    assert protected.parts.keys() - plain_one.parts.keys() == {"password"}
    assert protected.protected is None


def test_only_the_files_that_speak_of_something_are_parsed() -> None:
    assert [found.kind for found in mentioning({"mongoose"})] == ["mongo"]
    assert mentioning({"left-pad"}) == ()


def test_the_stores_that_a_migration_prepares_are_those_with_tables() -> None:
    assert holding_tables() == ("mariadb", "mysql", "postgres")


def test_what_strangers_may_call_is_said_of_one_store_alone() -> None:
    assert [kind for kind in kinds() if entry(kind).public_ports] == ["ipfs"]
    assert [kind for kind in kinds() if entry(kind).needs_outside] == ["ipfs"]


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_the_check_of_a_database_asks_over_the_network_which_is_shut_while_it_is_made(kind: str) -> None:
    assert LOOPBACK in " ".join(entry(kind).health)
