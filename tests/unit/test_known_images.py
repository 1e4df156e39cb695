"""What is known about public images, by every spelling of their names."""

import pytest

from bayplan.catalog.images import known, named


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("postgres", ("postgres", "")),
        ("postgres:17", ("postgres", "17")),
        ("localhost:5000/shop/api", ("localhost:5000/shop/api", "")),
        ("localhost:5000/shop/api:1@sha256:abc", ("localhost:5000/shop/api", "1")),
    ],
)
def test_a_port_of_a_registry_is_no_tag(reference: str, parts: tuple[str, str]) -> None:
    assert named(reference) == parts


@pytest.mark.parametrize(
    ("reference", "data"),
    [
        ("postgres:17", "/var/lib/postgresql/data"),
        ("postgres:9.6-alpine", "/var/lib/postgresql/data"),
        ("docker.io/library/postgres:16.4-bookworm@sha256:abc", "/var/lib/postgresql/data"),
        ("postgres:18", "/var/lib/postgresql"),
        ("pgvector/pgvector:pg18-trixie", "/var/lib/postgresql"),
        ("postgres", None),
        ("postgres:alpine", None),
        ("redis:7.4", "/data"),
        ("caddy:2.10-alpine", "/data"),
    ],
)
def test_the_folder_of_the_data_depends_on_the_version(reference: str, data: str | None) -> None:
    image = known(reference)
    assert image is not None
    assert image.data == data


def test_an_image_of_somebody_else_or_with_an_open_name_is_unknown() -> None:
    assert known("example.com/node:22-alpine") is None
    assert known("${REGISTRY}/node:22") is None
    assert known("mynode:22") is None


def test_programs_are_there_are_missing_or_are_unknown_but_never_two_of_these() -> None:
    for reference in (
        "node:22",
        "node:22-slim",
        "node:22-alpine",
        "nginx:1.29",
        "gcr.io/distroless/nodejs22-debian12:nonroot",
    ):
        image = known(reference)
        assert image is not None
        assert not set(image.has) & set(image.lacks)


def test_distroless_images_have_no_shell_but_their_debug_variants_may() -> None:
    plain, debug = (known(f"gcr.io/distroless/nodejs22-debian12:{tag}") for tag in ("latest", "debug"))
    assert plain is not None
    assert not plain.shell
    assert debug is None
