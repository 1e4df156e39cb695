"""The chain from a host name to a listening process: Caddyfile, compose file, networks, ports, certificates."""

import pytest

from bayplan.model.finding import Effect
from tests.unit.shop import API, api, compose, found, image

MOUNTS = "volumes: ['./Caddyfile:/etc/caddy/Caddyfile:ro', 'caddy:/data']"
PORTS = "ports: ['80:80', '443:443']"


def caddy(more: str = "", *, mounts: str = MOUNTS, ports: str = PORTS) -> str:
    return "{" + ", ".join(filter(None, ("image: 'caddy:2.10'", mounts, ports, more))) + "}"


def proxied(caddyfile: str, /, proxy: str = "", end: str = "", **services: str) -> dict[str, str]:
    """Return a compose file with Caddy in front of some services."""
    return {
        "Caddyfile": caddyfile,
        "compose.yaml": compose(caddy=proxy or caddy(), **services) + "volumes: {caddy: {}}\n" + end,
    }


def to(upstream: str, host: str = "shop.example.org") -> str:
    return f"{host} {{\n\treverse_proxy {upstream}\n}}\n"


X = "{image: 'x:1', expose: ['4000']}"


@pytest.mark.parametrize(
    ("upstream", "meant"),
    [
        ("api:4000", None),
        ("API:4000", None),
        ("apii:4000", "api"),
        ("backend:4000", "api"),  # the only service with this port
        ("backend:9999", ""),  # perhaps of another project, which joins this network
        ("localhost:4000", "api"),
        ("127.0.0.1:4000", "api"),
        (":4000", "api"),
        ("localhost:2019", None),  # Caddy's own interface
        ("host.docker.internal:4000", None),
        ("10.0.0.7:4000", None),
        ("shop-api-1:4000", None),
        ("tasks.api:4000", None),
        ("unix//run/api.sock", None),
        ("{$NOWHERE}:4000", None),
        ("{$UPSTREAM:api:4000}", None),
        ("{$UPSTREAM:localhost:4000}", "api"),
        ("http://localhost:4000", "api"),
    ],
)
def test_an_upstream_is_a_service(upstream: str, meant: str | None) -> None:
    findings = found("unknown-upstream", proxied(to(upstream), api=X))
    assert [finding.help for finding in findings] == ([f"did you mean `{meant}`?"] if meant else [])


@pytest.mark.parametrize("name", ["container_name: apii", "hostname: apii", "networks: {default: {aliases: [apii]}}"])
def test_other_names_of_a_service_lead_to_it(name: str) -> None:
    assert found("unknown-upstream", proxied(to("apii:4000"), api=f"{{image: 'x:1', expose: ['4000'], {name}}}")) == []


@pytest.mark.parametrize("settings", ["external: true", "name: shared"])
def test_services_of_other_projects_may_be_on_a_shared_network(settings: str) -> None:
    end = f"networks: {{default: {{{settings}}}}}\n"
    assert found("unknown-upstream", proxied(to("apii:4000"), end=end, api=X)) == []
    assert len(found("unknown-upstream", proxied(to("localhost:4000"), end=end, api=X))) == 1


def test_an_environment_decides_where_requests_go() -> None:
    proxy = caddy("environment: {UPSTREAM: 'apii:4000'}")
    (finding,) = found("unknown-upstream", proxied(to("{$UPSTREAM:api:4000}"), proxy, api=X))
    assert "apii" in finding.message


def test_in_a_container_localhost_is_what_shares_it() -> None:
    shared = "{image: 'x:1', network_mode: 'service:caddy'}"
    assert found("unknown-upstream", proxied(to("localhost:4000"), api=shared)) == []
    own_site = to("localhost:8081") + ":8081 {\n\trespond ok\n}\n"
    assert found("unknown-upstream", proxied(own_site, api=X)) == []


def test_on_the_network_of_the_host_it_is_the_other_way_round() -> None:
    proxy = caddy("network_mode: host", ports="")
    assert found("unknown-upstream", proxied(to("localhost:4000"), proxy, api=X)) == []
    (finding,) = found("unknown-upstream", proxied(to("api:4000"), proxy, api=X))
    assert "host's network" in finding.message
    linked = caddy("network_mode: host, extra_hosts: ['api:127.0.0.1']", ports="")
    assert found("unknown-upstream", proxied(to("api:4000"), linked, api=X)) == []


