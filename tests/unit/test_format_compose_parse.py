"""Compose files as `docker compose` reads them."""

from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bayplan.errors import BrokenFileError
from bayplan.formats.compose import parse
from bayplan.model.deployment import ComposeFile, DeployedService, Mount, Published, Wait
from bayplan.source import At, Located


def read(text: str, path: str = "docker-compose.yml") -> ComposeFile:
    return parse(dedent(text), path)


def only(text: str, path: str = "docker-compose.yml") -> DeployedService:
    """Return the service whose keys are given."""
    body = "".join(f"    {line}\n" for line in dedent(text).strip().splitlines())
    return read(f"services:\n  api:\n{body}", path).services[0]


def values(located: object) -> object:
    """Return values without their places."""
    if isinstance(located, dict):
        return {key: values(each) for key, each in located.items()}
    if isinstance(located, tuple):
        return tuple(values(each) for each in located)
    return located.value if isinstance(located, Located) else located


def test_a_service_has_its_name_and_the_place_of_its_key() -> None:
    file = read("name: shop\nservices:\n  db:\n    image: postgres:15\n  api:\n    image: x\n")
    assert [service.name for service in file.services] == ["db", "api"]
    assert file.services[1].at == At("docker-compose.yml", 5, 3, 3, "services.api")
    api = file.service("api")
    assert api is not None
    assert api.image == Located("x", At("docker-compose.yml", 6, 12, 1, "services.api.image"))
    assert api.platform == "compose"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ('"8080:80"', [("8080", 80, "", "tcp")]),
        ("8080:80", [("8080", 80, "", "tcp")]),
        ("22:22", [("22", 22, "", "tcp")]),
        ('"80"', [(None, 80, "", "tcp")]),
        ("80", [(None, 80, "", "tcp")]),
        ('"127.0.0.1:8080:80"', [("8080", 80, "127.0.0.1", "tcp")]),
        ('"127.0.0.1::80"', [(None, 80, "127.0.0.1", "tcp")]),
        ('"[::1]:8080:80/udp"', [("8080", 80, "::1", "udp")]),
        ('"3000-3001:4000-4001"', [("3000", 4000, "", "tcp"), ("3001", 4001, "", "tcp")]),
        ('"3000-3009:80"', [("3000-3009", 80, "", "tcp")]),
        ('"${PORT:-4000}:4000"', [("${PORT:-4000}", 4000, "", "tcp")]),
        ('"${A:?a:b}:${B:-81}"', [("${A:?a:b}", 81, "", "tcp")]),
        ('"${A}:${B}"', []),
        ('"nonsense"', []),
        ('"99999:99999"', []),
        ("[]", []),
        ("null", []),
        ("{target: 80}", [(None, 80, "", "tcp")]),
        ('{target: 80, published: "8080", host_ip: 127.0.0.1, protocol: udp}', [("8080", 80, "127.0.0.1", "udp")]),
        ("{target: x, published: 8080}", []),
    ],
)
def test_ports_of_every_shape(written: str, found: list[tuple[str | None, int, str, str]]) -> None:
    ports = only(f"ports:\n  - {written}").published
    assert [(port.host, port.container, port.address, port.protocol) for port in ports] == found


def test_a_port_knows_its_place() -> None:
    port = only("ports:\n  - 1:1\n  - '2:2'").published[1]
    assert port == Published(2, "2", "", At("docker-compose.yml", 5, 9, 5, "services.api.ports[1]"))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("data:/var/lib/data", ("volume", "data", "/var/lib/data", False)),
        ("./a:/a:ro", ("bind", "./a", "/a", True)),
        ("/a:/b:z,ro", ("bind", "/a", "/b", True)),
        ("~/a:/b", ("bind", "~/a", "/b", False)),
        ("/anonymous", ("volume", "", "/anonymous", False)),
        ("${DIR:-./x}:/b", ("bind", "${DIR:-./x}", "/b", False)),
        ("'C:\\a:/b'", ("bind", "C:\\a", "/b", False)),
        ("{type: bind, source: ./a, target: /b, read_only: true}", ("bind", "./a", "/b", True)),
        ("{type: tmpfs, target: /run}", ("tmpfs", "", "/run", False)),
        ("{target: /b}", ("volume", "", "/b", False)),
    ],
)
def test_mounts_of_every_shape(written: str, found: tuple[str, str, str, bool]) -> None:
    (mount,) = only(f"volumes:\n  - {written}").mounts
    assert (mount.kind, mount.source, mount.target, mount.read_only) == found


def test_tmpfs_is_a_mount_alone_or_in_a_list() -> None:
    assert [mount.target for mount in only("tmpfs: /run").mounts] == ["/run"]
    (first, second) = only("tmpfs:\n  - /run:size=64k\n  - /tmp").mounts
    assert first == Mount("tmpfs", "", "/run", read_only=False, at=first.at)
    assert second.at.line == 5


