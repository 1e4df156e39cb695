"""What a platform cannot do for a stack is said with the nearest way there, and never dropped."""

from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import pytest

from bayplan.catalog import load
from bayplan.cli.plan import sections
from bayplan.model.config import FlyConfig, RailwayConfig, RenderConfig, TargetsConfig
from bayplan.model.parts import Asked, Binding, Note
from bayplan.model.stack import Stack
from bayplan.passes import hosting
from bayplan.pipeline import plan
from bayplan.source import Why

EXAMPLES = Path(__file__).parents[2] / "examples"
PLATFORMS = ("fly", "railway", "render")
EVERY = TargetsConfig(FlyConfig(), RailwayConfig(), RenderConfig())
IGNORED = (".env", ".env.*", "!.env*.example")


@cache
def stack(system: str) -> Stack:
    return replace(plan(EXAMPLES / system / "repo").stack, notes=(), targets=EVERY)


def notes(given: Stack, about: str, ignored: tuple[str, ...] = IGNORED) -> list[str]:
    return [note.text for note in hosting.with_limits(given, ignored).notes if note.about == about]


def traits(given: Stack) -> dict[str, str]:
    return dict(hosting._traits(given))


@pytest.mark.parametrize(
    ("system", "trait", "what"),
    [
        ("cipherbox", "refused", "/metrics of api.staging.example.com"),
        ("cipherbox", "certificate", "docker/certs/origin.pem"),
        ("cipherbox", "pulled", "api, web, tee-worker"),
        ("cipherbox", "files", "web"),
        ("cipherbox", "open", "ipfs 4001, ipfs 4001/udp"),
        ("cipherbox", "network", "postgres, redis"),
        ("everyskill", "wildcards", "*.${DOMAIN}"),
        ("everyskill", "unknown", "${DOMAIN}, *.${DOMAIN}"),
        ("everyskill", "address", "${PUBLIC_IP}"),
        ("everyskill", "backups", "postgres"),
        ("everyskill", "apart", "migrate"),
        ("forgestack", "queues", "redis"),
        ("forgestack", "init", "api"),
        ("forgestack", "order", "api, web, worker"),
    ],
)
def test_what_a_stack_asks_for_is_seen(system: str, trait: str, what: str) -> None:
    assert traits(stack(system))[trait] == what


def test_the_caches_of_builds_are_seen_before_they_are_left_out() -> None:
    found = plan(EXAMPLES / "forgestack" / "repo").stack.notes
    assert any(note.about == "railway" and "cache mounts" in note.text for note in found)


def test_local_ports_are_seen_and_public_ones_of_services_are_what_the_platform_gives_them_anyway() -> None:
    assert "postgres 5432" in traits(stack("cipherbox"))["local"]
    assert "local" not in traits(stack("forgestack"))
    assert "open" not in traits(stack("forgestack"))


def test_an_address_that_the_operator_gives_is_named_as_the_variable_it_is() -> None:
    store = stack("forgestack").stores[0]
    bound = replace(store, bindings=(Binding(5432, Asked("PUBLIC_IP"), Why("test", "")),))
    assert traits(replace(stack("forgestack"), stores=(bound,)))["open"] == "postgres 5432"


def test_replicas_and_kept_folders_are_seen(tmp_path: Path) -> None:
    from tests.unit.planning import Repository, server

    told = (
        "services: {api: {replicas: 3}, files: {replicas: 2, publish: false, keep: [/data]}}\n"
        "proxy: {sites: {example.com: {to: api}}}\ntargets: {fly: {}, railway: {}, render: {}}\n"
    )
    planned = Repository(tmp_path).app("api", server(4100)).app("files", server(4101)).plan(told).stack
    found = traits(planned)
    assert (found["replicas"], found["kept"]) == ("3 of api", "/data of files")
    said = {platform: " ".join(notes(replace(planned, notes=()), platform)) for platform in PLATFORMS}
    assert all("/data of files" in text for text in said.values())
    assert "3 of api" in said["fly"]


def test_what_a_platform_neither_waits_for_nor_leaves_off_is_said(tmp_path: Path) -> None:
    from tests.unit.planning import Repository, server

    told = "services: {api: {grace: 15m, replicas: 0}}\ntargets: {fly: {}, railway: {}, render: {}}\n"
    planned = Repository(tmp_path).app("api", server(4100)).plan(told).stack
    assert {"off": "api", "long": "900 s of api"}.items() <= traits(planned).items()
    said = {platform: " ".join(notes(replace(planned, notes=()), platform)) for platform in PLATFORMS}
    assert "900 s of api" in said["fly"]
    assert "none of a service runs (api)" in said["render"]
    assert "none of a service runs (api)" in said["railway"]


