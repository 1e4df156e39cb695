"""Fly's files: what they say of services, and what of them Fly does not take."""

import shlex
import tomllib
from textwrap import dedent

import pytest

from bayplan.catalog import load
from bayplan.formats import fly
from bayplan.model.deployment import DeployedService, Fault, Irregular, PlatformFile

GENERATED = """
    app = 'shop'
    primary_region = 'iad'

    [build]

    [http_service]
      internal_port = 8080
      force_https = true
      auto_stop_machines = 'stop'
      auto_start_machines = true
      min_machines_running = 0
      processes = ['app']

    [[vm]]
      memory = '1gb'
      cpu_kind = 'shared'
      cpus = 1
"""

BEFORE_MACHINES = """
    app = "shop"
    kill_signal = "SIGINT"
    kill_timeout = 5
    processes = []

    [build]
    builder = "paketobuildpacks/builder:base"
    buildpacks = ["gcr.io/paketo-buildpacks/go"]

    [build.args]
    BP_KEEP_FILES = "templates/*"

    [env]
    PORT = 8080
    VERBOSE = true

    [experimental]
    allowed_public_ports = []
    auto_rollback = true
    enable_consul = true

    [mounts]
    destination = "/data"
    source = "shop_data"

    [[services]]
    http_checks = []
    internal_port = 8080
    processes = ["app"]
    protocol = "tcp"
    script_checks = []

    [services.concurrency]
    hard_limit = 25
    soft_limit = 20
    type = "connections"

    [[services.ports]]
    force_https = true
    handlers = ["http"]
    port = 80

    [[services.ports]]
    handlers = ["tls", "http"]
    port = "443"

    [[services.tcp_checks]]
    grace_period = "1s"
    interval = 15000
    restart_limit = 0
    timeout = "2s"
"""

RAILS = """
    app = "shop"
    console_command = "/rails/bin/rails console"
    swap_size_mb = 512

    [deploy]
    release_command = "./bin/rails db:prepare"
    release_command_timeout = "10m"
    strategy = "canary"
    max_unavailable = 0.5
    wait_timeout = "10m0s"

    [deploy.release_command_vm]
    size = "performance-1x"
    memory = "8gb"

    [processes]
    app = "./bin/rails server"
    worker = "bundle exec sidekiq"

    [http_service]
    internal_port = 3000
    processes = ["app"]

    [http_service.concurrency]
    type = "requests"
    soft_limit = 200

    [checks.status]
    port = 3000
    type = "http"
    interval = "10s"
    timeout = "2s"
    grace_period = "5s"
    method = "GET"
    path = "/up"
    protocol = "http"
    tls_skip_verify = false
    processes = ["app"]

    [checks.status.headers]
    X-Forwarded-Proto = "https"

    [[vm]]
    memory = 512
    processes = ["app"]

    [[vm]]
    size = "shared-cpu-2x"
    processes = ["worker"]

    [[statics]]
    guest_path = "/rails/public"
    url_prefix = "/"
"""

EVERYTHING = """
    app = "shop"
    host_dedication_id = "a1"
    machine_config = "machine.json"
    container = "app"

    [build]
    image = "registry.example.com/shop:1"

    [[http_service.checks]]
    grace_period = "10s"
    headers = { Authorization = "Basic x" }
    tls_server_name = "shop.example.com"

    [[http_service.machine_checks]]
    image = "curlimages/curl"
    entrypoint = ["/bin/sh", "-c"]
    command = ["curl http://[$FLY_TEST_MACHINE_IP]"]
    kill_signal = "SIGKILL"
    kill_timeout = "5s"

    [http_service.tls_options]
    alpn = ["h2"]
    versions = ["TLSv1.3"]
    default_self_signed = false

    [http_service.http_options]
    compress = true
    h2_backend = true
    idle_timeout = 600

    [http_service.http_options.response]
    pristine = true

    [http_service.http_options.response.headers]
    fly-request-id = false
    X-Frame-Options = "DENY"
    Vary = ["Accept", "Origin"]

    [[http_service.http_options.replay_cache]]
    path_prefix = "/"
    ttl_seconds = 300
    type = "cookie"
    name = "session"

    [[restart]]
    policy = "on-failure"
    retries = 10

    [[files]]
    guest_path = "/app/a.json"
    secret_name = "A"

    [[metrics]]
    port = 9091
    path = "/metrics"
    https = false

    [[mounts]]
    source = "data"
    destination = "/data"
    initial_size = 20
    snapshot_retention = 14
    scheduled_snapshots = true
    auto_extend_size_threshold = 80
    auto_extend_size_increment = "1GB"
    auto_extend_size_limit = "5GB"

    [[vm]]
    size = "performance-2x"
    gpus = 1
    gpu_kind = "l40s"
    kernel_args = ["quiet"]
    persist_rootfs = "always"
    memory_mb = 4096
"""

