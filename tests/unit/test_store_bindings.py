"""Where the ports of stores can be reached from."""

from pathlib import Path

import pytest

from bayplan.errors import UsageError
from bayplan.model.parts import LOOPBACK, Asked
from tests.unit.planning import Repository, server

IPFS = "connect(process.env.IPFS_API_URL!);\n"
SWARM = [("", 4001, "tcp"), ("", 4001, "udp")]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def published(repository: Repository, settings: str, kind: str) -> list[tuple[str | Asked, int, str]]:
    stores = {store.kind: store for store in repository.plan(settings).stack.stores}
    return [(each.address, each.port, each.protocol) for each in stores[kind].bindings]


@pytest.mark.parametrize(
    ("settings", "ports"),
    [
        ("", []),
        ("publish: loopback\n", [(LOOPBACK, 5432, "tcp")]),
        ("publish: public\n", []),
        ("publish: 203.0.113.7\n", []),
        ("publish: false\n", []),
        ("publish: loopback\nstores:\n  postgres: {publish: false}\n", []),
        ("stores:\n  postgres: {publish: loopback}\n", [(LOOPBACK, 5432, "tcp")]),
        ("stores:\n  postgres: {publish: public}\n", [("", 5432, "tcp")]),
        ("stores:\n  postgres: {publish: '15432'}\n", [("", 15432, "tcp")]),
        ("stores:\n  postgres: {publish: '127.0.0.1:15432'}\n", [(LOOPBACK, 15432, "tcp")]),
        ("stores:\n  postgres: {publish: '${DB_IP}'}\n", [(Asked("DB_IP"), 5432, "tcp")]),
    ],
)
@pytest.mark.requirement("ES-12")
def test_a_database_is_published_by_its_own_word_or_to_the_machine_alone(
    repository: Repository, settings: str, ports: list[tuple[str | Asked, int, str]]
) -> None:
    repository.app("api", server(4100), pg="8.0.0")
    assert published(repository, settings, "postgres") == ports


@pytest.mark.parametrize(
    ("settings", "ports"),
    [
        ("", SWARM),
        ("publish: loopback\n", [(LOOPBACK, 5001, "tcp"), (LOOPBACK, 8080, "tcp"), *SWARM]),
        ("publish: 203.0.113.7\n", [("203.0.113.7", 4001, "tcp"), ("203.0.113.7", 4001, "udp")]),
        ("publish: false\n", []),
        ("stores:\n  ipfs: {publish: false}\n", []),
        (
            "stores:\n  ipfs: {publish: loopback}\n",
            [
                (LOOPBACK, port, protocol)
                for port, protocol in ((5001, "tcp"), (8080, "tcp"), (4001, "tcp"), (4001, "udp"))
            ],
        ),
        ("stores:\n  ipfs: {publish: public}\n", [(LOOPBACK, 5001, "tcp"), ("", 8080, "tcp"), *SWARM]),
        ("publish: false\nstores:\n  ipfs: {publish: '15001'}\n", [(LOOPBACK, 15001, "tcp")]),
        ("stores:\n  ipfs: {publish: '15001'}\n", [(LOOPBACK, 15001, "tcp"), *SWARM]),
        ("stores:\n  ipfs: {publish: '127.0.0.1:15001'}\n", [(LOOPBACK, 15001, "tcp"), *SWARM]),
    ],
)
@pytest.mark.requirement("CB-12")
def test_what_strangers_call_by_nature_stays_open_until_it_is_closed(
    repository: Repository, settings: str, ports: list[tuple[str | Asked, int, str]]
) -> None:
    repository.app("api", server(4100, IPFS))
    assert published(repository, settings, "ipfs") == ports


@pytest.mark.requirement("CB-12")
def test_the_ports_of_stores_and_services_make_way_for_each_other(repository: Repository) -> None:
    repository.app("api", server(8080, IPFS), pg="8.0.0")
    ports = published(repository, "publish: loopback\n", "ipfs")
    assert ports[:2] == [(LOOPBACK, 5001, "tcp"), (LOOPBACK, 8081, "tcp")]


def test_the_same_port_on_two_addresses_is_no_collision(repository: Repository) -> None:
    repository.app("api", server(5432), pg="8.0.0")
    settings = "services:\n  api: {publish: '203.0.113.7:5432'}\nstores:\n  postgres: {publish: '127.0.0.1:5432'}\n"
    assert published(repository, settings, "postgres") == [(LOOPBACK, 5432, "tcp")]


def test_a_port_that_is_asked_for_twice_is_refused_with_its_place(repository: Repository) -> None:
    repository.app("api", server(4100), pg="8.0.0")
    with pytest.raises(UsageError, match="port 4100 of the host") as refused:
        repository.plan("stores:\n  postgres: {publish: '4100'}\n")
    assert refused.value.at is not None
    assert refused.value.at.key == "stores.postgres.publish"


def test_an_open_store_that_could_do_without_a_password_gets_one(repository: Repository) -> None:
    repository.app("api", server(4100, "connect(process.env.REDIS_URL!);\n"), ioredis="5.0.0")
    (store,) = repository.plan("stores:\n  redis: {publish: public}\n").stack.stores
    assert [each.name for each in store.variables] == ["REDISCLI_AUTH"]
    (store,) = repository.plan("stores:\n  redis: {publish: loopback}\n").stack.stores
    assert store.variables == ()
