"""The proxy: host names to services, as `bayplan.yaml` describes it."""

from pathlib import Path

import pytest

from bayplan.errors import UsageError
from bayplan.model.front import TlsKind
from bayplan.model.parts import Asked, Condition
from bayplan.pipeline import Planned
from tests.unit.planning import Repository

LISTENS = (
    'import { createServer } from "http";\n'
    'createServer((request) => request.url === "/health").listen(process.env.PORT ?? 4000);\n'
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).app("api", LISTENS).app("admin", LISTENS.replace("4000", "5000"))


def caddyfile(planned: Planned) -> str:
    return planned.files["Caddyfile"].text


def sites(text: str, more: str = "") -> str:
    return f"proxy:\n  sites:\n    {text}\n{more}"


def test_a_host_name_leads_to_a_service(repository: Repository) -> None:
    planned = repository.plan(sites("api.example.com: {to: api}"))
    assert caddyfile(planned).startswith("api.example.com {\n\treverse_proxy api:4000 {\n")
    assert planned.stack.proxy is not None
    assert [(need.name, need.condition) for need in planned.stack.proxy.needs] == [("api", Condition.HEALTHY)]


def test_behind_it_nothing_else_is_published(repository: Repository) -> None:
    planned = repository.plan(sites("api.example.com: {to: api}"))
    assert [service.binding for service in planned.stack.services] == [None, None]
    assert planned.stack.proxy is not None
    ports = [(each.port, each.protocol, each.address) for each in planned.stack.proxy.bindings]
    assert ports == [(80, "tcp", ""), (443, "tcp", ""), (443, "udp", "")]


def test_paths_go_to_other_services_the_rest_to_the_first(repository: Repository) -> None:
    text = caddyfile(repository.plan(sites('example.com: {to: api, paths: {"/admin/*": admin}}')))
    assert "\t@admin path /admin /admin/*\n\thandle @admin {\n\t\treverse_proxy admin:5000 {" in text
    assert text.index("handle @admin") < text.index("handle {")


@pytest.mark.parametrize(("said", "matched"), [("/v1", "/v1 /v1/*"), ("/v1/*", "/v1 /v1/*"), ("/v1*", "/v1*")])
def test_a_path_is_itself_and_what_is_below(repository: Repository, said: str, matched: str) -> None:
    text = caddyfile(repository.plan(sites(f'example.com: {{to: api, paths: {{"{said}": admin}}}}')))
    assert f"\t@admin path {matched}\n" in text


class TestFiles:
    @pytest.fixture
    def with_web(self, repository: Repository) -> Repository:
        content = {"name": "web", "scripts": {"build": "vite build"}, "devDependencies": {"vite": "7.0.0"}}
        return repository.manifest("apps/web", content).write("apps/web/index.html", "<html></html>")

    def test_only_an_asset_that_is_there_is_kept_for_ever(self, with_web: Repository) -> None:
        text = caddyfile(with_web.plan(sites("example.com: {to: web}")))
        assert '\t\t@there file\n\t\theader @there Cache-Control "public, max-age=31536000, immutable"\n' in text

    def test_below_a_path_they_are_served_without_it(self, with_web: Repository) -> None:
        text = caddyfile(with_web.plan(sites("example.com: {to: api, paths: {/app: web}}")))
        assert "\tredir /app /app/ permanent\n\thandle_path /app/* {\n\t\troot * /srv/web/current\n" in text


def test_the_builder_is_of_the_version_that_runs(repository: Repository) -> None:
    said = '  dns: hetzner\n  image: "caddy:2.8.4-alpine"\n'
    text = repository.plan(sites("example.com: {to: api}", said)).files["Dockerfile.caddy"].text
    assert "FROM --platform=$BUILDPLATFORM caddy:2.8.4-builder-alpine AS build" in text
    assert "FROM caddy:2.8.4-alpine AS run" in text


def test_a_refused_path_is_refused_with_all_below_it(repository: Repository) -> None:
    text = caddyfile(repository.plan(sites("example.com: {to: api, refuse: [/metrics]}")))
    assert "@refused path /metrics /metrics/*\n\trespond @refused 403\n" in text


def test_what_has_moved_and_headers(repository: Repository) -> None:
    said = 'example.com: {to: api, redirect: {/old: /new}, headers: {X-Frame-Options: DENY, Note: "a b"}}'
    text = caddyfile(repository.plan(sites(said)))
    assert "redir /old /new permanent" in text
    assert '\theader {\n\t\tX-Frame-Options DENY\n\t\tNote "a b"\n\t\tdefer\n\t}\n' in text
    moved = caddyfile(
        repository.plan(sites("www.example.com: {redirect_to: https://example.com/}\n    example.com: {to: api}"))
    )
    assert "www.example.com {\n\tredir https://example.com{uri} permanent\n}" in moved


def test_a_host_name_with_a_variable_is_asked_for(repository: Repository) -> None:
    planned = repository.plan(sites('"${DOMAIN}": {to: api, also: ["*.${DOMAIN}"]}', "  tls: internal\n"))
    assert "{$DOMAIN}, *.{$DOMAIN} {\n" in caddyfile(planned)
    assert "DOMAIN: ${DOMAIN:?see .env.example}" in planned.files["docker-compose.prod.yml"].text
    assert "\nDOMAIN=" in planned.files[".env.example"].text