UDP = """
    app = "names"

    [[services]]
    internal_port = 53
    protocol = "udp"
    auto_stop_machines = "off"
    ports = [{ port = 53 }]

    [[services]]
    internal_port = 5432

    [[services.ports]]
    start_port = 10000
    end_port = 10010
    handlers = ["pg_tls"]
    proxy_proto_options = { version = "v2" }
    tls_options = { alpn = ["mqtt"] }
"""

OTHER = [
    'app = "shop"',
    '[metrics]\nport = 9091\npath = "/metrics"',
    '[restart]\npolicy = "always"',
    '[vm]\nmemory = "2GB"\ncpus = 2',
    'services = []\nchecks = []\n[[processes]]\nname = "app"\ncommand = "run"',
    '[[env]]\nA = 1\n[[env]]\nB = "b"',
    '[experimental]\nentrypoint = "run"\ncmd = ["a", "b"]\nlazy_load_images = true\nmachine_config = "{}"',
    '[build]\ncompose.file = "compose.yaml"',
    '[build]\nbuilder = "heroku/builder:24"\nignorefile = ".dockerignore.fly"\n[build.settings]\nfoo = 2',
    '[build]\ndockerfile = "Dockerfile"\nbuild-target = "run"',
    'kill_timeout = "1m30s"\nkill_signal = "SIGUSR1"',
    '[http_service]\ninternal_port = 80\nauto_stop_machines = "suspend"',
    '[[services]]\ninternal_port = "8080"\nconcurrency = "20,25"',
    '[checks.redis]\ntype = "tcp"\nport = 6379\ninterval = 15000',
    '[[statics]]\nguest_path = "/a"\nurl_prefix = "/a"\ntigris_bucket = "b"\nindex_document = "index.html"',
]


def irregular(text: str) -> tuple[Irregular, ...]:
    return fly.parse(dedent(text), "fly.toml").irregular


def services(text: str) -> tuple[DeployedService, ...]:
    return fly.parse(dedent(text), "fly.toml").services


@pytest.mark.parametrize("text", [GENERATED, BEFORE_MACHINES, RAILS, EVERYTHING, UDP, *OTHER])
def test_nothing_is_said_of_a_file_that_fly_takes(text: str) -> None:
    assert irregular(text) == ()


