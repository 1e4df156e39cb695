import gzip
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import IO, Any, ClassVar

import pytest

from bayplan.errors import CommandFailedError
from bayplan.model.code import Code
from bayplan.model.evidence import Evidence, Status
from bayplan.model.image import Copy, Image, Stage, Workdir
from bayplan.model.lockfile import LockedPackage, Lockfile, Manager
from bayplan.model.parts import Condition, Health, Limits, Need
from bayplan.model.running import Bound, BuiltImage, Container, Event, HistoryLine, Process
from bayplan.model.secret import Secret
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.model.workspace import Package, Workspace
from bayplan.probes import (
    Probe,
    cascade,
    hardened,
    health,
    http,
    jobs,
    layers,
    leftovers,
    prove,
    record,
    size,
    stop,
    user,
)
from bayplan.probes.archive import read_archive
from bayplan.probes.subject import Subject
from bayplan.source import At, Fact, Why

WHY = Why("test", "by hand")
LIMITS = Limits(256, 1.0)
BASE = ("base",)
SECRET = "correct-horse-battery"  # noqa: S105 - a made-up one


def service(name: str, role: Role = Role.WEB, **more: object) -> Service:
    stages = (
        Stage("build", "node:20-alpine", (), WHY),
        Stage("run", "node:20-alpine", (Workdir("/app", WHY), Copy(("a",), "b", WHY)), WHY),
    )
    image = Image(f"apps/{name}/Dockerfile", ".", stages)
    command: Fact[tuple[str, ...]] = Fact(("node", "x"), WHY)
    one = Service(name, f"apps/{name}", Fact(role, WHY), image, command, LIMITS)
    return replace(one, **more)  # type: ignore[arg-type]


def store(name: str, port: int) -> Store:
    check = Health(WHY, command=("check",))
    return Store(name, name, Fact(f"{name}:1", WHY), port, check, "/data", f"{name}-data", LIMITS, WHY)


def container(name: str, state: str = "running", **more: object) -> Container:
    return Container(f"id-{name}", name, name, "sha256:1", state, **more)  # type: ignore[arg-type]


class Engine:
    """An engine whose answers a test decides."""

    def __init__(self, *containers: Container) -> None:
        self.known = {each.service: each for each in containers}
        self.images: dict[str, BuiltImage] = {}
        self.archives: dict[str, bytes] = {}
        self.running: tuple[Process, ...] = ()
        self.text = ""
        self.since = ""
        self.answers: list[dict[str, object]] = []
        self.stopped: list[str] = []
        self.exit_codes: dict[str, int] = {}
        self.scripts: list[str] = []

    def containers(self) -> tuple[Container, ...]:
        return tuple(self.known.values())

    def image(self, name: str) -> BuiltImage | None:
        return self.images.get(name)

    @contextmanager
    def saved(self, name: str) -> Iterator[IO[bytes]]:
        yield io.BytesIO(self.archives[name])

    def processes(self, container: Container) -> tuple[Process, ...]:
        del container
        return self.running

    def logs(self, container: Container, lines: int | None = None, since: str = "") -> str:
        self.since = since
        del container, lines
        return self.text

    def execute(self, container: Container, argv: Sequence[str], stdin: str, timeout: float = 60) -> tuple[int, str]:
        del container, argv, timeout
        self.scripts.append(stdin)
        return 0, "a line of the app's own\n" + json.dumps(self.answers.pop(0))

    def elsewhere(self, image: str, network: str, argv: Sequence[str], timeout: float = 60) -> tuple[int, str]:
        del timeout
        self.scripts.append(f"{image} in {network}: {' '.join(argv[3:])}")
        return 0, json.dumps(self.answers.pop(0))

    def stop(self, container: Container, seconds: int) -> None:
        del seconds
        self.stopped.append(container.service)
        code = self.exit_codes.get(container.service, 0)
        self.known[container.service] = replace(container, state="exited", health="", exit_code=code)


