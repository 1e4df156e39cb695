"""What a Caddyfile says: sites, routes, certificates, variables, each with its place."""

import contextlib
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bayplan.errors import BrokenFileError
from bayplan.formats.caddyfile import parse
from bayplan.model.proxy import ProxyFile, ProxyRoute, ProxySite, ProxyVariable
from bayplan.source import At
from tests.unit.caddyfiles import BAD, GOOD, NEWER, STRICTER


def read(text: str, **files: str) -> ProxyFile:
    """Read a text, beside which stand files by the names that imports give them."""
    return parse(text, "docker/Caddyfile", lambda name, _: [(name, files[name])] if name in files else [])


def site(text: str) -> ProxySite:
    (only,) = read(f"example.com {{\n{text}\n}}\n").sites
    return only


def route(text: str) -> ProxyRoute:
    (only,) = site(text).routes
    return only


def test_an_upstream_has_its_place() -> None:
    (upstream,) = route("\treverse_proxy /api/*   api:3000").upstreams
    assert (upstream.host, upstream.port, upstream.scheme) == ("api", 3000, "http")
    assert upstream.at == At("docker/Caddyfile", 2, 25, 8)


def test_the_host_of_a_site_leads_to_its_routes() -> None:
    file = read(GOOD["origin certificates, redirect"])
    api = file.site("api.example.com")
    assert api
    assert [each.kind for each in api.answers("/metrics")] == ["refuse"]
    assert [each.upstreams[0].host for each in api.answers("/users")] == ["api"]
    plain = file.site("www.example.com", "http")
    assert plain
    (redirect,) = plain.answers("/")
    assert (redirect.status, redirect.target and redirect.target.value) == (301, "https://{host}{uri}")


def test_the_site_whose_address_says_most_answers() -> None:
    file = read("*.example.com {\n\trespond 1\n}\napi.example.com {\n\trespond 2\n}\n:443 {\n\trespond 3\n}\n")
    found = [file.site(host) for host in ("api.example.com", "web.example.com", "a.b.example.com")]
    assert [each and each.addresses[0].written for each in found] == ["api.example.com", "*.example.com", ":443"]


def test_no_site_answers_for_another_host() -> None:
    assert read("example.com {\n\trespond 1\n}\n").site("other.com") is None


@pytest.mark.parametrize(
    ("pattern", "path", "takes"),
    [
        ("/api/*", "/api/users", True),
        ("/api/*", "/api", False),
        ("/api*", "/api", True),
        ("/api*", "/apis", True),
        ("/api", "/api/", False),
        ("/API", "/api", True),
        ("*.php", "/a/b.php", True),
        ("*/x/*", "/a/x/b", True),
        ("*", "/anything", True),
    ],
)
def test_a_pattern_takes_paths_as_caddy_does(pattern: str, path: str, *, takes: bool) -> None:
    assert bool(site(f"@it path {pattern}\nrespond @it 200").answers(path)) is takes


def test_a_condition_on_more_than_the_path_leaves_it_open_who_answers() -> None:
    both = site("@up header Upgrade websocket\nreverse_proxy @up sockets:1\nreverse_proxy web:1")
    assert [each.upstreams[0].host for each in both.answers("/")] == ["sockets", "web"]


def test_a_handle_keeps_its_requests_from_the_handles_after_it() -> None:
    here = read(GOOD["handles that end nothing"]).sites[0]
    assert [each.target and each.target.value for each in here.answers("/a/x")] == ["after"]
    assert [each.target and each.target.value for each in here.answers("/b")] == ["rest"]


def test_a_handle_chosen_by_host_answers_for_that_host() -> None:
    wildcard = read(GOOD["wildcard by host matcher"]).sites[0]
    assert [each.upstreams[0].host for each in wildcard.answers("/", "git.example.com")] == ["gitea"]
    assert [each.kind for each in wildcard.answers("/", "other.example.com")] == ["refuse"]


def test_inside_of_handle_path_patterns_are_of_the_whole_path() -> None:
    nested = read(GOOD["nested handles"]).sites[0]
    (answer,) = nested.answers("/api/v2/users")
    assert (answer.upstreams[0].host, answer.stripped) == ("v2", "/api/v2")
    assert [each.kind for each in nested.answers("/api/metrics")] == ["refuse"]