def test_an_overlay_file_stands_in_front_of_the_services_of_the_file_beside_it() -> None:
    files = {
        "Caddyfile": to("api:4000"),
        "compose.yaml": compose(api=X),
        "compose.https.yaml": compose(caddy=caddy()),
    }
    assert found("unknown-upstream", files) == []
    assert found("unreachable-upstream", files) == []
    assert len(found("upstream-port", {**files, "Caddyfile": to("api:8080")})) == 0
    assert len(found("unknown-upstream", {**files, "Caddyfile": to("localhost:4000")})) == 1


@pytest.mark.parametrize(
    ("own", "other", "count"),
    [
        ("networks: [a]", "networks: [b]", 1),
        ("networks: [a, b]", "networks: [b]", 0),
        ("", "networks: [b]", 1),
        ("networks: [default]", "", 0),
        ("networks: {a: {}}", "networks: {b: {aliases: [x]}}", 1),
        ("networks: [a]", "network_mode: none", 1),
        ("networks: [a]", "network_mode: host", 0),
        ("networks: [a]", "extends: {file: other.yaml, service: api}", 0),
    ],
)
def test_proxy_and_service_meet_on_a_network(own: str, other: str, count: int) -> None:
    end = "networks: {a: {}, b: {}}\n"
    files = proxied(to("api:4000"), caddy(own), end, api=f"{{image: 'x:1'{', ' if other else ''}{other}}}")
    assert len(found("unreachable-upstream", files)) == count


@pytest.mark.parametrize(
    ("upstream", "right"),
    [("api:4000", None), ("api", 4000), ("api:8080", 4000), ("http://api:80", 4000), ("api:{$PORT}", None)],
)
def test_an_upstream_names_the_port_that_the_code_listens_on(upstream: str, right: int | None) -> None:
    files = {API: image("USER node"), **proxied(to(upstream), api=api("ports: ['8080:4000']"))}
    findings = found("upstream-port", files)
    assert [finding.help for finding in findings] == ([f"send them to api:{right}"] if right else [])


@pytest.mark.parametrize(
    ("service", "count"),
    [
        ("{image: 'x:1'}", 0),  # nothing is known about it
        ("{image: 'x:1', expose: ['3000']}", 0),  # it may listen on more than it says
        ("{image: 'x:1', ports: ['8080:3000']}", 1),
        ("{image: 'x:1', ports: ['8080:3000', '8081:8080']}", 0),
        ("{image: 'x:1', ports: ['${WEB:-8080}:3000']}", 1),
    ],
)
def test_the_port_on_the_host_is_not_the_one_in_the_container(service: str, count: int) -> None:
    assert len(found("upstream-port", proxied(to("api:8080"), api=service))) == count


@pytest.mark.parametrize(
    ("first", "second", "effect"),
    [
        ("a.org", "a.org", Effect.WILL_NOT_START),
        ("a.org, b.org", "c.org, b.org", Effect.WILL_NOT_START),
        ("a.org", "https://a.org", Effect.NOT_REACHABLE),
        ("a.org", "a.org:443", Effect.NOT_REACHABLE),
        ("{$H}", "{$H}", Effect.WILL_NOT_START),
        ("{$H:a.org}", "{$OTHER}", None),
        ("a.org", "http://a.org", None),
        ("*.a.org", "x.a.org", None),
        ("a.org/x", "a.org/y", None),
        (":80", ":8080", None),
    ],
)
def test_an_address_has_one_site(first: str, second: str, effect: Effect | None) -> None:
    text = f"{first} {{\n\trespond 1\n}}\n{second} {{\n\trespond 2\n}}\n"
    assert [finding.effect for finding in found("host-twice", {"Caddyfile": text})] == ([effect] if effect else [])