def subject(stack: Stack, engine: Engine, workspace: Workspace | None = None) -> Subject:
    names = {each.name: f"{stack.name}-{each.name}" for each in stack.services}
    there = workspace or Workspace("shop", Manager("pnpm", Fact("10.0.0", WHY)), ())
    return Subject(stack, there, engine, names, start=lambda _: (), secrets=(Secret(SECRET),))


def stack(*services: Service, stores: tuple[Store, ...] = ()) -> Stack:
    return Stack("shop", "production", Fact("20", WHY), services, stores)


def statuses(found: Iterator[Evidence]) -> list[Status]:
    return [each.status for each in found]


def one(found: Iterator[Evidence], ending: str = "") -> Evidence:
    return next(each for each in found if each.id.endswith(ending))


class TestHealth:
    def test_only_dockers_own_word_counts(self) -> None:
        api = service("api", health=Health(WHY, path="/health"))
        for word, status in (("healthy", Status.PROVED), ("starting", Status.FAILED), ("", Status.FAILED)):
            given = subject(stack(api), Engine(container("api", health=word)))
            assert statuses(health.probe(given)) == [status]

    def test_a_job_must_have_ended_with_0_and_a_worker_must_run(self) -> None:
        plan = stack(service("migrate", Role.JOB), service("worker", Role.WORKER), service("lost"))
        engine = Engine(container("migrate", "exited"), container("worker"))
        assert statuses(health.probe(subject(plan, engine))) == [Status.PROVED, Status.PROVED, Status.FAILED]

    def test_each_of_several_that_do_the_same_counts(self) -> None:
        api = service("api", replicas=2)
        engine = Engine(container("api"))
        assert statuses(health.probe(subject(stack(api), engine))) == [Status.PROVED, Status.FAILED]
        engine.known["another"] = replace(container("api"), id="another")
        assert statuses(health.probe(subject(stack(api), engine))) == [Status.PROVED, Status.PROVED]
        engine.known["another"] = replace(container("api", "restarting"), id="another")
        assert statuses(health.probe(subject(stack(api), engine))) == [Status.FAILED, Status.FAILED]


class TestCascade:
    NEEDS: ClassVar = (Need("postgres", Condition.HEALTHY, WHY), Need("migrate", Condition.DONE, WHY))

    def _judge(self, *events: Event) -> list[Status]:
        plan = stack(service("api", needs=self.NEEDS))
        given = subject(plan, Engine())
        given.events = events
        return statuses(cascade.probe(given))

    def test_a_start_after_health_and_after_the_jobs_end_is_proved(self) -> None:
        events = (
            Event(1.0, "postgres", "p", "start"),
            Event(2.0, "postgres", "p", "healthy"),
            Event(3.0, "migrate", "m", "die", 0),
            Event(3.5, "api", "a", "start"),
        )
        assert self._judge(*events) == [Status.PROVED, Status.PROVED]

    def test_a_start_before_health_or_after_a_failed_job_is_found(self) -> None:
        events = (
            Event(1.0, "api", "a", "start"),
            Event(2.0, "postgres", "p", "healthy"),
            Event(3.0, "migrate", "m", "die", 1),
        )
        assert self._judge(*events) == [Status.FAILED, Status.FAILED]

    def test_what_nobody_watched_is_not_claimed(self) -> None:
        assert self._judge() == [Status.SKIPPED, Status.SKIPPED]


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, kind = {"/health": (200, "application/json"), "/": (200, "text/html")}.get(
            self.path, (404, "text/plain")
        )
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has upstream
        del format, args


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


