"""The proxy's proofs against servers of this machine: a sound one, and one for each thing that can be wrong."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from bayplan.model.evidence import Evidence, Status
from bayplan.model.front import Answer, Proxy, Site, Tls, TlsKind
from bayplan.model.parts import Binding, Health
from bayplan.model.running import Container
from bayplan.model.stack import Role
from bayplan.probes import proxy as probe
from bayplan.probes.subject import Subject
from bayplan.probes.trust import ROOT
from tests.authority import Authority, authority
from tests.unit.test_probes import WHY, Engine, container, service, stack, subject
from tests.unit.test_probes_outside import proxy as planned

API, APP, OLD = "api.test", "app.test", "old.test"
PAGE = b'<script src="/assets/app-1.js"></script><link href="/assets/app-1.css">'
ASSETS = {"/assets/app-1.js": "text/javascript", "/assets/app-1.css": "text/css"}


class Caddy(BaseHTTPRequestHandler):
    """Answers as the plan below wants it, but for its flaws."""

    flaws: ClassVar[set[str]] = set()
    is_plain: ClassVar[bool] = False

    def do_GET(self) -> None:
        host = (self.headers["Host"] or "").partition(":")[0]
        if self.is_plain and "plain" not in self.flaws:
            self._say(301, b"", Location=f"https://{host}{self.path}")
        elif host == OLD:
            self._say(301, b"", Location=f"https://{'elsewhere' if 'moved' in self.flaws else API}{self.path}")
        elif host == APP:
            self._file()
        elif host == API or "stranger" in self.flaws:
            self._api()
        else:
            self._say(200, b"")

    def _api(self) -> None:
        refused = ("/metrics",) if "below" in self.flaws else ("/metrics", "/metrics/", "/metrics/below")
        if self.path in refused and "refuse" not in self.flaws:
            self._say(403, b"")
        elif self.path == "/docs":
            self._say(308, b"", Location="/guide")
        else:
            self._say(502 if "down" in self.flaws else 200, b"ok", **{"X-Frame-Options": "DENY"})

    def _file(self) -> None:
        known = self.path in ("/", *ASSETS)
        if self.path in ASSETS and "type" not in self.flaws:
            self._say(200, b"run()", kind=ASSETS[self.path])
        elif not known and ("gone" not in self.flaws if self.path.startswith("/assets/") else "history" in self.flaws):
            self._say(404, b"")
        else:
            self._say(200, PAGE)

    def _say(self, status: int, body: bytes, kind: str = "text/html", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            if "header" not in self.flaws or name == "Location":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has upstream
        del format, args


class Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that refuses a certificate hangs up."""


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca") / "first")


@contextmanager
def serving(certificates: Path | None, *flaws: str) -> Iterator[int]:
    handler = type("Flawed", (Caddy,), {"flaws": set(flaws), "is_plain": certificates is None})
    with Server(("127.0.0.1", 0), handler) as server:
        if certificates is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / "origin.pem", certificates / "origin.key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class Inside(Engine):
    """An engine whose proxy has an authority of its own, if any."""

    root = ""

    def execute(self, container: Container, argv: object, stdin: str, timeout: float = 60) -> tuple[int, str]:
        del container, stdin, timeout
        assert argv == ("cat", ROOT)
        return (0, self.root) if self.root else (1, "no such file")


def front(plain: int, secure: int, kind: TlsKind) -> Proxy:
    sites = (
        Site(("${NAME}.test",), WHY, (Answer("", "api", 3000),), ("/metrics",), (("/docs", "/guide"),)),
        Site((APP,), WHY, (Answer("/api/*", "api", 3000), Answer("", "app", files="/srv/app/current"))),
        Site((OLD,), WHY, redirects=(("", f"https://{API}"),)),
    )
    sites = (replace(sites[0], headers=(("X-Frame-Options", "DENY"), ("-Server-Version", ""))), *sites[1:])
    tls = Tls(kind, WHY, *(("origin.pem", "origin.key") if kind is TlsKind.FILES else ()))
    ports = (Binding(plain, "127.0.0.1", WHY, 80), Binding(secure, "127.0.0.1", WHY, 443))
    return replace(planned(*ports), sites=sites, tls=tls)


def judge(folder: Path, *flaws: str, kind: TlsKind = TlsKind.FILES, root: str = "") -> list[Evidence]:
    with serving(None, *flaws) as plain, serving(folder, *flaws) as secure:
        engine = Inside(container("caddy"))
        engine.root = root
        return list(probe.probe(_subject(front(plain, secure, kind), engine, folder)))


def _subject(given: Proxy, engine: Engine, folder: Path) -> Subject:
    api, app = service("api", health=Health(WHY, path="/health")), service("app", Role.FILES)
    made = subject(replace(stack(api, app), proxy=given), engine)
    made.values, made.root = {"NAME": "api"}, folder
    return made


def failed(found: list[Evidence]) -> list[str]:
    return [each.claim for each in found if each.status is not Status.PROVED]


@pytest.fixture
def folder(tmp_path: Path, maker: Authority) -> Path:
    maker.issue(tmp_path / "origin.pem", tmp_path / "origin.key", API, APP, OLD)
    return tmp_path