def test_every_trait_that_a_table_knows_is_one_that_a_stack_can_have() -> None:
    known = {
        "hardening", "order", "network", "init", "apart", "replicas", "kept", "files", "pulled", "secrets", "caches",
        "off", "long",
        "queues", "stores", "json", "local", "open", "backups", "refused", "redirects", "headers", "paths",
        "wildcards", "unknown", "certificate", "signed", "address",
    }  # fmt: skip
    for platform in PLATFORMS:
        assert set(load(f"platforms/{platform}")["cannot"]) <= known


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_is_refused_routed_or_hardened_on_a_machine_is_lost_on_no_platform_in_silence(platform: str) -> None:
    cannot = load(f"platforms/{platform}")["cannot"]
    everywhere = {
        "hardening", "order", "network", "apart", "kept", "pulled", "secrets", "local", "open", "backups", "refused",
        "redirects", "paths", "unknown", "address", "wildcards",
    }  # fmt: skip
    assert everywhere <= set(cannot)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_says_what_and_how_else(platform: str) -> None:
    for trait, entry in load(f"platforms/{platform}")["cannot"].items():
        assert set(entry) <= {"text", "instead", "source"}, trait
        assert entry["text"], trait
        assert entry["instead"], trait
        assert not entry["text"].endswith("."), trait
        assert not entry["instead"].endswith("."), trait
        assert ";" not in entry["text"], f"{trait}: the nearest way begins at the first semicolon"


@pytest.mark.parametrize("system", ["forgestack", "cipherbox", "everyskill", "whereabouts"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_trait_of_a_stack_that_the_table_knows_is_a_note(system: str, platform: str) -> None:
    cannot, found = load(f"platforms/{platform}")["cannot"], traits(stack(system))
    said = notes(stack(system), platform)
    assert len(said) == len([trait for trait in found if trait in cannot])
    assert not any("{what}" in text for text in said)


def test_a_platform_that_is_not_chosen_says_nothing() -> None:
    only = replace(stack("cipherbox"), targets=TargetsConfig(fly=FlyConfig()))
    assert {note.about for note in hosting.with_limits(only, IGNORED).notes} == {"fly"}
    none = replace(stack("cipherbox"), targets=TargetsConfig())
    assert hosting.with_limits(none, ()).notes == ()


def test_the_plan_shows_it() -> None:
    shown = "\n".join(sections(hosting.with_limits(stack("cipherbox"), IGNORED)))
    for platform in PLATFORMS:
        assert f"{platform}: " in shown
    assert "/metrics of api.staging.example.com" in shown
    assert "also written for Fly.io, Railway, Render" in shown


def test_filled_values_that_git_would_take_in_are_noted() -> None:
    found = notes(stack("forgestack"), ".gitignore", (".env",))
    assert len(found) == 1
    assert ".env.fly and .env.railway and .env.render" in found[0]
    assert notes(stack("forgestack"), ".gitignore", (".env*", "!.env*.example")) == []


def test_templates_that_git_keeps_out_are_noted() -> None:
    found = notes(stack("cipherbox"), ".gitignore", (".env.*", "!.env.example"))
    assert len(found) == 1
    assert ".env.staging.fly.example" in found[0]
    assert "!.env*.example" in found[0]


@pytest.mark.parametrize("pattern", [".railway", ".railway/", "/.railway/*", "**/.railway"])
def test_a_project_as_code_that_git_leaves_out_is_noted(pattern: str) -> None:
    kept = (".env*", "!.env*.example")
    (found,) = notes(stack("forgestack"), ".gitignore", (*kept, pattern))
    assert "keeps .railway out of git" in found
    assert notes(stack("forgestack"), ".gitignore", (*kept, ".railway/*", "!.railway/*.ts")) == []


@pytest.mark.parametrize("system", ["forgestack", "cipherbox", "everyskill", "whereabouts"])
def test_the_examples_keep_their_templates_and_leave_out_what_is_filled_in(system: str) -> None:
    found: tuple[Note, ...] = plan(EXAMPLES / system / "repo").stack.notes
    assert [note.text for note in found if note.about == ".gitignore"] == []


def test_every_platform_that_has_files_has_a_table() -> None:
    for each in fields(TargetsConfig):
        assert load(f"platforms/{each.name}")["title"]