@pytest.mark.parametrize(
    ("text", "environment", "effect"),
    [
        ("{$HOST} {\n\trespond 1\n}\n", "", Effect.WILL_NOT_START),
        ("{$HOST} {\n\trespond 1\n}\n", "HOST: ${HOST}", None),
        ("{$HOST} {\n\trespond 1\n}\n", "HOST:", None),
        ("{$HOST:a.org} {\n\trespond 1\n}\n", "", None),
        ("{$HOST:a.org} {\n\trespond 1\n}\n", "HOST: '${HOST:-}'", Effect.WILL_NOT_START),
        ("{$HOST:a.org} {\n\trespond 1\n}\n", "HOST: '${HOST:-b.org}'", None),
        ("{\n\temail {$HOST}\n}\na.org {\n\trespond 1\n}\n", "", Effect.WILL_NOT_START),
        ("{\n\t{$HOST}\n}\na.org {\n\trespond 1\n}\n", "", None),
        ("a.org {\n\t{$HOST}\n}\n", "HOST: '${HOST:-}'", None),
        ("a.org {\n\treverse_proxy {$HOST}:80\n}\n", "", Effect.NOT_REACHABLE),
        ("a.org {\n\theader X-Where {$HOST}\n}\n", "", Effect.UNTIDY),
        ("a.org {\n\theader X-Where {env.HOSTNAME}\n}\n", "", None),
        ("a.org {\n\ttls {\n\t\tdns cloudflare {env.HOST}\n\t}\n}\n", "", Effect.WILL_NOT_START),
    ],
)
def test_caddy_is_given_its_variables(text: str, environment: str, effect: Effect | None) -> None:
    files = proxied(text, caddy(f"environment: {{{environment}}}" if environment else ""))
    found_effects = [finding.effect for finding in found("missing-proxy-variable", files)]
    assert found_effects == ([effect] if effect else [])


@pytest.mark.parametrize(("example", "count"), [("HOST=a.org\n", 0), ("OTHER=1\n", 1)])
def test_an_env_file_gives_variables(example: str, count: int) -> None:
    files = proxied("{$HOST} {\n\trespond 1\n}\n", caddy("env_file: .env"))
    assert len(found("missing-proxy-variable", {**files, ".env.example": example})) == count


DNS = "{\n\tacme_dns cloudflare {env.CF}\n}\n*.a.org {\n\trespond 1\n}\n"
BUILD = """
FROM caddy:2-builder AS b
RUN xcaddy build --with github.com/caddy-dns/%s
FROM caddy:2
COPY --from=b /usr/bin/caddy /usr/bin/caddy
"""


@pytest.mark.parametrize(
    ("image_of", "dockerfile", "count"),
    [
        ("image: 'caddy:2'", "", 1),
        ("image: 'docker.io/library/caddy:2-alpine'", "", 1),
        ("image: 'ghcr.io/shop/caddy:1'", "", 0),
        ("build: {context: ., dockerfile: caddy.Dockerfile}", "FROM caddy:2\n", 1),
        ("build: {context: ., dockerfile: caddy.Dockerfile}", BUILD % "cloudflare", 0),
        ("build: {context: ., dockerfile: caddy.Dockerfile}", BUILD % "hetzner", 1),
        ("build: {context: ., dockerfile_inline: 'FROM x'}", "", 0),
    ],
)
def test_the_image_has_the_module_of_the_dns_provider(image_of: str, dockerfile: str, count: int) -> None:
    files = proxied(DNS, f"{{{image_of}, {MOUNTS}, ports: ['443:443'], environment: [CF]}}")
    if dockerfile:
        files["caddy.Dockerfile"] = dockerfile
    assert len(found("missing-dns-module", files)) == count


TLS = "a.org {\n\ttls /certs/a.pem /certs/a.key\n\trespond 1\n}\n"


@pytest.mark.parametrize(
    ("mounts", "count"),
    [
        ("", 2),
        ("'./certs:/certs:ro'", 0),
        ("'/etc/ssl/a:/certs:ro'", 0),
        ("'certs:/certs'", 0),
        ("'./certs/a.pem:/certs/a.pem'", 1),
        ("'./certs:/cert'", 2),
        ("'./certs:${CERTS}'", 0),
    ],
)
def test_a_certificate_comes_from_somewhere(mounts: str, count: int) -> None:
    proxy = caddy(mounts=f"volumes: ['./Caddyfile:/etc/caddy/Caddyfile'{', ' if mounts else ''}{mounts}]")
    assert len(found("missing-certificate", proxied(TLS, proxy))) == count


def test_secrets_bring_certificates_too() -> None:
    assert found("missing-certificate", proxied(TLS, caddy("secrets: [key]"))) == []