def test_a_rewriting_before_the_proxy_is_told() -> None:
    proxied = read(GOOD["rewriting before the proxy"]).sites[0].answers("/api/users")[0]
    assert (proxied.stripped, proxied.rewritten and proxied.rewritten.value) == ("/api", "/api/v1{uri}")


def test_files_have_their_folder_and_their_fallback() -> None:
    files = site("root * /srv/web\ntry_files {path} /index.html\nfile_server").answers("/some/page")[0]
    assert files.root
    assert (files.kind, files.root.value) == ("files", "/srv/web")
    assert [each.value for each in files.fallback] == ["{path}", "/index.html"]


def test_a_fallback_that_comes_first_takes_the_requests_of_the_api() -> None:
    spa = "root * /srv\ntry_files {path} /index.html\nfile_server\nreverse_proxy /api/* api:3000"
    assert [each.kind for each in site(spa).answers("/api/users")] == ["files"]
    (proxy,) = [each for each in site(spa).routes if each.kind == "proxy"]
    assert proxy.shadowed
    assert proxy.shadowed.value == "/index.html"


@pytest.mark.parametrize("last", ["/api/index.php", "{path}/index.html", "/api/app?{query}"])
def test_a_fallback_that_may_lead_to_the_api_takes_nothing_from_it(last: str) -> None:
    both = site(f"try_files {{path}} {last}\nreverse_proxy /api/* api:3000\nfile_server")
    assert [each.kind for each in both.answers("/api/users")] == ["proxy"]


def test_a_fallback_inside_a_block_takes_nothing_from_other_blocks() -> None:
    spa = read(GOOD["single page app with an api"]).sites[0]
    assert [each.kind for each in spa.answers("/api/users")] == ["proxy"]
    assert [each.kind for each in spa.answers("/about")] == ["files"]


def test_of_several_folders_the_matching_one_is_served() -> None:
    several = read(GOOD["several roots"]).sites[0]
    roots = {path: several.answers(path)[0].root for path in ("/static/a.css", "/media/a.png", "/index.html")}
    assert [each and each.value for each in roots.values()] == ["/srv/static", "/srv/uploads", "/srv/all"]


@pytest.mark.parametrize(
    ("line", "kind", "status"),
    [
        ("respond 204", "respond", 204),
        ('respond "gone" 410', "refuse", 410),
        ("respond hello", "respond", 200),
        ("respond", "respond", 200),
        ("respond {$CODE}", "respond", 200),
        ("error 404", "refuse", 404),
        ('error "broken"', "refuse", 500),
        ("abort", "refuse", None),
        ("redir /new", "redirect", 302),
        ("redir https://x.example permanent", "redirect", 301),
        ("redir https://x.example {http.vars.code}", "redirect", None),
        ("metrics", "other", None),
    ],
)
def test_an_answer_has_its_status(line: str, kind: str, status: int | None) -> None:
    assert (route(line).kind, route(line).status) == (kind, status)


def test_subdirectives_of_the_proxy_can_be_asked_for() -> None:
    proxy = route("reverse_proxy api:3000 {\n\thealth_uri /health\n\thealth_interval 5s\n}")
    health = proxy.setting("health_uri")
    assert health
    assert (health.value, health.at.line) == ("/health", 3)
    assert proxy.setting("lb_policy") is None


def test_a_service_that_is_looked_up_again_and_again_is_an_upstream() -> None:
    (upstream,) = route("reverse_proxy {\n\tdynamic a {\n\t\tname api\n\t\tport 3000\n\t}\n}").upstreams
    assert (upstream.host, upstream.port) == ("api", 3000)


def test_certificate_files_have_their_places() -> None:
    tls = site("tls /certs/cert.pem /certs/key.pem").tls
    assert tls
    assert tls.certificate
    assert tls.key
    assert (tls.certificate.value, tls.certificate.at.column) == ("/certs/cert.pem", 5)
    assert tls.key.value == "/certs/key.pem"