class TestCertificates:
    def test_a_file_of_ones_own_switches_the_automatic_ones_off(self, repository: Repository) -> None:
        said = "  certificate: certs/origin.pem\n  key: certs/origin.key\n"
        planned = repository.plan(sites("example.com: {to: api}", said))
        text = caddyfile(planned)
        assert "\tauto_https off\n" in text
        assert "http:// {\n\tredir https://{host}{uri} permanent\n}" in text
        assert "tls /etc/caddy/certs/origin.pem /etc/caddy/certs/origin.key" in text
        assert "- ./certs:/etc/caddy/certs:ro" in planned.files["docker-compose.prod.yml"].text
        assert "\ncerts\n" in planned.files[".dockerignore"].text

    def test_files_of_two_folders_are_mounted_one_by_one(self, repository: Repository) -> None:
        said = "  certificate: a/site.pem\n  key: b/site.key\n"
        text = repository.plan(sites("example.com: {to: api}", said)).files["docker-compose.prod.yml"].text
        assert "- ./a/site.pem:/etc/caddy/certs/site.pem:ro" in text
        assert "- ./b/site.key:/etc/caddy/certs/site.key:ro" in text

    def test_half_of_it_is_refused(self, repository: Repository) -> None:
        with pytest.raises(UsageError, match="a certificate and no key"):
            repository.plan(sites("example.com: {to: api}", "  certificate: a.pem\n"))

    def test_a_wildcard_is_proved_through_the_dns(self, repository: Repository) -> None:
        planned = repository.plan(sites('"*.example.com": {to: api}', "  dns: hetzner\n"))
        assert "acme_dns hetzner {env.HETZNER_API_TOKEN}" in caddyfile(planned)
        assert "xcaddy build --with github.com/caddy-dns/hetzner/v2" in planned.files["Dockerfile.caddy"].text
        assert planned.stack.proxy is not None
        assert planned.stack.proxy.tls.token == Asked("HETZNER_API_TOKEN")

    def test_an_unknown_provider_is_refused_with_the_known_ones(self, repository: Repository) -> None:
        with pytest.raises(UsageError, match="does not know the DNS provider 'gandhi'") as failure:
            repository.plan(sites("example.com: {to: api}", "  dns: gandhi\n"))
        assert "hetzner" in failure.value.remedy

    @pytest.mark.parametrize(
        ("said", "kind", "line"),
        [("internal", TlsKind.INTERNAL, "\tlocal_certs\n"), ("off", TlsKind.OFF, "http://example.com {\n")],
    )
    def test_signed_by_itself_or_none_at_all(self, repository: Repository, said: str, kind: TlsKind, line: str) -> None:
        planned = repository.plan(sites("example.com: {to: api}", f'  tls: "{said}"\n'))
        assert planned.stack.proxy is not None
        assert planned.stack.proxy.tls.kind is kind
        assert line in caddyfile(planned)
        assert len(planned.stack.proxy.bindings) == (1 if kind is TlsKind.OFF else 3)


class TestMistakes:
    @pytest.mark.parametrize(
        ("said", "problem"),
        [
            ("example.com: {to: apo}", "'apo', which is no service of this stack"),
            ("example.com: {}", "does not say what answers example.com"),
            ('"*.example.com": {to: api}', "a certificate for every name below it, which only the DNS can prove"),
            (
                "a.com: {to: api}\n    b.com: {to: api, also: [A.com]}",
                "names the host a.com twice: for a.com and for b.com",
            ),
        ],
    )
    def test_each_is_refused_with_its_place(self, repository: Repository, said: str, problem: str) -> None:
        with pytest.raises(UsageError) as failure:
            repository.plan(sites(said))
        assert problem in failure.value.message
        assert failure.value.at is not None
        assert failure.value.at.line > 1
        assert failure.value.remedy

    def test_a_proxy_without_a_host_name(self, repository: Repository) -> None:
        with pytest.raises(UsageError, match="without a host name"):
            repository.plan("proxy: {email: a@example.com}\n")


class TestPublishing:
    @pytest.mark.parametrize(
        ("said", "written"),
        [
            ("loopback", '"127.0.0.1:443:443"'),
            ("203.0.113.7", '"203.0.113.7:443:443/udp"'),
            ("${PUBLIC_IP}", '"${PUBLIC_IP:?see .env.example}:80:80"'),
        ],
    )
    def test_the_address_is_the_users(self, repository: Repository, said: str, written: str) -> None:
        planned = repository.plan(sites("example.com: {to: api}", f'  publish: "{said}"\n'))
        assert written in planned.files["docker-compose.prod.yml"].text

    @pytest.mark.parametrize(("tls", "port"), [("off", "8080:80"), ("internal", "8080:443")])
    def test_one_port_behind_somebody_elses_proxy(self, repository: Repository, tls: str, port: str) -> None:
        said = f'  publish: "127.0.0.1:8080"\n  tls: "{tls}"\n'
        planned = repository.plan(sites("example.com: {to: api}", said))
        text = planned.files["docker-compose.prod.yml"].text
        assert f'    ports:\n      - "127.0.0.1:{port}"\n    volumes:' in text

    def test_none_for_a_tunnel(self, repository: Repository) -> None:
        planned = repository.plan(sites("example.com: {to: api}", "  publish: false\n"))
        assert planned.stack.proxy is not None
        assert planned.stack.proxy.bindings == ()