class TestHttp:
    def _probe(self, path: str, port: int, *, page: bool = False) -> list[Evidence]:
        api = service("api", health=Health(WHY, path=path), port=Fact(3000, WHY), binding=object())
        bound = (Bound(3000, "127.0.0.1", port),)
        framework = Fact("next" if page else "nest", WHY)
        package = Package("api", "apps/api", At("x"), code=Code(framework=framework))
        workspace = Workspace("shop", Manager("pnpm", Fact("10", WHY)), (package,))
        engine = Engine(container("api", bound=bound))
        return list(http.probe(subject(stack(api), engine, workspace)))

    def test_the_health_path_must_answer_200(self, port: int) -> None:
        assert self._probe("/health", port)[0].status is Status.PROVED
        wrong = self._probe("/healthz", port)[0]
        assert wrong.status is Status.FAILED
        assert "answers 404" in wrong.measured

    def test_a_page_must_be_one(self, port: int) -> None:
        assert self._probe("/health", port, page=True)[1].measured.endswith("/ answers 200 text/html")

    def test_a_port_that_nobody_answers_is_found(self) -> None:
        assert self._probe("/health", 1)[0].status is Status.FAILED


class TestUser:
    def test_every_process_counts_and_not_only_the_first(self) -> None:
        engine = Engine(container("api"))
        engine.running = (Process(1, 0, "1000", "node"), Process(2, 1, "0", "sh"))
        assert next(user.probe(subject(stack(service("api")), engine))).status is Status.FAILED
        engine.running = engine.running[:1]
        assert next(user.probe(subject(stack(service("api")), engine))).status is Status.PROVED

    def test_on_another_machine_the_engines_settings_are_the_evidence(self) -> None:
        engine = Engine(container("api", pid=2**22 + 1, dropped=("ALL",), security=("no-new-privileges:true",)))
        found = list(user.probe(subject(stack(service("api")), engine)))
        assert [each.status for each in found] == [Status.SKIPPED, Status.PROVED, Status.PROVED]
        engine = Engine(container("api", pid=2**22 + 1, security=("no-new-privileges:false",)))
        assert statuses(user.probe(subject(stack(service("api")), engine)))[1:] == [Status.FAILED, Status.FAILED]