@pytest.mark.parametrize(
    "block",
    [
        "dns hetzner {env.TOKEN}",
        "dns hetzner {\n\tapi_token {env.TOKEN}\n}",
        "issuer acme {\n\tdns hetzner {env.TOKEN}\n}",
    ],
)
def test_the_dns_challenge_has_its_provider_and_token(block: str) -> None:
    tls = site(f"tls {{\n{block}\n}}").tls
    assert tls
    assert tls.dns
    assert tls.dns.value == "hetzner"
    assert [each.value for each in tls.dns_arguments] == ["{env.TOKEN}"]


@pytest.mark.parametrize("line", ["tls internal", "tls {\n\tissuer internal\n}"])
def test_a_certificate_of_its_own_is_internal(line: str) -> None:
    tls = site(line).tls
    assert tls
    assert tls.internal


def test_an_email_address_is_no_certificate() -> None:
    tls = site("tls ops@example.com").tls
    assert tls
    assert tls.email
    assert (tls.email.value, tls.certificate) == ("ops@example.com", None)


def test_options_can_be_asked_for() -> None:
    file = read("{\n\tauto_https off\n\tservers {\n\t\ttrusted_proxies static private_ranges\n\t}\n}\n")
    option = file.option("auto_https")
    assert option
    assert (option.text, option.at.line) == ("off", 2)
    assert file.option("email") is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Example.COM", ("https", "example.com", 443)),
        ("http://example.com", ("http", "example.com", 80)),
        ("example.com:80", ("http", "example.com", 80)),
        ("example.com:8443", ("https", "example.com", 8443)),
        (":80", ("http", "", 80)),
        (":8080", ("http", "", 8080)),
        (":443", ("https", "", 443)),
        ("http://", ("http", "", 80)),
        ("[::1]:80", ("http", "::1", 80)),
        ("api.{$DOMAIN}", ("https", "api.{$DOMAIN}", 443)),
        ("{$SITE}", ("https", "{$SITE}", None)),
        ("http://{$SITE}", ("http", "{$SITE}", 80)),
        (":{$PORT}", ("http", "", None)),
        (":{$PORT:8080}", ("http", "", 8080)),
        ("*.{env.DOMAIN}", ("https", "*.{env.DOMAIN}", 443)),
    ],
)
def test_an_address_says_where_a_site_listens(address: str, expected: tuple[str, str, int | None]) -> None:
    (found,) = read(f"{address} {{\n\trespond 200\n}}\n").sites[0].addresses
    assert (found.scheme, found.host, found.port) == expected
    assert found.written == address


def test_without_automatic_https_an_odd_port_is_plain() -> None:
    file = read("{\n\tauto_https off\n}\nexample.com:9000 {\n\trespond 200\n}\n")
    assert file.sites[0].addresses[0].scheme == "http"


def test_variables_have_their_defaults_and_places() -> None:
    file = read('{$DOMAIN:localhost} {\n\treverse_proxy {$API}:3000\n\theader X "is {env.STAGE}"\n}\n')
    assert file.variables == (
        ProxyVariable("DOMAIN", "localhost", when_read=True, at=At("docker/Caddyfile", 1, 1, 19)),
        ProxyVariable("API", None, when_read=True, at=At("docker/Caddyfile", 2, 16, 6)),
        ProxyVariable("STAGE", None, when_read=False, at=At("docker/Caddyfile", 3, 15, 11)),
    )
    assert file.sites[0].addresses[0].host == "localhost"
    assert file.sites[0].routes[0].upstreams[0].host == "{$API}"


def test_a_variable_in_a_comment_is_none() -> None:
    assert not read("# {$NOT_ONE}\nexample.com {\n\trespond 200 # {env.NEITHER}\n}\n").variables


def test_an_argument_of_a_snippet_has_the_place_of_the_import() -> None:
    file = read("(to) {\n\treverse_proxy {args[0]}\n}\nexample.com {\n\timport to api:3000\n}\n")
    assert file.sites[0].routes[0].upstreams[0].at.line == 5


def test_arguments_may_be_all_taken_at_once_and_blocks_handed_on() -> None:
    text = """
(to) {
	reverse_proxy {args[1:]} {
		{block}
	}
}
example.com {
	import to ignored one:1 two:2 {
		health_uri /up
	}
}
"""
    (proxy,) = read(text).sites[0].routes
    assert [each.host for each in proxy.upstreams] == ["one", "two"]
    assert proxy.setting("health_uri")