@pytest.mark.parametrize(
    ("text", "fault", "line", "said"),
    [
        ("[http_service]\ninternal_prt = 80", Fault.UNKNOWN, 2, "did you mean `internal_port`?"),
        ('app = "a"\nprimary_regoin = "ams"', Fault.UNKNOWN, 2, "did you mean `primary_region`?"),
        ("[machines]\ncpus = 4", Fault.UNKNOWN, 1, "`machines`"),
        ('[deploy]\nrelase_command = "a"', Fault.UNKNOWN, 2, "did you mean `release_command`?"),
        ('[[http_service.checks]]\npaths = "/up"', Fault.UNKNOWN, 2, "did you mean `path`?"),
        ('[build]\nbuild_targte = "a"', Fault.UNKNOWN, 2, "did you mean `build-target`?"),
        ('[http_service]\ninternal_port = "80"', Fault.WRONG, 2, "takes a port"),
        ("[http_service]\ninternal_port = 70000", Fault.WRONG, 2, "takes a port"),
        ('[http_service.checks]\npath = "/up"', Fault.WRONG, 1, "takes a list of a table"),
        ("[build.args]\nA = 1", Fault.WRONG, 2, "takes a text"),
        ('[http_service]\nauto_stop_machines = "yes"', Fault.WRONG, 2, "`off` or `stop` or `suspend`"),
        ('[deploy]\nstrategy = "recreate"', Fault.WRONG, 2, "`rolling`"),
        ('[[http_service.checks]]\ninterval = "soon"', Fault.WRONG, 2, "a duration"),
        ('[checks.up]\nport = 80\npath = "/"', Fault.WRONG, 1, "has no `type`"),
        ('[[restart]]\npolicy = "sometimes"', Fault.WRONG, 2, "`always` or `never` or `on-failure`"),
        ('[statics]\nguest_path = "/a"\nurl_prefix = "/"', Fault.WRONG, 1, "takes a list"),
        ("[vm]\nprocesses = [{ a = 1 }]", Fault.WRONG, 2, "takes a text"),
        ('kill_signal = "TERM"', Fault.WRONG, 1, "`SIGTERM`"),
        ("[http_service]\nauto_stop_machines = true", Fault.OLD, 2, "auto_stop_machines"),
        ("[[services]]\nauto_stop_machines = false", Fault.OLD, 2, "auto_stop_machines"),
        ('[mount]\nsource = "a"', Fault.OLD, 1, "`mount`"),
        ('[build]\nbuild_target = "a"', Fault.OLD, 2, "`build.build_target`"),
        ('[[services]]\n[[services.script_checks]]\ncommand = "a"', Fault.IGNORED, 2, "services[0].script_checks"),
        ("[[services]]\n[[services.tcp_checks]]\nrestart_limit = 6", Fault.IGNORED, 3, "restart_limit"),
        ('[http_service]\n[[http_service.http_checks]]\npath = "/"', Fault.IGNORED, 2, "http_service.http_checks"),
        ("[deploy]\nkill_timeout = 30", Fault.IGNORED, 2, "deploy.kill_timeout"),
        ("[[http_service.checks]]\nport = 80", Fault.IGNORED, 2, "checks[0].port"),
    ],
)
def test_what_fly_does_not_take_is_found_in_its_line(text: str, fault: Fault, line: int, said: str) -> None:
    (found,) = irregular(text)
    assert (found.fault, found.at.line) == (fault, line)
    assert said in found.message
    assert found.help


def test_an_old_form_has_the_new_one_beside_it() -> None:
    asleep, awake = irregular(
        """
        [http_service]
        auto_stop_machines = true
        [[services]]
        auto_stop_machines = false
        """
    )
    assert asleep.help == 'write `"stop"`, or `"suspend"`'
    assert awake.help == 'write `"off"`'


def test_the_table_names_its_sources_and_every_key_that_it_speaks_of() -> None:
    table = load("platforms/fly")
    shapes = table["shape"]
    assert all(shape["source"].startswith("https://") for shape in shapes.values())
    rows = [*table["old"], *table["ignored"]]
    assert all(row["shape"] in shapes and row["because"] for row in rows)
    assert table["regions"]["usual"] in table["regions"]["known"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[http_service]\ninternal_port = 80", "web"),
        ('[[services]]\n[[services.ports]]\nhandlers = ["tls", "http"]', "web"),
        ("[[services]]\n[[services.ports]]\nport = 53", ""),
        ('[build]\nimage = "postgres:16"\n[mounts]\nsource = "a"\ndestination = "/a"', "store"),
        ('[checks.up]\ntype = "http"\nport = 3001', "private"),
        ('[processes]\nworker = "node a.js"', "worker"),
        ('app = "a"', ""),
    ],
)
def test_what_listens_and_what_is_kept_tells_what_an_app_is(text: str, kind: str) -> None:
    (service,) = services(text)
    assert service.kind == kind


def test_the_release_command_belongs_to_the_usual_group() -> None:
    app, worker = services('[deploy]\nrelease_command = "a b"\n[processes]\napp = "c"\nworker = "d"')
    assert app.release is not None
    assert app.release.value == ("a b",)
    assert app.release.at.line == 2
    assert worker.release is None
    assert app.settings["deploy.release_command"].value == "a b"


def test_a_private_app_has_the_port_of_its_check() -> None:
    (service,) = services('[checks.up]\ntype = "http"\nport = 3001\npath = "/up"')
    assert service.port is not None
    assert service.port.value == 3001
    assert service.health_path is not None
    assert service.health_path.at.line == 4


def test_a_service_that_is_a_table_alone_is_read_as_a_list_of_one() -> None:
    (service,) = services('[services]\ninternal_port = 81\n[services.http_checks]\npath = "/up"')
    assert service.port is not None
    assert service.port.value == 81
    assert service.health_path is not None