def layer(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def archive(*blobs: bytes) -> bytes:
    """Return what `docker save` prints since version 25: layers under hashes, the manifest last."""
    names = [f"blobs/sha256/{index:064}" for index in range(len(blobs))]
    manifest = json.dumps([{"Config": "blobs/sha256/c", "Layers": names}]).encode()
    return layer({"blobs/sha256/c": b"{}", **dict(zip(names, blobs, strict=True)), "manifest.json": manifest})


class TestArchive:
    def test_layers_come_in_the_manifests_order_compressed_or_not(self) -> None:
        data = archive(layer({"a": b"1"}), gzip.compress(layer({"b": b"22"})), layer({}))
        contents = read_archive(io.BytesIO(data), ())
        assert [[(file.path, file.size) for file in each.files] for each in contents.layers] == [
            [("a", 1)],
            [("b", 2)],
            [],
        ]

    def test_a_secret_is_found_across_the_border_of_two_reads(self) -> None:
        content = b"x" * ((1 << 20) - 10) + SECRET.encode() + b"y"
        contents = read_archive(io.BytesIO(archive(layer({"app/big": content}))), (SECRET,))
        assert contents.layers[0].files[0].hits == ("a secret's value",)

    def test_keys_and_tokens_are_found_but_not_the_words_about_them(self) -> None:
        key = b"-----BEGIN RSA PRIVATE KEY-----\n" + b"A" * 64 + b"\n-----END"
        files = {
            "app/id_rsa": key,
            "app/parser.js": b"if (text.includes('-----BEGIN PRIVATE KEY-----')) ok()",
            "app/node_modules/x/test/key.pem": key,
            "app/.npmrc": b"//registry.example.com/:_authToken=npm_abc\n",
            "web/.npmrc": b"//registry.example.com/:_authToken=${NPM_TOKEN}\n",
        }
        found = read_archive(io.BytesIO(archive(layer(files))), ()).layers[0].files
        assert {file.path: file.hits for file in found if file.hits} == {
            "app/id_rsa": ("a private key",),
            "app/.npmrc": ("a registry token",),
        }


def _lockfile() -> Lockfile:
    packages = {name: LockedPackage(name, "1") for name in ("express", "typescript", "@types/node")}
    importers = {"apps/api": {"production": ("express",), "development": ("typescript", "@types/node")}}
    return Lockfile("pnpm-lock.yaml", "9.0", importers, {}, packages)


def _weighed(files: dict[str, bytes], *, environment: tuple[str, ...] = (), budget: int | None = None) -> Subject:
    api = service("api", budget_mb=budget)
    engine = Engine()
    engine.images["node:20-alpine"] = BuiltImage("b", 1, BASE)
    history = (HistoryLine("COPY a b"),)
    engine.images["shop-api"] = BuiltImage("i", 1, (*BASE, "ours"), environment=environment, history=history)
    base = {"usr/local/bin/node": b"n" * 1000, "usr/local/lib/node_modules/typescript/package.json": b"{}"}
    engine.archives["shop-api"] = archive(layer(base), layer(files))
    lib = Package("@shop/lib", "packages/lib", At("x"))
    api_package = Package("@shop/api", "apps/api", At("x"))
    workspace = Workspace("shop", Manager("pnpm", Fact("10", WHY), lockfile=_lockfile()), (api_package, lib))
    return subject(stack(api), engine, workspace)


CLEAN = {
    "app/apps/api/dist/main.js": b"run()",
    "app/node_modules/express/package.json": b"{}",
    "app/node_modules/express/index.js.map": b"{}",
    "app/node_modules/express/lib.ts": b"a dependency's own",
    "app/.env.example": b"A=",
}


class TestLayers:
    def test_a_clean_image_is_proved_whatever_its_base_holds(self) -> None:
        found = list(layers.probe(_weighed(CLEAN)))
        assert [each.status for each in found] == [Status.PROVED] * 5, found

    @pytest.mark.parametrize(
        ("path", "content", "wrong"),
        [
            ("app/.env", b"", "secrets"),
            ("app/.env.production", b"", "secrets"),
            ("app/.git/config", b"", "secrets"),
            ("app/config.json", SECRET.encode(), "secrets"),
            ("app/node_modules/.pnpm/typescript@5/node_modules/typescript/package.json", b"{}", "development"),
            ("app/node_modules/@types/node/package.json", b"{}", "development"),
            ("app/apps/api/src/main.ts", b"run()", "sources"),
            ("app/node_modules/@shop/lib/src/index.tsx", b"run()", "sources"),
            ("app/apps/api/dist/main.js.map", b"{}", "maps"),
            ("root/.local/share/pnpm/store/v10/files/00/x", b"", "caches"),
            ("root/.npm/_cacache/index", b"", "caches"),
        ],
    )
    def test_each_thing_that_must_not_be_there_is_found(self, path: str, content: bytes, wrong: str) -> None:
        found = list(layers.probe(_weighed({**CLEAN, path: content})))
        assert [each.id for each in found if each.status is Status.FAILED] == [f"layers.{wrong}"]

    @pytest.mark.parametrize(("file", "status"), [("main.js.map", Status.PROVED), ("main.d.ts.map", Status.FAILED)])
    def test_a_service_may_hold_the_source_maps_it_reads_and_no_others(self, file: str, status: Status) -> None:
        weighed = _weighed({**CLEAN, f"app/apps/api/dist/{file}": b"{}"})
        command: Fact[tuple[str, ...]] = Fact(("node", "--enable-source-maps", "dist/main.js"), WHY)
        weighed.stack = replace(weighed.stack, services=(replace(weighed.stack.services[0], command=command),))
        assert one(layers.probe(weighed), "maps").status is status

    def test_a_hoisted_tree_holds_what_other_packages_run(self) -> None:
        weighed = _weighed({**CLEAN, "app/node_modules/koa/package.json": b"{}"})
        lockfile = _lockfile()
        others = {**lockfile.importers, "packages/lib": {"production": ("koa",)}}
        lockfile = replace(lockfile, importers=others, packages={**lockfile.packages, "koa": LockedPackage("koa", "2")})
        for linker, status in (("isolated", Status.FAILED), ("hoisted", Status.PROVED)):
            manager = replace(weighed.workspace.manager, lockfile=lockfile, linker=linker)
            weighed.workspace = replace(weighed.workspace, manager=manager)
            assert one(layers.probe(weighed), "development").status is status

    @pytest.mark.parametrize(
        ("path", "what"),
        [
            ("app/apps/api/src/pages/_app.tsx", "sources"),
            ("app/node_modules/.pnpm/typescript@5/node_modules/typescript/package.json", "development"),
        ],
    )
    def test_what_next_traced_is_said_and_not_called_wrong(self, path: str, what: str) -> None:
        weighed = _weighed({**CLEAN, path: b"{}"})
        api = weighed.stack.services[0]
        for copied, status in (("/app/.next/standalone", Status.SKIPPED), ("/app", Status.FAILED)):
            run = Stage("run", "node:20-alpine", (Copy((copied,), "./", WHY, "build"),), WHY)
            weighed.stack = replace(weighed.stack, services=(replace(api, image=replace(api.image, stages=(run,))),))
            assert one(layers.probe(weighed), what).status is status

    def test_a_job_may_hold_tools_and_sources_and_no_secret(self) -> None:
        weighed = _weighed({**CLEAN, "app/apps/api/src/main.ts": b"run()", "app/.env": b""})
        job = replace(weighed.stack.services[0], role=Fact(Role.JOB, WHY))
        weighed.stack = replace(weighed.stack, services=(job,))
        assert [each.id for each in layers.probe(weighed)] == ["layers.secrets"]
        assert one(layers.probe(weighed), "secrets").status is Status.FAILED

    def test_a_declaration_is_no_source(self) -> None:
        found = list(layers.probe(_weighed({**CLEAN, "app/packages/lib/dist/index.d.ts": b""})))
        assert not [each for each in found if each.status is Status.FAILED]

    def test_a_secret_in_the_images_environment_is_found_and_not_repeated(self) -> None:
        found = one(layers.probe(_weighed(CLEAN, environment=(f"TOKEN={SECRET}",))), "secrets")
        assert found.status is Status.FAILED
        assert SECRET not in found.measured


class TestSize:
    def test_over_budget_fails_and_names_the_largest_packages(self) -> None:
        files = {"app/node_modules/big/index.js": b"x" * 900_000, "app/node_modules/big/a.node": b"x" * 200_000}
        found = one(size.probe(_weighed(files, budget=1)))
        assert found.status is Status.FAILED
        assert "1.1 MB: base node:20-alpine 0.0 MB" in found.measured
        assert "native modules 0.2 MB" in found.measured
        assert "largest packages: big 1.1 MB" in found.measured

    def test_a_base_over_budget_is_impossible_and_says_what_would_help(self) -> None:
        given = _weighed(CLEAN, budget=0)
        found = one(size.probe(given))
        assert found.status is Status.IMPOSSIBLE
        assert "cited, not measured here" in found.measured

    def test_a_base_that_the_engine_does_not_keep_is_told_by_the_recipe(self) -> None:
        given = _weighed({"app/x": b"x" * 1000}, budget=1)
        engine = given.engine
        assert isinstance(engine, Engine)
        del engine.images["node:20-alpine"]
        engine.images["shop-api"] = replace(engine.images["shop-api"], layers=("base", "workdir", "copy"))
        engine.archives["shop-api"] = archive(layer({"bin/node": b"n" * 500_000}), layer({}), layer({"app/x": b"x"}))
        assert "base node:20-alpine 0.5 MB (Node.js 0.5 MB)" in one(size.probe(given)).measured


WORKER = service("worker", Role.WORKER, queues=("mails",), grace_seconds=5)


class TestJobs:
    def _probe(self, answer: dict[str, object]) -> list[Evidence]:
        engine = Engine(container("worker"))
        engine.answers = [answer]
        engine.text = "waiting for jobs on mails"
        return list(jobs.probe(subject(stack(WORKER), engine)))

    def test_a_job_that_is_refused_was_taken(self) -> None:
        answer = {"id": "1", "state": "failed", "reason": "no\nrecipient", "seconds": 0.2, "workers": 1}
        waiting, taken = self._probe(answer)
        assert waiting.measured == "1 connected to it; its log says: waiting for jobs on mails"
        assert taken.status is Status.PROVED
        assert taken.measured.endswith("no recipient")

    def test_an_example_that_the_user_gave_must_complete(self) -> None:
        for state, status in (("completed", Status.PROVED), ("unknown", Status.PROVED), ("failed", Status.FAILED)):
            engine = Engine(container("worker"))
            engine.answers = [{"id": "1", "state": state, "workers": 1}]
            given = subject(stack(WORKER), engine)
            given.payloads = {"worker": '{"to": "x"}'}
            found = list(jobs.probe(given))[1]
            assert (found.claim, found.status) == ("completes a job from queue mails", status)
            assert '"payload": {"to": "x"}' in engine.scripts[0]

    def test_a_job_that_stays_in_the_queue_is_found(self) -> None:
        assert self._probe({"id": "1", "state": "waiting", "seconds": 30})[1].status is Status.FAILED

    def test_a_worker_without_the_library_is_said_to_be_one(self) -> None:
        assert self._probe({"problem": "bullmq cannot be loaded here"})[0].status is Status.SKIPPED

    def test_the_script_gets_its_input_as_data(self) -> None:
        engine = Engine(container("worker"))
        engine.answers = [{"problem": "x"}]
        odd = replace(WORKER, queues=("a'b\u2028`${x}`\"",))
        list(jobs.probe(subject(stack(odd), engine)))
        first = engine.scripts[0].split("\n")[0].removeprefix("const input = ").rstrip(";")
        assert json.loads(first)["queue"] == "a'b\u2028`${x}`\""


class TestStop:
    def test_dependents_stop_first_and_jobs_are_not_stopped(self) -> None:
        web = service("web", needs=(Need("api", Condition.HEALTHY, WHY),))
        api = service("api", needs=(Need("db", Condition.HEALTHY, WHY), Need("migrate", Condition.DONE, WHY)))
        parts = (store("db", 1), service("migrate", Role.JOB), api, web)
        assert [[part.name for part in layer] for layer in stop.stopping_order(parts)] == [["web"], ["api"], ["db"]]

    def test_a_circle_of_needs_still_ends(self) -> None:
        left, right = (service(name, needs=(Need(need, Condition.STARTED, WHY),)) for name, need in ("ab", "ba"))
        assert stop.stopping_order((left, right)) == ((left, right),)

    def test_a_killed_service_is_found_and_a_queued_job_must_survive(self) -> None:
        engine = Engine(container("worker"))
        engine.exit_codes["worker"] = 137
        engine.answers = [{"id": "1", "workers": 1}, {"id": "1", "state": "completed"}]
        given = subject(stack(WORKER), engine)
        stopped, kept = list(stop.probe(given))
        assert stopped.status is Status.FAILED
        assert kept.status is Status.PROVED

    def test_a_lost_job_is_found(self) -> None:
        engine = Engine(container("worker"))
        engine.answers = [{"id": "1"}, {"id": "1", "state": "active"}]
        assert list(stop.probe(subject(stack(WORKER), engine)))[1].status is Status.FAILED

    def test_everything_is_started_again_under_watch(self) -> None:
        given = subject(stack(service("api")), Engine(container("api")))
        event = Event(1.0, "api", "a", "start")
        given.start = lambda _: (event,)
        list(stop.probe(given))
        assert given.events == (event,)


HARD: dict[str, Any] = {
    "read_only": True,
    "memory": 1 << 28,
    "nano_cpus": 10**9,
    "pids_limit": 256,
    "dropped": ("ALL",),
    "security": ("no-new-privileges:true",),
}


class TestHardened:
    def test_what_runs_hardened_needs_no_second_run(self) -> None:
        given = subject(stack(service("api")), Engine(container("api", **HARD)))
        given.start = pytest.fail
        assert statuses(hardened.probe(given)) == [Status.PROVED]

    @pytest.mark.parametrize(
        "line", ["Error: EACCES: mkdir '/app/cache'", "write: No space: ENOSPC", "Read-only file system"]
    )
    def test_what_was_kept_from_writing_is_found_in_the_log_though_it_is_healthy(self, line: str) -> None:
        engine = Engine(container("api", **HARD, started="2026-01-01T00:00:00Z"))
        engine.text = f"listening\n{line}\nmore"
        (found,) = hardened.probe(subject(stack(service("api")), engine))
        assert found.status is Status.FAILED
        assert f"but its log says: {line}" in found.measured
        assert engine.since == "2026-01-01T00:00:00Z"

    def test_what_lacks_something_is_started_once_more_with_it(self) -> None:
        engine = Engine(container("api", security=("no-new-privileges:true",)))
        given = subject(stack(service("api")), engine)
        texts: list[str] = []

        def start(override: str) -> tuple[Event, ...]:
            texts.append(override)
            engine.known["api"] = container("api", **(HARD if override else {}))
            return ()

        given.start = start
        assert statuses(hardened.probe(given)) == [Status.PROVED]
        added = json.loads(texts[0])["services"]["api"]
        assert added["read_only"]
        assert added["tmpfs"] == list(service("api").tmpfs)
        assert "security_opt" not in added
        assert texts[1] == ""

    def test_what_does_not_start_hardened_is_found_and_started_as_it_was(self) -> None:
        given = subject(stack(service("api")), Engine(container("api")))
        asked: list[str] = []

        def start(override: str) -> tuple[Event, ...]:
            asked.append(override)
            if override:
                raise CommandFailedError("api did not become healthy", output="EROFS: read-only file system")
            return ()

        given.start = start
        found = list(hardened.probe(given))
        assert found[0].status is Status.FAILED
        assert "EROFS" in found[0].measured
        assert asked[-1] == ""


class TestLeftovers:
    def test_volumes_may_stay_only_when_they_are_meant_to(self) -> None:
        left = ("volume shop_data",)
        assert leftovers.judge("shop", left, keeps_volumes=True).status is Status.PROVED
        assert leftovers.judge("shop", left, keeps_volumes=False).status is Status.FAILED
        assert leftovers.judge("shop", ("network shop_default",), keeps_volumes=True).status is Status.FAILED


class TestRecord:
    EVIDENCE = Evidence("size", "api", "at most 100 MB", Status.IMPOSSIBLE, "128 MB", 0.5)

    def test_evidence_comes_back_as_it_was(self) -> None:
        of = record.about([container("api")])
        assert record.from_json(record.to_json("shop", [self.EVIDENCE], of), of) == (self.EVIDENCE,)

    def test_evidence_about_something_else_is_worth_nothing(self) -> None:
        text = record.to_json("shop", [self.EVIDENCE], {"api": "other"})
        assert record.from_json(text, record.about([container("api")])) == ()

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"version": 1, "of": {}}', '{"version": 1, "of": {}, "evidence": [3]}']
    )
    def test_a_broken_file_is_no_evidence(self, text: str) -> None:
        assert record.from_json(text, {}) == ()


def test_a_probe_that_cannot_go_on_fails_and_the_next_one_still_runs() -> None:
    def broken(subject: Subject) -> Iterator[Evidence]:
        yield Evidence("first", subject.stack.name, "was proved", Status.PROVED, "")
        raise CommandFailedError("the engine went away")

    probes = (Probe("first", "", broken), Probe("health", "", health.probe))
    found = prove(subject(stack(service("api")), Engine(container("api"))), probes)
    assert [each.status for each in found] == [Status.PROVED, Status.FAILED, Status.PROVED]
    assert found[1].measured == "the engine went away"