@pytest.mark.parametrize(
    ("host", "ignored", "count"),
    [("a.org", "dist\n", 1), ("a.org", "/certs/\n", 0), ("a.org", "*.key\n", 0), ("a.localhost", "dist\n", 0)],
)
def test_a_private_key_is_no_part_of_the_repository(host: str, ignored: str, count: int) -> None:
    proxy = caddy(mounts="volumes: ['./Caddyfile:/etc/caddy/Caddyfile', './certs:/certs:ro']")
    files = {**proxied(TLS.replace("a.org", host), proxy), "certs/a.key": "-", ".gitignore": ignored}
    assert len(found("private-key-in-repository", files)) == count


@pytest.mark.parametrize(
    ("text", "mounts", "count"),
    [
        (to("api:4000"), "", 1),
        (to("api:4000"), "'caddy:/data'", 0),
        (to("api:4000"), "'./data:/data/caddy'", 0),
        (to("api:4000"), "'/data'", 1),
        (to("api:4000", "http://shop.example.org"), "", 0),
        (to("api:4000", ":80"), "", 0),
        (to("api:4000", "shop.localhost"), "", 0),
        (TLS, "", 0),
        ("{\n\tauto_https off\n}\n" + to("api:4000"), "", 0),
        ("{\n\tlocal_certs\n}\n" + to("api:4000"), "", 0),
        ("{\n\temail a@b.org\n}\n" + to("api:4000", "{$SITE}"), "", 1),
        (to("api:4000", "{$SITE}"), "", 0),
        (to("api:4000", "{$SITE}:8080"), "", 0),
        ("{\n\tstorage redis\n}\n" + to("api:4000"), "", 0),
    ],
)
def test_certificates_outlive_the_container(text: str, mounts: str, count: int) -> None:
    proxy = caddy(mounts=f"volumes: ['./Caddyfile:/etc/caddy/Caddyfile'{', ' if mounts else ''}{mounts}]")
    files = proxied(text, proxy, api=X)
    assert len(found("lost-certificates", files)) == count
    assert found("data-without-volume", files) == []


FILES = "a.org {\n\troot * /srv/web\n\tfile_server\n}\n"


@pytest.mark.parametrize(
    ("text", "mounts", "count"),
    [
        (FILES, "", 1),
        (FILES, "'./web:/srv/web:ro'", 0),
        (FILES, "'./web:/srv:ro'", 0),
        (FILES, "'./web:/srv/web/assets:ro'", 0),
        (FILES, "'./web:/srv/wep'", 1),
        (FILES.replace("/srv/web", "/srv/sites/{host}"), "'./web:/srv/sites:ro'", 0),
        (FILES.replace("/srv/web", "/srv/sites/{host}"), "", 1),
        (FILES.replace("/srv/web", "/usr/share/caddy"), "", 0),
        (FILES.replace("/srv/web", "{$ROOT}"), "", 0),
        (to("api:4000"), "", 0),
    ],
)
def test_files_that_are_served_come_from_somewhere(text: str, mounts: str, count: int) -> None:
    proxy = caddy(mounts=f"volumes: ['./Caddyfile:/etc/caddy/Caddyfile'{', ' if mounts else ''}{mounts}]")
    assert len(found("missing-proxy-files", proxied(text, proxy))) == count


def test_an_image_of_its_own_brings_caddyfile_and_files() -> None:
    dockerfile = """
        FROM node:22 AS b
        COPY . .
        RUN pnpm build
        FROM caddy:2
        COPY docker/Caddyfile /etc/caddy/Caddyfile
        COPY --from=b /apps/web/dist /srv/web
        """
    proxy = f"{{build: {{context: ., dockerfile: caddy.Dockerfile}}, {PORTS}, volumes: ['caddy:/data']}}"
    files = {"caddy.Dockerfile": dockerfile, "docker/Caddyfile": FILES, "compose.yaml": compose(caddy=proxy)}
    assert found("missing-proxy-files", files) == []
    files["docker/Caddyfile"] = to("localhost:4000")
    assert len(found("unknown-upstream", {**files, "compose.yaml": compose(caddy=proxy, api=X)})) == 1