def test_a_sound_proxy_is_proved_host_by_host(folder: Path) -> None:
    found = judge(folder)
    assert failed(found) == []
    assert [each.claim for each in found if API in each.claim] == [
        "http://api.test leads to https",
        "the certificate for api.test is valid",
        "api.test refuses /metrics and what is below",
        "api.test/docs leads to /guide",
        "api.test/health is answered by api",
        "api.test sends X-Frame-Options: DENY",
        "api.test does not send Server-Version",
        "old.test/some/path?q=1 leads to https://api.test/some/path?q=1",
    ]
    assert [each.claim for each in found if APP in each.claim][2:] == [
        "app.test/api/ is answered by api",
        "app.test/ is the page of app",
        "app.test answers every path of app with its page",
        "app.test/assets/app-1.js is served as what it is",
        "app.test/assets/app-1.css is served as what it is",
        "app.test does not answer with the page for a file that is gone",
    ]


@pytest.mark.parametrize(
    ("flaw", "claims"),
    [
        ("plain", [f"http://{host} leads to https" for host in (API, APP, OLD)]),
        ("moved", ["old.test/some/path?q=1 leads to https://api.test/some/path?q=1"]),
        ("refuse", ["api.test refuses /metrics and what is below"]),
        ("below", ["api.test refuses /metrics and what is below"]),
        ("down", ["api.test/health is answered by api"]),
        ("header", ["api.test sends X-Frame-Options: DENY"]),
        ("history", ["app.test answers every path of app with its page"]),
        ("type", [f"app.test{path} is served as what it is" for path in ASSETS]),
        ("gone", ["app.test does not answer with the page for a file that is gone"]),
        ("stranger", ["answers no other host name with an app"]),
    ],
)
def test_each_thing_that_is_wrong_is_found_and_nothing_else(folder: Path, flaw: str, claims: list[str]) -> None:
    assert failed(judge(folder, flaw)) == claims


def test_a_certificate_for_another_name_is_found_and_nothing_is_asked_under_it(folder: Path, maker: Authority) -> None:
    maker.issue(folder / "origin.pem", folder / "origin.key", APP, OLD)
    found = judge(folder)
    assert failed(found) == ["the certificate for api.test is valid"]
    assert not [each for each in found if each.claim.startswith("api.test")]


def test_a_certificate_that_ends_soon_says_so(folder: Path, maker: Authority) -> None:
    maker.issue(folder / "origin.pem", folder / "origin.key", API, APP, OLD, ends=10)
    said = [each.measured for each in judge(folder) if each.id == "proxy.certificate"]
    assert said[0] == "signed by those in its own file, valid for another 9 days: it is time for a new one"


def test_the_proxys_own_authority_is_read_from_its_volume(folder: Path, maker: Authority) -> None:
    found = judge(folder, kind=TlsKind.INTERNAL, root=maker.certificate.read_text())
    assert failed(found) == []
    assert "signed by caddy's own authority" in next(each.measured for each in found if each.id == "proxy.certificate")


def test_where_no_public_authority_can_be_asked_the_rest_is_judged_all_the_same(folder: Path, maker: Authority) -> None:
    found = judge(folder, "refuse", kind=TlsKind.AUTOMATIC, root=maker.certificate.read_text())
    statuses = {each.claim: each.status for each in found}
    assert statuses["the certificate for api.test is valid"] is Status.SKIPPED
    assert statuses["api.test refuses /metrics and what is below"] is Status.FAILED
    assert statuses["http://api.test leads to https"] is Status.PROVED


def test_without_any_certificate_plain_http_is_judged_still(folder: Path) -> None:
    found = judge(folder, kind=TlsKind.AUTOMATIC)
    statuses = {each.claim: each.status for each in found}
    assert statuses["the certificate for api.test is valid"] is Status.SKIPPED
    assert statuses["http://api.test leads to https"] is Status.PROVED
    assert not [claim for claim in statuses if claim.startswith("api.test")]


def test_without_tls_the_same_is_asked_plainly(folder: Path) -> None:
    with serving(None, "plain") as plain:
        given = front(plain, 0, TlsKind.OFF)
        found = list(probe.probe(_subject(given, Engine(container("caddy")), folder)))
    assert failed(found) == []
    assert "api.test/health is answered by api" in [each.claim for each in found]


def test_a_proxy_that_cannot_be_asked_is_not_judged(folder: Path) -> None:
    given = front(1, 1, TlsKind.FILES)
    stopped = _subject(given, Engine(container("caddy", "exited")), folder)
    assert [each.measured for each in probe.probe(stopped)] == ["it does not run"]
    hidden = _subject(replace(given, bindings=()), Engine(container("caddy")), folder)
    assert [each.measured for each in probe.probe(hidden)] == ["it is published on no port of this machine"]
    assert list(probe.probe(subject(stack(service("api")), Engine()))) == []


def test_a_health_path_that_is_refused_or_somebody_elses_is_not_asked_for(folder: Path) -> None:
    with serving(None, "plain", "refuse") as plain:
        given = front(plain, 0, TlsKind.OFF)
        site = replace(given.sites[0], refused=("/health",), headers=(), redirects=())
        found = list(probe.probe(_subject(replace(given, sites=(site,)), Engine(container("caddy")), folder)))
    assert "api.test/ is answered by api" in [each.claim for each in found]
