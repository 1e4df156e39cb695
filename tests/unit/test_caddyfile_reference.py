"""Our reading of Caddyfiles is Caddy's."""

import re

import pytest

from bayplan.errors import BrokenFileError, UsageError
from bayplan.formats import caddyfile
from bayplan.model.proxy import ProxyFile, ProxyRoute, ProxySite, ProxyUpstream
from tests.unit.caddy_reference import Answer, Heard, Verdict, ask, command, sites
from tests.unit.caddyfiles import BAD, GOOD, NEWER, STRICTER, TOLERATED, UNLIKE_AS_WORDS

pytestmark = pytest.mark.engine

HEREDOCS_SINCE = (2, 7)
WITH_DNS = re.compile(r"^(\s*)(?:dns|acme_dns) .*$", re.MULTILINE)
WITHOUT_DNS = r"\1protocols tls1.2"
"""The modules of providers are not in the usual build."""


@pytest.fixture(scope="module")
def caddy(request: pytest.FixtureRequest) -> tuple[tuple[int, ...], dict[str, Verdict]]:
    argv = command(None)
    if argv[0] != "sh":
        argv = command(request.getfixturevalue("engine"))
    version, verdicts = ask(argv, {**_all(), **_written()})
    return tuple(map(int, re.findall(r"\d+", version)[:2])), verdicts


def _all() -> dict[str, str]:
    return {name: WITH_DNS.sub(WITHOUT_DNS, text) for name, text in {**GOOD, **NEWER, **BAD, **TOLERATED}.items()}


def _written() -> dict[str, str]:
    """Return the good files as we write them; some hold what we write in no file, such as line breaks in words."""
    written = {}
    for name, text in {**GOOD, **NEWER}.items():
        if name in UNLIKE_AS_WORDS:
            continue
        try:
            rendered = caddyfile.render(caddyfile.document(WITH_DNS.sub(WITHOUT_DNS, text), "Caddyfile"))
        except UsageError:
            continue
        written[f"written: {name}"] = rendered.text
    return written


def _dial(upstream: ProxyUpstream) -> str:
    if upstream.written.startswith(":"):
        return upstream.written
    if upstream.scheme == "unix":
        return f"unix/{upstream.host}"
    host = f"[{upstream.host}]" if ":" in upstream.host else upstream.host
    return f"{host}:{upstream.port}" if upstream.port else upstream.written


def _ours(route: ProxyRoute) -> Answer:
    return Answer(
        route.kind,
        tuple(tuple(path.value for path in each.paths) for each in route.matchers if each.paths),
        tuple(tuple(host.value for host in each.hosts) for each in route.matchers if each.hosts),
        tuple(map(_dial, route.upstreams)),
        route.status,
        route.target.value if route.target else "",
    )


def _heard(routes: tuple[ProxyRoute, ...]) -> Heard:
    """Bring our reading to the same form: there, one file server serves several folders."""
    pairs = zip(routes, (*routes[1:], None), strict=False)
    kept = [one for one, next_one in pairs if not (next_one and one.at == next_one.at and one.kind == "files")]
    roots = {route.root.value for route in routes if route.root}
    return Heard([_ours(route) for route in kept], roots)


def _by_address(file: ProxyFile) -> dict[tuple[int, tuple[str, ...], str], ProxySite]:
    found: dict[tuple[int, tuple[str, ...], str], ProxySite] = {}
    for site in file.sites:
        for port, path in {(address.port, address.path) for address in site.addresses}:
            on_port = [each for each in site.addresses if (each.port, each.path) == (port, path)]
            hosts = tuple(sorted(each.host for each in on_port if each.host))
            assert port is not None
            found[(port, hosts if all(each.host for each in on_port) else (), path)] = site
    return found


@pytest.mark.parametrize("name", [*GOOD, *NEWER])
def test_what_we_read_is_what_caddy_reads(name: str, caddy: tuple[tuple[int, ...], dict[str, Verdict]]) -> None:
    version, verdicts = caddy
    if name in NEWER and version < HEREDOCS_SINCE:
        pytest.skip("this Caddy is too old for it")
    verdict = verdicts[name]
    assert verdict.config is not None, verdict.error
    file = caddyfile.parse(_all()[name], "Caddyfile")
    ours, theirs = _by_address(file), sites(verdict.config)
    assert set(ours) == set(theirs)
    failures = sites(verdict.config, errors=True)
    for key, site in ours.items():
        assert _heard(site.routes).answers == theirs[key].answers
        assert _heard(site.routes).roots <= theirs[key].roots
        assert _heard(site.errors).answers == (failures[key].answers if key in failures else [])


@pytest.mark.parametrize("name", GOOD)
def test_certificates_are_those_that_caddy_loads(name: str, caddy: tuple[tuple[int, ...], dict[str, Verdict]]) -> None:
    config = caddy[1][name].config
    assert config is not None
    loaded = config.get("apps", {}).get("tls", {}).get("certificates", {}).get("load_files", [])
    file = caddyfile.parse(_all()[name], "Caddyfile")
    named = {
        (site.tls.certificate.value, site.tls.key.value)
        for site in file.sites
        if site.tls and site.tls.certificate and site.tls.key
    }
    assert named == {(each["certificate"], each["key"]) for each in loaded}


@pytest.mark.parametrize("name", BAD)
def test_what_caddy_refuses_we_refuse(name: str, caddy: tuple[tuple[int, ...], dict[str, Verdict]]) -> None:
    assert caddy[1][name].config is None
    with pytest.raises(BrokenFileError) as raised:
        caddyfile.parse(BAD[name], "Caddyfile")
    assert raised.value.remedy
    assert raised.value.at
    assert raised.value.at.line


@pytest.mark.parametrize("name", TOLERATED)
def test_what_caddy_refuses_for_another_reason_we_read(
    name: str, caddy: tuple[tuple[int, ...], dict[str, Verdict]]
) -> None:
    assert caddy[1][name].config is None or "dns" in TOLERATED[name]
    assert caddyfile.parse(TOLERATED[name], "Caddyfile").sites


@pytest.mark.parametrize("name", _written())
def test_what_we_write_means_the_same_and_is_laid_out_as_caddy_does(
    name: str, caddy: tuple[tuple[int, ...], dict[str, Verdict]]
) -> None:
    version, verdicts = caddy
    original = name.removeprefix("written: ")
    if original in NEWER and version < HEREDOCS_SINCE:
        pytest.skip("this Caddy is too old for it")
    assert verdicts[name].config == verdicts[original].config
    # this version leaves a blank behind a variable that stands alone before a brace
    assert re.sub(r" +$", "", verdicts[name].formatted, flags=re.MULTILINE) == _written()[name]


@pytest.mark.parametrize("name", STRICTER)
def test_what_nobody_means_we_refuse(name: str) -> None:
    with pytest.raises(BrokenFileError):
        caddyfile.parse(STRICTER[name], "Caddyfile")