def test_waiting_for_a_service_is_a_list_or_a_mapping() -> None:
    (wait,) = only("depends_on: [db]").waits
    assert (wait.service, wait.condition) == ("db", "service_started")
    first, second = only("depends_on:\n  db: {condition: service_healthy, restart: true}\n  redis:").waits
    assert first == Wait("db", "service_healthy", At("docker-compose.yml", 4, 7, 2, "services.api.depends_on.db"))
    assert second.condition == "service_started"


@pytest.mark.parametrize(
    "written",
    ["{A: 1.10, B: true, C: 'x=y', D: }", "[A=1.10, B=true, C=x=y, D]", "{A: !!str 1.10, B: 'true', C: x=y, D: ~}"],
)
def test_an_environment_is_a_list_or_a_mapping_and_keeps_its_text(written: str) -> None:
    service = only(f"environment: {written}")
    assert values(dict(service.environment)) == {"A": "1.10", "B": "true", "C": "x=y", "D": ""}


def test_a_variable_keeps_its_place_and_its_interpolation() -> None:
    service = only("environment:\n  URL: ${URL:?needed}\n  PASSED:\n")
    assert service.environment["URL"] == Located(
        "${URL:?needed}", At("docker-compose.yml", 4, 12, 14, "services.api.environment.URL")
    )
    assert service.environment["PASSED"].at.line == 5


@pytest.mark.parametrize(
    ("written", "files"),
    [
        ("a.env", ("deploy/a.env",)),
        ("[a.env, ../b.env]", ("deploy/a.env", "b.env")),
        (
            "[{path: a.env, required: false}, b.env, /etc/c.env, 3, {x: y}]",
            ("deploy/a.env", "deploy/b.env", "/etc/c.env", "deploy/3"),
        ),
    ],
)
def test_env_files_are_relative_to_the_compose_file(written: str, files: tuple[str, ...]) -> None:
    service = only(f"env_file: {written}", "deploy/compose.yaml")
    assert tuple(file.value for file in service.env_files) == files


def test_what_may_be_missing_says_so_in_the_settings() -> None:
    service = only("env_file: [{path: a.env, required: false}]\ndepends_on: {db: {required: false}}")
    assert values(dict(service.settings)) == {"env_file[0].required": "false", "depends_on.db.required": "false"}


@pytest.mark.parametrize(
    ("build", "context", "dockerfile"),
    [
        (".", "deploy", "deploy/Dockerfile"),
        ("..", ".", "Dockerfile"),
        ("../apps/api", "apps/api", "apps/api/Dockerfile"),
        ("{context: .., dockerfile: apps/api/Dockerfile}", ".", "apps/api/Dockerfile"),
        ("{context: .., dockerfile: apps/$$a/Dockerfile}", ".", "apps/$a/Dockerfile"),
        ("{context: ../apps/api, dockerfile: ../Dockerfile.api}", "apps/api", "apps/Dockerfile.api"),
        ("{dockerfile: x.Dockerfile}", "deploy", "deploy/x.Dockerfile"),
        ("{context: ../../outside}", "../outside", "../outside/Dockerfile"),
        ("{context: .., dockerfile_inline: FROM a}", ".", None),
        ("https://github.com/a/b.git", "https://github.com/a/b.git", None),
        ("null", None, None),
        ("3", None, None),
        ("[a]", None, None),
    ],
)
def test_a_build_is_relative_to_the_root_of_the_repository(
    build: str, context: str | None, dockerfile: str | None
) -> None:
    service = only(f"build: {build}", "deploy/compose.yaml")
    assert values(service.context) == context
    assert values(service.dockerfile) == dockerfile


def test_a_build_has_a_target_and_arguments() -> None:
    service = only("build:\n  target: run\n  args:\n    - A=1\n    - B\n  cache_from: [x]")
    assert values(service.target) == "run"
    assert values(dict(service.build_arguments)) == {"A": "1", "B": ""}
    assert values(dict(service.settings)) == {"build.cache_from[0]": "x"}


@pytest.mark.parametrize(
    ("written", "argv"),
    [
        ("{test: curl -f x}", ("CMD-SHELL", "curl -f x")),
        ("{test: [CMD, curl, -f, 8080]}", ("CMD", "curl", "-f", "8080")),
        ("{test: [NONE]}", ("NONE",)),
        ("{test: NONE}", ("NONE",)),
        ("{disable: true}", ("NONE",)),
        ("{interval: 5s}", None),
        ("{test: []}", None),
        ("nonsense", None),
    ],
)
def test_health_checks_of_every_shape(written: str, argv: tuple[str, ...] | None) -> None:
    health = only(f"healthcheck: {written}").health
    assert (health.argv if health else None) == argv


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("node main.js", ("node main.js",)),
        ("[node, main.js, 3]", ("node", "main.js", "3")),
        ("[]", ()),
        ("", None),
        ("{}", None),
    ],
)
def test_a_command_is_a_text_or_a_list(written: str, words: tuple[str, ...] | None) -> None:
    assert values(only(f"command: {written}").command) == words