def test_a_named_route_answers_where_it_is_invoked() -> None:
    named = read(NEWER["named route"]).sites[0]
    assert [each.kind for each in named.answers("/x")] == ["files"]


def test_a_heredoc_is_one_word() -> None:
    answer = read(NEWER["heredoc"]).sites[0].answers("/")[0]
    assert (answer.status, answer.target and answer.target.value) == (418, '<p>{host}</p>\n\n<p>"quoted"</p>')


def test_files_are_imported_where_they_are_named() -> None:
    text = "import sites/a\nexample.com {\n\timport common\n}\n"
    file = read(text, **{"sites/a": "a.example.com {\n\trespond 1\n}\n", "common": "reverse_proxy {$UP:api:80}\n"})
    assert [each.addresses[0].host for each in file.sites] == ["a.example.com", "example.com"]
    assert file.sites[1].routes[0].at == At("common", 1, 1, 13)
    assert file.imports == ("sites/a", "common")
    assert [each.name for each in file.variables] == ["UP"]


def test_a_file_that_is_not_found_is_told() -> None:
    (missing,) = read("example.com {\n\timport elsewhere/*.caddy\n}\n").missing
    assert (missing.value, missing.at.line) == ("elsewhere/*.caddy", 2)


def test_what_is_not_known_is_kept() -> None:
    text = "rate_limit @undefined {\n\tzone all 5\n}\nhandle {\n\theader -Server\n}"
    assert [(each.name, each.text) for each in site(text).directives] == [
        ("rate_limit", "@undefined"),
        ("header", "-Server"),
    ]


@pytest.mark.parametrize("name", [*BAD, *STRICTER])
def test_a_broken_file_is_refused_with_its_place_and_a_remedy(name: str) -> None:
    with pytest.raises(BrokenFileError) as raised:
        parse({**BAD, **STRICTER}[name], "Caddyfile")
    assert raised.value.remedy
    assert raised.value.at
    assert raised.value.at.line


def test_the_place_of_a_brace_that_is_never_closed_is_where_it_opens() -> None:
    with pytest.raises(BrokenFileError) as raised:
        parse("example.com {\n\tencode gzip\n", "Caddyfile")
    assert raised.value.at == At("Caddyfile", 1, 13, 1)


def test_snippets_that_import_each_other_many_times_are_refused_soon() -> None:
    doubling = "".join(f"(s{n}) {{\n\timport s{n + 1}\n\timport s{n + 1}\n}}\n" for n in range(40))
    with pytest.raises(BrokenFileError):
        parse(f"{doubling}example.com {{\n\timport s0\n}}\n", "Caddyfile")


def test_blocks_without_end_are_refused() -> None:
    with pytest.raises(BrokenFileError):
        parse("example.com {\n" + "handle {\n" * 5000 + "}\n" * 5001, "Caddyfile")


WORDS = """example.com { } " ` <<E E # , import (s) &(s) @m path /x/* * handle handle_path route reverse_proxy root tls
    {$A} {$A:b} {$ {args[0]} {args[:]} {block} not :80 http:// respond invoke s to dynamic a order before"""
FRAGMENTS = st.sampled_from([*WORDS.split(), "\n", " ", "\t", "\\", "{$A:b c}"])


@given(st.lists(FRAGMENTS, max_size=40).flatmap(lambda parts: st.sampled_from(["".join(parts), " ".join(parts)])))
@example("{$A:} {\n}")
@example("(s) {\n\tinvoke s\n}\n&(s) {\n\tinvoke s\n}\nx {\n\tinvoke s\n}")
@example("import")
@example("{\n\torder\n\torder a before\n}")
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BrokenFileError):
        assert parse(text, "Caddyfile").path == "Caddyfile"


def test_a_long_file_is_read_in_milliseconds() -> None:
    one = "\n".join(GOOD["single page app with an api"].splitlines()[2:])
    text = "\n".join(one.replace("shop", f"shop{n}") for n in range(16))
    start = time.perf_counter()
    file = parse(text, "Caddyfile")
    assert time.perf_counter() - start < 0.1
    assert len(file.sites) == 16
