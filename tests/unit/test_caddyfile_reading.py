"""Which files of a repository are Caddyfiles, and what they import."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bayplan.model.deployment import Deployment
from bayplan.readers.deployment import read_deployment
from bayplan.tree import Tree

SITE = "example.com {\n\treverse_proxy api:3000\n}\n"


def deployment(root: Path, files: Mapping[str, str]) -> Deployment:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_deployment(Tree(root))


@pytest.mark.parametrize(
    "name", ["Caddyfile", "docker/Caddyfile", "Caddyfile.staging", "prod.Caddyfile", "web.caddyfile", "Caddyfile-dev"]
)
def test_a_caddyfile_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    assert [each.path for each in deployment(tmp_path, {name: SITE}).proxies] == [name]


@pytest.mark.parametrize("name", ["Caddyfile.md", "Caddyfile.j2", "Caddyfile.prod.bak", "caddy.json", "NotACaddyfile"])
def test_another_file_is_none(tmp_path: Path, name: str) -> None:
    found = deployment(tmp_path, {name: SITE})
    assert not found.proxies
    assert not found.broken


def test_what_a_service_mounts_as_its_caddyfile_is_one(tmp_path: Path) -> None:
    compose = "services:\n  caddy:\n    image: caddy:2\n    volumes:\n      - ./proxy.conf:/etc/caddy/Caddyfile:ro\n"
    found = deployment(tmp_path, {"deploy/compose.yaml": compose, "deploy/proxy.conf": SITE})
    assert [each.path for each in found.proxies] == ["deploy/proxy.conf"]


@pytest.mark.parametrize("source", ["../../outside", "/etc/passwd", "~/Caddyfile", "${FILE}", "./missing"])
def test_a_mount_from_elsewhere_is_not_read(tmp_path: Path, source: str) -> None:
    compose = f"services:\n  caddy:\n    image: caddy:2\n    volumes:\n      - {source}:/etc/caddy/Caddyfile\n"
    assert not deployment(tmp_path, {"compose.yaml": compose}).proxies


def test_imported_files_are_read_where_they_are_imported_and_nowhere_else(tmp_path: Path) -> None:
    found = deployment(
        tmp_path,
        {
            "docker/Caddyfile": "import snippets.caddyfile\nimport sites/*\nexample.com {\n\timport safe\n}\n",
            "docker/snippets.caddyfile": "(safe) {\n\trespond /metrics 403\n}\n",
            "docker/sites/a": "a.example.com {\n\timport ../common\n}\n",
            "docker/sites/.hidden": "hidden.example.com {\n}\n",
            "docker/sites/deeper/b": "b.example.com {\n}\n",
            "docker/common": "reverse_proxy api:3000\n",
        },
    )
    (proxy,) = found.proxies
    assert proxy.imports == ("docker/snippets.caddyfile", "docker/sites/a", "docker/common")
    assert [site.addresses[0].host for site in proxy.sites] == ["a.example.com", "example.com"]
    assert proxy.sites[0].routes[0].at.file == "docker/common"
    assert not proxy.missing


def test_what_is_beside_the_caddyfile_is_beside_it_in_the_image(tmp_path: Path) -> None:
    files = {"caddy/Caddyfile": "import /etc/caddy/conf.d/*.caddy\n", "caddy/conf.d/a.caddy": SITE}
    assert deployment(tmp_path, files).proxies[0].imports == ("caddy/conf.d/a.caddy",)


@pytest.mark.parametrize("name", ["../../outside", "/etc/passwd", "{$DIR}/*", "nowhere", "a*b*c", "."])
def test_an_import_that_leads_nowhere_is_told(tmp_path: Path, name: str) -> None:
    found = deployment(tmp_path, {"Caddyfile": f"import {name}\n{SITE}"})
    assert [each.value for each in found.proxies[0].missing] == [name]
    assert len(found.proxies[0].sites) == 1


def test_a_file_that_imports_itself_is_broken(tmp_path: Path) -> None:
    (broken,) = deployment(tmp_path, {"Caddyfile": "import Caddyfile\n"}).broken
    assert "inside of itself" in broken.message


def test_a_broken_caddyfile_leaves_the_others(tmp_path: Path) -> None:
    found = deployment(tmp_path, {"Caddyfile": SITE, "Caddyfile.staging": "example.com {\n"})
    assert [each.path for each in found.proxies] == ["Caddyfile"]
    (broken,) = found.broken
    assert (broken.at.file, broken.at.line) == ("Caddyfile.staging", 1)
    assert broken.remedy


def test_a_broken_import_is_told_at_its_own_place(tmp_path: Path) -> None:
    files = {"Caddyfile": "example.com {\n\timport part\n}\n", "part": 'respond "open\n'}
    (broken,) = deployment(tmp_path, files).broken
    assert (broken.at.file, broken.at.line) == ("part", 1)


def test_a_file_that_is_not_text_is_broken(tmp_path: Path) -> None:
    (tmp_path / "Caddyfile").write_bytes(b"example.com {\n\xff\n}\n")
    assert [each.at.line for each in read_deployment(Tree(tmp_path)).broken] == [2]