@pytest.mark.parametrize(
    ("text", "ports", "count"),
    [
        (to("api:4000"), "ports: ['80:80', '443:443']", 0),
        (to("api:4000"), "ports: ['80:80']", 1),
        (to("api:4000"), "ports: ['443:443']", 0),
        (to("api:4000"), "ports: ['443:443/udp', '80:80']", 1),
        (to("api:4000"), "", 0),  # a tunnel or another proxy reaches it on its network
        (to("api:4000"), "ports: ['127.0.0.1:80:80', '127.0.0.1:443:443']", 1),
        (to("api:4000", "http://shop.example.org"), "ports: ['127.0.0.1:8080:80']", 0),
        (to("api:4000", ":80"), "ports: ['80:80', '443:443']", 0),
        (to("api:4000", ":8080"), "ports: ['80:80', '443:443']", 1),
        (to("api:4000", ":8080") + to("api:4000", ":80"), "ports: ['80:80']", 0),
        (to("api:4000", "{$SITE}"), "ports: ['8080:8080']", 0),
        ("{\n\temail a@b.org\n}\n" + to("api:4000", "{$SITE}"), "ports: ['80:80']", 1),
        (to("api:4000", "{$SITE}") + to("api:4000"), "ports: ['80:80']", 1),
        (TLS + to("api:4000", ":80"), "ports: ['80:80']", 1),
        (DNS, "environment: [CF], ports: ['127.0.0.1:443:443']", 0),
    ],
)
def test_the_port_of_a_site_is_published(text: str, ports: str, count: int) -> None:
    assert len(found("unpublished-proxy-port", proxied(text, caddy(ports=ports), api=X))) == count


VITE = """
{"name": "@shop/shop", "scripts": {"build": "vite build"}, "dependencies": {%s}, "devDependencies": {"vite": "7"}}
"""


@pytest.mark.parametrize(
    ("dependencies", "text", "count"),
    [
        ('"react-router-dom": "7"', FILES, 1),
        ('"vue-router": "4"', FILES, 1),
        ('"react": "19"', FILES, 0),
        ('"vue-router": "4", "vite-ssg": "1"', FILES, 0),
        ('"vue-router": "4"', FILES.replace("\tfile_server", "\ttry_files {path} /index.html\n\tfile_server"), 0),
        ('"vue-router": "4"', FILES.replace("\tfile_server", "\trewrite * /index.html\n\tfile_server"), 0),
        ('"vue-router": "4"', FILES.replace("\tfile_server", "\tfile_server /assets/*"), 0),
        ('"vue-router": "4"', FILES + "b.org {\n\thandle_errors {\n\t\trewrite * /index.html\n\t}\n}\n", 1),
    ],
)
def test_an_app_with_pages_in_the_browser_needs_a_fallback(dependencies: str, text: str, count: int) -> None:
    proxy = caddy(mounts="volumes: ['./Caddyfile:/etc/caddy/Caddyfile', './apps/shop/dist:/srv/web', 'caddy:/data']")
    files = {
        **proxied(text, proxy),
        "apps/shop/package.json": VITE % dependencies,
        "apps/shop/index.html": "<p>",
    }
    assert len(found("missing-history-fallback", files)) == count


def test_an_app_may_come_over_a_volume() -> None:
    proxy = caddy(mounts="volumes: ['./Caddyfile:/etc/caddy/Caddyfile', 'web:/srv:ro', 'caddy:/data']")
    files = {
        **proxied(FILES, proxy, shop="{image: 'x:1', volumes: ['web:/out']}"),
        "apps/shop/package.json": VITE % '"vue-router": "4"',
        "apps/shop/index.html": "<p>",
    }
    assert len(found("missing-history-fallback", files)) == 1


def test_an_image_whose_name_says_nothing_serves_files_when_it_reads_a_caddyfile() -> None:
    mounts = "volumes: ['./Caddyfile:/etc/caddy/Caddyfile', './apps/web/dist:/srv/web:ro']"
    proxy = f"{{image: 'ghcr.io/shop/edge:1', {mounts}, {PORTS}}}"
    assert len(found("mounted-build-output", proxied(FILES, proxy))) == 1


def test_a_comment_in_a_caddyfile_allows_a_finding() -> None:
    text = to("localhost:4000").replace("\n", "\n\t# bayplan: allow unknown-upstream it is started by hand\n", 1)
    files = proxied(text, api=X)
    assert found("unknown-upstream", files) == []
    assert found("unused-allowance", files) == []


@pytest.mark.parametrize(
    ("reference", "count"),
    [
        ("ghcr.io/${OWNER}/shop-api:${TAG:-latest}", 1),
        ("registry.example.com:5000/acme/api", 1),
        ("acme/shop-worker:1", 0),  # built elsewhere
        ("api:1", 0),  # anybody's
    ],
)
def test_an_image_that_is_pulled_is_known_by_the_name_of_its_folder(reference: str, count: int) -> None:
    files = proxied(to("api:8080"), api=f"{{image: '{reference}'}}")
    assert len(found("upstream-port", {**files, "apps/api/Dockerfile": image()})) == count