def test_other_scalars_are_settings_by_their_route() -> None:
    service = only("""
        restart: unless-stopped
        init: true
        stop_grace_period: 30s
        entrypoint: [a, b]
        deploy: {resources: {limits: {memory: 512M, cpus: 0.50}}}
        cap_drop: [ALL]
        secrets:
          - source: s
            target: /s
        x-note: hello
        healthcheck: {test: x, interval: 5s}
        networks: [a]
        user: 1000
        read_only: true
        profiles: [debug, 1]
    """)
    assert values(dict(service.settings)) == {
        "restart": "unless-stopped",
        "init": "true",
        "stop_grace_period": "30s",
        "entrypoint[0]": "a",
        "entrypoint[1]": "b",
        "deploy.resources.limits.memory": "512M",
        "deploy.resources.limits.cpus": "0.50",
        "cap_drop[0]": "ALL",
        "secrets[0].source": "s",
        "secrets[0].target": "/s",
        "x-note": "hello",
        "healthcheck.interval": "5s",
    }
    assert service.settings["deploy.resources.limits.memory"].at.key == "services.api.deploy.resources.limits.memory"
    assert values(service.user) == "1000"
    assert service.read_only
    assert service.profiles == ("debug", "1")


def test_networks_and_volumes_of_the_file_and_of_a_service() -> None:
    file = read("""
        services:
          a: {networks: [front]}
          b: {networks: {back: {aliases: [x]}, front: }}
        networks: {front: , back: {internal: true}}
        volumes: {data: {}, other: }
    """)
    assert [(network.name, network.internal) for network in file.networks] == [("front", False), ("back", True)]
    assert [volume.value for volume in file.volumes] == ["data", "other"]
    assert [values(service.networks) for service in file.services] == [("front",), ("back", "front")]
    assert file.networks[1].at.key == "networks.back"


def test_anchors_and_merge_keys_are_followed() -> None:
    file = read("""
        x-common: &common
          restart: always
          environment: &env {A: "1"}
        services:
          a:
            <<: *common
            environment: {<<: *env, B: "2"}
          b: *common
    """)
    a, b = file.services
    assert values(dict(a.environment)) == {"A": "1", "B": "2"}
    assert values(b.settings["restart"]) == values(a.settings["restart"]) == "always"


def test_a_service_takes_from_another_of_the_same_file_what_it_does_not_say_itself() -> None:
    file = read("""
        services:
          base: {image: x, user: node, environment: {A: "1", B: "1"}, depends_on: [db]}
          api: {extends: base, image: y, environment: {B: "2"}}
          late: {extends: {service: api}}
          far: {extends: {service: base, file: other.yml}}
          loop: {extends: loop}
          gone: {extends: nobody}
    """)
    api, late = file.service("api"), file.service("late")
    assert api is not None
    assert late is not None
    assert (values(api.image), values(api.user), api.waits) == ("y", "node", ())
    assert values(dict(late.environment)) == {"A": "1", "B": "2"}
    assert late.name == "late"
    assert [values(service.image) for service in file.services[3:]] == [None, None, None]


@pytest.mark.parametrize("text", ["", "# nothing", "- a", "text", "a: [", "a: b: c", "*x", "\x00"])
def test_what_is_no_mapping_is_broken(text: str) -> None:
    with pytest.raises(BrokenFileError) as caught:
        parse(text, "compose.yaml")
    assert caught.value.remedy
    assert caught.value.at


def test_a_long_chain_of_extends_does_not_exhaust_the_stack() -> None:
    links = "".join(f"  s{number}: {{extends: s{number + 1}}}\n" for number in range(3000))
    assert len(parse(f"services:\n{links}  s3000: {{image: x}}\n", "compose.yaml").services) == 3001


keys = st.sampled_from(
    [
        *("image", "build", "context", "dockerfile", "args", "ports", "volumes", "tmpfs", "depends_on", "environment"),
        *("env_file", "path", "required", "healthcheck", "test", "command", "networks", "extends", "service", "target"),
        *("type", "source", "published", "condition", "profiles", "user", "deploy", "disable", "x"),
    ]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["a:b", "::", "1-9:", "=", "${", "api"])
)
shapes = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@given(
    st.dictionaries(
        st.sampled_from(["services", "networks", "volumes", "x"]),
        shapes | st.dictionaries(st.sampled_from(["api", "db"]), st.dictionaries(keys, shapes)),
    )
)
def test_unknown_shapes_never_raise(data: dict[str, object]) -> None:
    file = parse(yaml.safe_dump(data), "compose.yaml")
    services = data.get("services")
    assert [each.name for each in file.services] == (sorted(services) if isinstance(services, dict) else [])