def test_words_that_replace_the_command_are_the_command() -> None:
    (service,) = services('[experimental]\ncmd = ["node", "a b.js"]')
    assert service.command is not None
    assert service.command.value == ("node", "a b.js")


@pytest.mark.parametrize(
    ("build", "there", "dockerfile"),
    [
        ("", ("deploy/Dockerfile", "Dockerfile"), "deploy/Dockerfile"),
        ("", ("Dockerfile",), "Dockerfile"),
        ("", ("deploy/dockerfile",), "deploy/dockerfile"),
        ("", (), None),
        ('[build]\ndockerfile = "../Dockerfile"', (), "Dockerfile"),
        ('[build]\ndockerfile = "https://example.com/Dockerfile"', (), None),
        ('[build]\nimage = "a"', ("Dockerfile",), None),
    ],
)
def test_a_dockerfile_that_is_not_named_is_the_one_that_is_there(
    build: str, there: tuple[str, ...], dockerfile: str | None
) -> None:
    (service,) = fly.parse(build, "deploy/fly.toml", lambda path: path in there).services
    assert (service.dockerfile.value if service.dockerfile else None) == dockerfile


def test_a_file_that_is_only_named_like_one_says_nothing() -> None:
    assert fly.parse("[wheel]\nspeed = 3", "fly-wheel.toml") == PlatformFile("fly-wheel.toml", ())
    assert fly.parse("[wheel]\nspeed = 3", "apps/fly.toml").irregular
    assert fly.parse('app = "a"\n[wheel]\nspeed = 3', "fly.staging.toml").irregular


@pytest.mark.parametrize(
    ("text", "fault", "line", "said"),
    [
        ('[processes]\napp = "npm run migrate && npm start"', Fault.WRONG, 2, "`&&`, which only a shell understands"),
        ('[deploy]\nrelease_command = "a | b"', Fault.WRONG, 2, "`|`"),
        ('console_command = "it\'s"', Fault.WRONG, 1, "a quotation mark without another"),
        ('[mounts]\nsource = "a"\ndestination = "/a"\ninitial_size = "500mb"', Fault.WRONG, 4, "at least 1 GB"),
        ('[mounts]\nsource = "a"\nsnapshot_retention = 90', Fault.WRONG, 3, "1 to 60"),
        ('[mounts]\nsource = "a"\nauto_extend_size_threshold = 80', Fault.IGNORED, 3, "`auto_extend_size_limit`"),
        ('[[mounts]]\nsource = "a"\n[[mounts]]\nsource = "b"', Fault.REFUSED, 4, "mounts one volume"),
        ('[build]\nimage = "a"\ndockerfile = "Dockerfile"', Fault.IGNORED, 3, "`build.dockerfile`"),
    ],
)
def test_what_flyctl_refuses_or_does_otherwise_is_found_in_its_line(
    text: str, fault: Fault, line: int, said: str
) -> None:
    (found,) = irregular(text)
    assert (found.fault, found.at.line) == (fault, line)
    assert said in found.message
    assert found.help


def test_a_command_for_a_shell_is_shown_as_one() -> None:
    (found,) = irregular("[processes]\nweb = \"a && b 'c'\"")
    assert found.help.startswith('write `web = "sh -c ')
    (line,) = tomllib.loads(found.help.removeprefix("write `").removesuffix("`")).values()
    assert shlex.split(line) == ["sh", "-c", "a && b 'c'"]


@pytest.mark.parametrize(
    "text",
    [
        "[processes]\napp = \"sh -c 'a && b'\"",
        '[processes]\napp = "a --filter x&&y"',
        '[build]\nbuilder = "heroku/builder:24"\n[processes]\napp = "a && b"',
        '[[mounts]]\nsource = "a"\nprocesses = ["x"]\n[[mounts]]\nsource = "b"\nprocesses = ["y"]',
        '[mounts]\nsource = "a"\ninitial_size = 20\nsnapshot_retention = 60',
        '[mounts]\nsource = "a"\nauto_extend_size_threshold = 0',
    ],
)
def test_nothing_is_said_of_what_flyctl_takes(text: str) -> None:
    assert irregular(text) == ()
