"""Ports, networks and privileges: what is planned, and nothing else."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bayplan.model.evidence import Evidence, Status
from bayplan.model.front import Proxy, Tls, TlsKind
from bayplan.model.parts import Asked, Binding, Health, Limits
from bayplan.model.running import Bound, Container
from bayplan.model.stack import Role, Stack
from bayplan.probes import networks, ports, user
from bayplan.probes.subject import Subject
from bayplan.source import Fact
from tests.unit.test_probes import WHY, Engine, container, service, stack, store, subject

HERE = "127.0.0.1"


def proxy(*bindings: Binding, capabilities: tuple[str, ...] = ("NET_BIND_SERVICE",)) -> Proxy:
    tls, health = Tls(TlsKind.INTERNAL, WHY), Health(WHY, command=("wget",))
    base = Fact("caddy:2-alpine", WHY)
    made = Proxy("caddy", base, (), tls, bindings, "Caddyfile", WHY, Limits(256, 1.0), health)
    return replace(made, capabilities=capabilities)


def behind(given: Stack, front: Proxy) -> Stack:
    return replace(given, proxy=front)


@pytest.fixture
def port() -> Iterator[int]:
    """A port of this machine that answers on 127.0.0.1 only."""
    with socket.socket() as listening:
        listening.bind((HERE, 0))
        listening.listen()
        yield listening.getsockname()[1]


def by_id(found: Iterator[Evidence]) -> dict[str, Evidence]:
    return {each.id: each for each in found}


class TestPorts:
    def _probe(self, *planned: Binding, bound: tuple[Bound, ...]) -> dict[str, Evidence]:
        redis = replace(store("redis", 6379), bindings=planned)
        given = subject(stack(stores=(redis,)), Engine(container("redis", bound=bound)))
        given.values = {"PUBLIC_IP": HERE}
        return by_id(ports.probe(given))

    def test_what_is_bound_as_planned_is_proved_with_its_address(self, port: int) -> None:
        found = self._probe(Binding(port, HERE, WHY), bound=(Bound(6379, HERE, port),))
        assert found["ports.published"].status is Status.PROVED
        assert found["ports.published"].claim == f"is published on {HERE}:{port} and nowhere else"
        assert found["ports.reached"].claim == f"port {port} answers on {HERE} only"
        assert found["ports.reached"].status is Status.PROVED

    def test_an_address_that_the_operator_gives_is_filled_in(self, port: int) -> None:
        found = self._probe(Binding(port, Asked("PUBLIC_IP"), WHY), bound=(Bound(6379, HERE, port),))
        assert found["ports.published"].status is Status.PROVED

    def test_every_address_is_one_place_whatever_docker_lists(self) -> None:
        both = (Bound(6379, "0.0.0.0", 1), Bound(6379, "::", 1))  # noqa: S104 - as Docker says it
        assert self._probe(Binding(1, "", WHY), bound=both)["ports.published"].status is Status.PROVED

    @pytest.mark.parametrize(
        ("bound", "wrong"),
        [
            ((), f"not on {HERE}:7000"),
            ((Bound(6379, "0.0.0.0", 7000),), f"not on {HERE}:7000; also on every address:7000"),  # noqa: S104
            ((Bound(6379, HERE, 7000), Bound(1, HERE, 7001)), f"also on {HERE}:7001"),
            ((Bound(6379, HERE, 7000, "udp"),), f"not on {HERE}:7000; also on {HERE}:7000/udp"),
            ((Bound(6380, HERE, 7000),), f"not on {HERE}:7000; also on {HERE}:7000"),
        ],
    )
    def test_what_is_bound_otherwise_is_found(self, bound: tuple[Bound, ...], wrong: str) -> None:
        published = self._probe(Binding(7000, HERE, WHY), bound=bound)["ports.published"]
        assert (published.status, published.measured) == (Status.FAILED, wrong)

    def test_a_store_that_is_published_without_a_plan_is_found(self) -> None:
        published = self._probe(bound=(Bound(6379, "0.0.0.0", 6379),))["ports.published"]  # noqa: S104 - the mistake
        assert (published.claim, published.status) == ("is not published", Status.FAILED)

    def test_a_port_that_nobody_answers_is_found(self) -> None:
        found = self._probe(Binding(1, HERE, WHY), bound=(Bound(6379, HERE, 1),))
        assert found["ports.reached"].status is Status.FAILED

    def test_another_program_on_another_address_is_no_fault_and_no_proof(self, port: int) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.2", port))
            other.listen()
            found = self._probe(Binding(port, "127.0.0.2", WHY), bound=(Bound(6379, "127.0.0.2", port),))
        assert found["ports.reached"].status is Status.SKIPPED
        assert "another program listens on 127.0.0.1" in found["ports.reached"].measured

    def test_udp_is_no_tcp_that_could_be_asked(self) -> None:
        found = self._probe(Binding(443, HERE, WHY, 443, "udp"), bound=(Bound(443, HERE, 443, "udp"),))
        assert "ports.reached" not in found
        assert found["ports.published"].claim == f"is published on {HERE}:443/udp and nowhere else"

    def test_silence_is_measured_and_a_stranger_on_the_port_is_no_proof(self, port: int) -> None:
        quiet = subject(stack(stores=(store("redis", 1),)), Engine(container("redis")))
        assert next(ports.probe(quiet)).status is Status.PROVED
        stranger = subject(stack(stores=(store("redis", port),)), Engine(container("redis")))
        assert next(ports.probe(stranger)).status is Status.SKIPPED

    def test_the_hosts_own_network_is_no_excuse(self, port: int) -> None:
        engine = Engine(container("redis", host_network=True))
        assert next(ports.probe(subject(stack(stores=(store("redis", port),)), engine))).status is Status.FAILED

    def test_every_port_of_a_store_is_tried_and_the_proxys_administration(self) -> None:
        kubo = replace(store("ipfs", 1), ports=(1, 2, 3))
        engine = Engine(container("ipfs"), container("caddy"))
        found = list(ports.probe(subject(behind(stack(stores=(kubo,)), proxy()), engine)))
        assert [each.claim.split()[1] for each in found] == ["1", "2", "3", "2019"]


ROUTES = "Iface\tDestination\tGateway\neth0\t0000A8C0\t00000000\n"
WAY_OUT = "eth0\t00000000\t0100A8C0\n"


class Routed(Engine):
    """An engine whose containers have routes, and cannot be looked into from this machine."""

    def __init__(self, *containers: Container, outside: tuple[str, ...]) -> None:
        super().__init__(*containers)
        self.outside = outside

    def execute(self, container: Container, argv: object, stdin: str, timeout: float = 60) -> tuple[int, str]:
        del argv, stdin, timeout
        return 0, ROUTES + (WAY_OUT if container.service in self.outside else "")


class TestNetworks:
    def _subject(self, *outside: str, answers: list[str] | None = None) -> Subject:
        postgres, api = store("postgres", 5432), service("api", port=Fact(3000, WHY))
        engine = Routed(
            container("postgres", networks={"shop_internal": "10.0.0.2"}),
            container("api", networks={"shop_internal": "10.0.0.3", "shop_public": "10.0.1.3"}),
            outside=outside,
        )
        engine.answers.append(answers or [])  # type: ignore[arg-type]
        return subject(stack(api, stores=(postgres,)), engine)

    def test_a_service_has_a_way_out_and_a_database_none(self) -> None:
        found = [(each.subject, each.status) for each in networks.probe(self._subject("api"))]
        assert found[:2] == [("postgres", Status.PROVED), ("api", Status.PROVED)]
        found = [(each.subject, each.status) for each in networks.probe(self._subject("postgres"))]
        assert found[:2] == [("postgres", Status.FAILED), ("api", Status.FAILED)]

    def test_of_a_store_that_is_published_only_its_hiding_from_others_is_claimed(self) -> None:
        given = self._subject("api", "postgres")
        published = replace(given.stack.stores[0], bindings=(Binding(5432, HERE, WHY),))
        given.stack = replace(given.stack, stores=(published,))
        assert [each.id for each in networks.probe(given) if each.subject == "postgres"] == ["networks.hidden"]

    def test_a_store_that_talks_to_the_world_must_be_able_to(self) -> None:
        given = self._subject("api")
        kubo = replace(given.stack.stores[0], needs_outside=True)
        given.stack = replace(given.stack, stores=(kubo,))
        found = [(each.subject, each.status) for each in networks.probe(given)]
        assert found == [("postgres", Status.FAILED), ("api", Status.PROVED)]

    def test_a_database_is_asked_from_a_network_that_it_is_not_in(self) -> None:
        given = self._subject("api")
        hidden = by_id(networks.probe(given))["networks.hidden"]
        assert hidden.status is Status.PROVED
        assert given.engine.scripts == ["shop-api in shop_public: 10.0.0.2:5432"]  # type: ignore[attr-defined]

    def test_one_that_answers_there_is_found(self) -> None:
        hidden = by_id(networks.probe(self._subject("api", answers=["10.0.0.2:5432"])))["networks.hidden"]
        assert hidden.status is Status.FAILED
        assert "10.0.0.2:5432 answers a container of shop_public" in hidden.measured

    def test_without_another_network_dockers_own_is_taken(self) -> None:
        given = self._subject("api")
        given.engine.known["api"] = container("api", networks={"shop_internal": "10.0.0.3"})  # type: ignore[attr-defined]
        list(networks.probe(given))
        assert given.engine.scripts == ["shop-api in bridge: 10.0.0.2:5432"]  # type: ignore[attr-defined]

    def test_where_nobody_can_ask_nothing_is_claimed(self) -> None:
        given = self._subject("api")
        given.engine.answers[:] = ["no list"]  # type: ignore[attr-defined]
        assert by_id(networks.probe(given))["networks.hidden"].status is Status.SKIPPED
        files = replace(given.stack, services=(replace(given.stack.services[0], role=Fact(Role.FILES, WHY)),))
        given.stack = files
        assert by_id(networks.probe(given))["networks.hidden"].status is Status.SKIPPED


class TestPowers:
    def _judge(self, held: str, bounding: str, monkeypatch: pytest.MonkeyPatch) -> Status:
        status = {"CapEff": held, "CapBnd": bounding, "NoNewPrivs": "1"}
        monkeypatch.setattr(user, "_status", lambda _: status)
        given = subject(behind(stack(), proxy()), Engine(container("caddy")))
        return by_id(user.probe(given))["user.capabilities"].status

    def test_a_proxy_holds_what_is_planned_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self._judge("0000000000000400", "0000000000000400", monkeypatch) is Status.PROVED
        assert self._judge("0000000000000000", "0000000000000400", monkeypatch) is Status.PROVED

    @pytest.mark.parametrize(("held", "bounding"), [("404", "404"), ("400", "401"), ("0", "0"), ("?", "400")])
    def test_one_too_many_or_too_few_is_found(self, held: str, bounding: str, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self._judge(held, bounding, monkeypatch) is Status.FAILED

    def test_one_that_this_machine_has_no_name_for_is_one_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self._judge("400", f"{1 << 60 | 0x400:x}", monkeypatch) is Status.FAILED

    def test_the_names_stand_at_the_kernels_numbers(self) -> None:
        header = Path("/usr/include/linux/capability.h")
        lines = header.read_text(encoding="utf-8").splitlines() if header.exists() else []
        words = [line.split() for line in lines if line.startswith("#define CAP_") and line.split()[-1].isdigit()]
        numbers = {each[1].removeprefix("CAP_"): int(each[2]) for each in words if len(each) == 3}
        numbers |= {"CHOWN": 0, "NET_BIND_SERVICE": 10, "SETFCAP": 31, "CHECKPOINT_RESTORE": 40}
        assert {name: user.CAPABILITIES.index(name) for name in numbers} == numbers


def test_a_proxy_counts_as_one_of_the_parts() -> None:
    given = subject(behind(stack(service("api")), proxy()), Engine())
    assert [part.name for part in given.parts] == ["api", "caddy"]
    assert json.dumps([part.name for part in given.built]) == '["api"]'
