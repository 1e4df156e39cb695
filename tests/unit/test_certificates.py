"""A certificate that would not do is refused before anything starts, in words that say why."""

from dataclasses import replace
from pathlib import Path

import pytest

from bayplan.engines.certificates import refuse_unusable
from bayplan.errors import BayplanError
from bayplan.model.front import Tls, TlsKind
from bayplan.model.stack import Stack
from tests.authority import Authority, authority
from tests.unit.planning import Repository, server

HOST = "api.example.com"
SETTINGS = f"""
proxy:
  certificate: certs/origin.pem
  key: certs/origin.key
  sites:
    {HOST}: {{ to: api }}
"""


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca") / "first")


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    planned = Repository(tmp_path).app("api", server(4100)).plan(SETTINGS).stack
    (tmp_path / "certs").mkdir()
    return planned


def _refusal(stack: Stack, root: Path) -> str:
    with pytest.raises(BayplanError) as refused:
        refuse_unusable(stack, root, {})
    assert refused.value.at is not None
    assert refused.value.at.file == "bayplan.yaml"
    return f"{refused.value.message}; {refused.value.remedy}"


def _issue(maker: Authority, root: Path, *hosts: str, starts: int = -1, ends: int = 90) -> None:
    maker.issue(root / "certs/origin.pem", root / "certs/origin.key", *hosts, starts=starts, ends=ends)


def test_a_certificate_for_the_host_passes(stack: Stack, maker: Authority, tmp_path: Path) -> None:
    _issue(maker, tmp_path, "other.example.com", HOST)
    refuse_unusable(stack, tmp_path, {})


def test_a_wildcard_covers_a_host_and_not_what_is_below_it(stack: Stack, maker: Authority, tmp_path: Path) -> None:
    _issue(maker, tmp_path, "*.example.com")
    refuse_unusable(stack, tmp_path, {})
    _issue(maker, tmp_path, "*.com")
    assert f"is not for {HOST}" in _refusal(stack, tmp_path)


def test_a_host_name_is_judged_as_the_operator_fills_it_in(stack: Stack, maker: Authority, tmp_path: Path) -> None:
    assert stack.proxy is not None
    site = replace(stack.proxy.sites[0], hosts=("${DOMAIN}", "*.${DOMAIN}", "${UNKNOWN}"))
    asked = replace(stack, proxy=replace(stack.proxy, sites=(site,)))
    _issue(maker, tmp_path, "example.com", "*.example.com")
    refuse_unusable(asked, tmp_path, {"DOMAIN": "example.com"})
    with pytest.raises(BayplanError, match=r"is not for example\.org"):
        refuse_unusable(asked, tmp_path, {"DOMAIN": "example.org"})


@pytest.mark.parametrize(
    ("starts", "ends", "wrong"), [(-30, -1, "has expired"), (1, 30, "is not valid yet")], ids=["expired", "future"]
)
def test_a_certificate_of_another_time_is_refused(
    stack: Stack, maker: Authority, tmp_path: Path, starts: int, ends: int, wrong: str
) -> None:
    _issue(maker, tmp_path, HOST, starts=starts, ends=ends)
    assert f"the certificate certs/origin.pem {wrong}" in _refusal(stack, tmp_path)


def test_one_for_another_host_is_refused_with_the_hosts_it_should_be_for(
    stack: Stack, maker: Authority, tmp_path: Path
) -> None:
    _issue(maker, tmp_path, "api.example.org")
    assert f"is not for {HOST}; get one for {HOST}" in _refusal(stack, tmp_path)


def test_a_missing_file_is_named_with_a_command_that_makes_one_for_a_trial(stack: Stack, tmp_path: Path) -> None:
    said = _refusal(stack, tmp_path)
    assert said.startswith("certs/origin.pem is not there, and caddy cannot answer without it")
    assert f"subjectAltName=DNS:{HOST}" in said
    assert "mkdir" not in said
    (tmp_path / "certs").rmdir()
    assert "mkdir -p certs && openssl req" in _refusal(stack, tmp_path)


def test_a_folder_that_docker_made_in_its_place_is_named(stack: Stack, maker: Authority, tmp_path: Path) -> None:
    _issue(maker, tmp_path, HOST)
    (tmp_path / "certs/origin.key").unlink()
    (tmp_path / "certs/origin.key").mkdir()
    assert "certs/origin.key is a folder" in _refusal(stack, tmp_path)


def test_the_key_of_another_certificate_is_refused(stack: Stack, maker: Authority, tmp_path: Path) -> None:
    _issue(maker, tmp_path, HOST)
    maker.issue(tmp_path / "certs/other.pem", tmp_path / "certs/origin.key", HOST)
    assert "the key is another certificate's" in _refusal(stack, tmp_path)


@pytest.mark.parametrize("text", ["", "no certificate\n", "\0\x01", "-----BEGIN CERTIFICATE-----\nxx\n"])
def test_what_is_no_certificate_is_refused(stack: Stack, maker: Authority, tmp_path: Path, text: str) -> None:
    _issue(maker, tmp_path, HOST)
    (tmp_path / "certs/origin.pem").write_text(text)
    assert "are no certificate with its key" in _refusal(stack, tmp_path)


def _chained(maker: Authority, root: Path, *, ends: int = 90) -> Authority:
    second = maker.another(root / "second", ends=ends, starts=-30)
    _issue(second, root, HOST)
    return second


def test_a_chain_passes_leaf_first(stack: Stack, maker: Authority, tmp_path: Path) -> None:
    second = _chained(maker, tmp_path)
    file = tmp_path / "certs/origin.pem"
    leaf, above = file.read_text(), second.certificate.read_text()
    file.write_text(leaf + above)
    refuse_unusable(stack, tmp_path, {})
    file.write_text(above + leaf)
    assert "the certificate before those that signed it" in _refusal(stack, tmp_path)


def test_an_expired_part_of_the_chain_is_found(stack: Stack, maker: Authority, tmp_path: Path) -> None:
    second = _chained(maker, tmp_path, ends=-1)
    file = tmp_path / "certs/origin.pem"
    file.write_text(file.read_text() + second.certificate.read_text())
    assert "has expired, or another one in its file" in _refusal(stack, tmp_path)


def test_a_chain_of_strangers_is_found(stack: Stack, maker: Authority, tmp_path: Path) -> None:
    _chained(maker, tmp_path)
    file = tmp_path / "certs/origin.pem"
    file.write_text(file.read_text() + maker.certificate.read_text())
    assert "does not fit the others in its file: it is signed by none of them" in _refusal(stack, tmp_path)


def test_a_key_that_only_root_may_read_is_no_mistake(
    stack: Stack, maker: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _issue(maker, tmp_path, "api.example.org")

    def forbidden(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    refuse_unusable(stack, tmp_path, {})


def test_without_files_nothing_is_asked_of_this_machine(stack: Stack, tmp_path: Path) -> None:
    assert stack.proxy is not None
    tls = Tls(TlsKind.AUTOMATIC, stack.proxy.why)
    refuse_unusable(replace(stack, proxy=replace(stack.proxy, tls=tls)), tmp_path, {})
    refuse_unusable(replace(stack, proxy=None), tmp_path, {})


def test_a_spelling_that_only_openssl_reads_is_refused(stack: Stack, maker: Authority, tmp_path: Path) -> None:
    _issue(maker, tmp_path, HOST)
    path = tmp_path / "certs/origin.pem"
    path.write_text(path.read_text().replace(" CERTIFICATE-", " X509 CERTIFICATE-"))
    assert "one of them is empty, of another format, or has a password" in _refusal(stack, tmp_path)
