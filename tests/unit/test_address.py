"""Where `bayplan up` says that the stack can be seen."""

from pathlib import Path
from threading import Event

import pytest

from bayplan.cli import evidence
from bayplan.pipeline import Planned
from tests.unit.planning import Repository, server


def _planned(folder: Path, proxy: str) -> Planned:
    return Repository(folder).app("api", server(4100)).plan(f"proxy:\n{proxy}")


def _said(planned: Planned, **values: str) -> str:
    return evidence.address(planned.stack, planned.workspace, values) or ""


@pytest.fixture(autouse=True)
def resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"here.test": {"127.0.0.1"}, "far.test": {"203.0.113.9"}}
    monkeypatch.setattr(evidence, "_leads_to", lambda host: known.get(host, set()))


SITE = "  sites: {{ {host}: {{ to: api }} }}\n"


def test_a_host_that_leads_here_is_the_address(tmp_path: Path) -> None:
    assert _said(_planned(tmp_path, SITE.format(host="here.test"))) == "https://here.test"


def test_without_tls_it_is_a_plain_one(tmp_path: Path) -> None:
    assert _said(_planned(tmp_path, "  tls: off\n" + SITE.format(host="here.test"))) == "http://here.test"


@pytest.mark.parametrize("host", ["far.test", "unknown.test"])
def test_a_host_that_leads_elsewhere_comes_with_a_way_to_it_from_here(tmp_path: Path, host: str) -> None:
    settings = f"  publish: 127.0.9.9\n  certificate: certs/a b.pem\n  key: certs/a.key\n{SITE.format(host=host)}"
    url, hint = _said(_planned(tmp_path, settings)).split("\n")
    assert url == f"https://{host}"
    assert hint.endswith(f"curl --cacert 'certs/a b.pem' --resolve {host}:443:127.0.9.9 https://{host}")


def test_the_first_host_that_is_one_is_filled_in(tmp_path: Path) -> None:
    old = 'old.test: { redirect_to: "https://here.test" }'
    settings = f'  dns: hetzner\n  sites:\n    {old}\n    "*.${{NAME}}": {{ to: api, also: ["${{NAME}}"] }}\n'
    assert _said(_planned(tmp_path, settings), NAME="here.test") == "https://here.test"


def test_a_proxy_that_is_not_published_is_no_address(tmp_path: Path) -> None:
    assert "here.test" not in _said(_planned(tmp_path, "  publish: false\n" + SITE.format(host="here.test")))


def test_a_resolver_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(evidence, "PATIENCE", 0.05)
    never = Event()

    def slow(*_: object) -> list[object]:
        never.wait(5)
        return []

    monkeypatch.setattr(evidence, "getaddrinfo", slow)
    assert evidence._leads_to("slow.test") == set()
    never.set()