PROXY = "reverse_proxy api:4000"


@pytest.mark.parametrize(
    ("lines", "effect"),
    [
        (f"respond /metrics 403; handle {{; {PROXY}; }}", Effect.EXPOSES_DATA),
        (f"respond /metrics 404; route {{; {PROXY}; }}", Effect.EXPOSES_DATA),
        (f"abort /metrics; handle {{; {PROXY}; }}", Effect.EXPOSES_DATA),
        (f"error /api/metrics 403; handle /api/* {{; {PROXY}; }}", Effect.EXPOSES_DATA),
        (f"respond /api/internal/* 403; handle_path /api/* {{; {PROXY}; }}", Effect.EXPOSES_DATA),
        (f"route {{; {PROXY}; respond /metrics 403; }}", Effect.EXPOSES_DATA),
        (f"@x path /health /metrics; respond @x 403; handle /metrics {{; {PROXY}; }}", Effect.EXPOSES_DATA),
        (f"@x remote_ip 10.0.0.0/8; respond @x 403; handle {{; {PROXY}; }}", Effect.EXPOSES_DATA),
        (
            f"@a path /api/*; @b path /api/in/* /ops/*; handle @a {{; {PROXY}; }}; handle @b {{; respond 403; }}",
            Effect.EXPOSES_DATA,
        ),
        ("respond /.git/* 403; handle {; root * /srv; file_server; }", Effect.UNTIDY),
        (f"@a path /api/*; @b path /api/in/*; handle @a {{; {PROXY}; }}; handle @b {{; respond 403; }}", None),
        (f"respond /metrics 403; {PROXY}", None),  # respond comes before reverse_proxy
        (f"handle /metrics {{; respond 403; }}; handle {{; {PROXY}; }}", None),
        (f"handle {{; respond /metrics 403; {PROXY}; }}", None),
        (f"route {{; respond /metrics 403; {PROXY}; }}", None),
        (f"respond /metrics 403; handle /api/* {{; {PROXY}; }}", None),
        (f"respond /api/* 403; handle /api/public/* {{; {PROXY}; }}", None),  # everything but
        (f"respond /metrics* 403; handle /metrics {{; {PROXY}; }}", None),  # some are refused
        (f"respond 404; handle {{; {PROXY}; }}", None),  # a last resort, which hides nothing
        (f"respond /* 404; handle {{; {PROXY}; }}", None),
        (f"route /api/* {{; {PROXY}; respond 404; }}", None),
        (f"respond /metrics 503; handle {{; {PROXY}; }}", None),
        (f"respond /metrics 200; handle {{; {PROXY}; }}", None),
        (f"respond /metrics 403; handle {{; forward_auth auth:1 {{; uri /; }}; {PROXY}; }}", None),
        ("respond /metrics 403; handle {; redir https://example.org; }", None),
        ("respond /metrics 403; handle {; header X-A b; }", None),  # goes on
        ("respond /metrics 403; handle {; file_server {; pass_thru; }; }", None),
        (f"respond /metrics 403; @in remote_ip 10.0.0.0/8; handle @in {{; {PROXY}; }}", None),
        (f"respond {{$HIDDEN}} 403; handle {{; {PROXY}; }}", None),
        (f"uri strip_prefix /v1; rewrite * /x; respond /metrics 403; handle {{; {PROXY}; }}", None),
    ],
)
def test_what_is_refused_is_refused_before_it_is_answered(lines: str, effect: Effect | None) -> None:
    caddyfile = "shop.example.org {\n" + lines.replace("; ", "\n") + "\n}\n"
    effects = [finding.effect for finding in found("overtaken-refusal", proxied(caddyfile, api=X))]
    assert effects == ([effect] if effect else [])


def test_the_order_of_directives_can_be_changed() -> None:
    site = f"shop.example.org {{\nrespond /metrics 403\nhandle {{\n{PROXY}\n}}\n}}\n"
    assert len(found("overtaken-refusal", proxied(site, api=X))) == 1
    assert found("overtaken-refusal", proxied("{\norder respond before handle\n}\n" + site, api=X)) == []
