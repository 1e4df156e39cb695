"""`.railway/railway.ts` is read without being run, whatever stands in it."""

import re
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.formats import railway_code
from bayplan.formats.rendering import Page
from bayplan.formats.typescript_evaluation import Evaluation
from bayplan.formats.typescript_values import Value as Evaluated
from bayplan.formats.typescript_values import planted
from bayplan.formats.typescript_writer import Value, literal, name_of, write
from bayplan.model.deployment import DeployedService, Fault, Irregular, PlatformFile
from bayplan.readers.deployment import PLATFORMS
from bayplan.source import At, Located
from tests.unit.shop import findings, found

PATH = ".railway/railway.ts"
IMPORT = (
    "import { bucket, database, defineRailway, github, group, image, postgres, preserve, project, redis, ref, service,"
    ' volume } from "railway/iac";\n'
)


def read(body: str, path: str = PATH, *exists: str) -> PlatformFile:
    return railway_code.parse(
        f"{IMPORT}export default defineRailway((ctx) => {{\n{dedent(body)}\n}});\n", path, exists.__contains__
    )


def service(body: str, *exists: str) -> DeployedService:
    (only,) = [each for each in read(body, PATH, *exists).services if each.kind != "store"]
    return only


def irregular(body: str) -> Irregular:
    (only,) = read(body).irregular
    return only


class TestWhatIsRead:
    def test_a_service_with_all_that_rules_ask_for(self) -> None:
        (api,) = read("""\
            const api = service("api", {
              source: github("example/shop", { rootDirectory: "/apps" }),
              build: { builder: "DOCKERFILE", dockerfilePath: "api/Dockerfile" },
              start: "node dist/main.js",
              preDeploy: ["node dist/migrate.js"],
              healthcheck: "/api/health",
              env: { PORT: "4000", URL: "http://${{web.RAILWAY_PRIVATE_DOMAIN}}:3000", TOKEN: preserve() },
            });
            return project("shop", { resources: [api] });
        """).services
        assert (api.name, api.platform, api.kind) == ("api", "railway", "web")
        assert api.at == At(PATH, 3, 21, 5)
        assert api.dockerfile == Located(
            "apps/api/Dockerfile", At(PATH, 5, 51, 16, "services.api.build.dockerfilePath")
        )
        assert api.context is not None
        assert api.context.value == "apps"
        assert api.command == Located(("node dist/main.js",), At(PATH, 6, 10, 19, "services.api.start"))
        assert api.release == Located(("node dist/migrate.js",), At(PATH, 7, 15, 22, "services.api.preDeploy[0]"))
        assert api.health_path == Located("/api/health", At(PATH, 8, 16, 13, "services.api.healthcheck"))
        assert api.port == Located(4000, At(PATH, 9, 16, 6, "services.api.env.PORT"))
        assert {name: value.value for name, value in api.environment.items()} == {
            "PORT": "4000",
            "URL": "http://${{web.RAILWAY_PRIVATE_DOMAIN}}:3000",
            "TOKEN": "",
        }

    @pytest.mark.parametrize(
        ("body", "command", "release", "path"),
        [
            ("service('a', { startCommand: 's', preDeployCommand: 'p', healthcheckPath: '/h' })", "s", "p", "/h"),
            ("service('a', { run: { command: 's', preDeploy: 'p', healthcheck: '/h' } })", "s", "p", "/h"),
            (
                "service('a', { deploy: { startCommand: 's', preDeployCommand: ['p', 'q'], healthcheckPath: '/h' } })",
                "s",
                "p && q",
                "/h",
            ),
            ("service('a', { start: 's', startCommand: 't', deploy: { startCommand: 'u' } })", "s", None, None),
        ],
    )
    def test_every_spelling_of_a_command(self, body: str, command: str, release: str | None, path: str | None) -> None:
        only = service(body)
        assert only.command is not None
        assert only.command.value == (command,)
        assert (only.release.value if only.release else None) == ((release,) if release else None)
        assert (only.health_path.value if only.health_path else None) == path

    @pytest.mark.parametrize(
        ("config", "dockerfile"),
        [
            ("{}", "Dockerfile"),
            ("{ rootDirectory: 'api' }", "api/Dockerfile"),
            ("{ build: { dockerfilePath: '/docker/Dockerfile.api' } }", "docker/Dockerfile.api"),
            ("{ build: { builder: 'DOCKERFILE' }, root: './api/' }", "api/Dockerfile"),
            ("{ env: { RAILWAY_DOCKERFILE_PATH: 'docker/api' } }", "docker/api"),
            ("{ build: { builder: 'RAILPACK' } }", None),
            ("{ source: image('redis:8') }", None),
            ("{ build: ctx.environment }", "Dockerfile"),
        ],
    )
    def test_the_dockerfile_that_railway_builds(self, config: str, dockerfile: str | None) -> None:
        only = service(f"service('api', {config})", "Dockerfile", "api/Dockerfile")
        assert (only.dockerfile.value if only.dockerfile else None) == dockerfile

    def test_databases_are_stores(self) -> None:
        stores = read(
            "postgres('Main DB'); redis('cache', { region: 'ams' }); database('x', 'mysql', { image: 'mysql:9' })"
        )
        assert [(each.name, each.kind) for each in stores.services] == [
            ("Main DB", "store"),
            ("cache", "store"),
            ("x", "store"),
        ]
        assert stores.irregular == ()

    def test_volumes_are_mounted_by_their_names(self) -> None:
        mounts = service("""\
            const data = volume("data", { sizeMB: 500 });
            service("a", { volumeMounts: { "/data": data, "other": { mountPath: "/other" } } });
        """).mounts
        assert [(each.kind, each.source, each.target) for each in mounts] == [
            ("volume", "data", "/data"),
            ("volume", "other", "/other"),
        ]

    @pytest.mark.parametrize("mounted", ['volume(ctx.environment + "-data")', "ctx.data"])
    def test_a_volume_whose_name_only_a_run_would_tell_is_mounted_too(self, mounted: str) -> None:
        queue = service(f"""\
            const queue = service("queue", {{
              source: image("rabbitmq:4"),
              volumeMounts: {{ "/var/lib/rabbitmq": {mounted} }},
            }});
            return project("shop", {{ resources: [queue] }});
        """)
        ((mount),) = queue.mounts
        assert (mount.kind, mount.target) == ("volume", "/var/lib/rabbitmq")
        assert mount.source

    def test_files_of_other_environments_and_folders_are_read_too(self) -> None:
        for path in (PATH, ".railway/railway.staging.ts", "shop/.railway/railway.ts"):
            assert re.fullmatch(PLATFORMS["railway_code"], path)
        for path in ("railway.ts", "src/railway.ts", ".railway/helpers.ts", ".railway/railway.d/x.ts"):
            assert not re.fullmatch(PLATFORMS["railway_code"], path)


class TestWhatOnlyARunWouldTell:
    @pytest.mark.parametrize(
        "value",
        [
            "process.env.PATH_OF_IT",
            "ctx.environment",
            "ctx.isEnvironment('production') ? '/a' : '/b'",
            "helper('x')",
            "`/${process.env.NAME}`",
            "'/a'.concat('b')",
            "[1, 2].join('/')",
            "await fetch('https://example.com')",
            "new Date()",
            "undefined",
            "imported.path",
        ],
    )
    def test_is_no_mistake_and_no_value(self, value: str) -> None:
        file = read(f"const imported = other; service('api', {{ healthcheck: {value}, start: 'x' }});")
        assert file.irregular == ()
        (api,) = file.services
        assert api.health_path is None
        assert api.command is not None

    @pytest.mark.parametrize(
        ("config", "is_whole"),
        [
            ("{ env: { A: 'a', B: preserve() } }", True),
            ("{ env: { A: 'a', ...process.env } }", False),
            ("{ env: Object.fromEntries(names.map((name) => [name, preserve()])) }", False),
            ("{ env: { A: 'a' }, ...rest }", False),
            ("{}", False),
        ],
    )
    def test_all_variables_are_shown_or_some_are_not(self, config: str, is_whole: bool) -> None:  # noqa: FBT001
        assert service(f"service('a', {config});").shows_all is is_whole

    def test_a_part_of_a_list_that_is_unknown_is_no_mistake(self) -> None:
        assert read("service('a', { domains: [ctx.isEnvironment('x') ? 'a.example' : 'b.example'] });").irregular == ()

    def test_a_list_of_which_some_is_unknown_is_unknown(self) -> None:
        only = service("service('a', { build: { watchPatterns: ['/apps/a/**', ...others] } });")
        assert only.settings == {}

    def test_a_service_whose_name_is_unknown_is_left_out(self) -> None:
        assert [each.name for each in read("service(ctx.projectName, {}); service('b', {});").services] == ["b"]

    def test_both_branches_of_a_condition_are_looked_into(self) -> None:
        body = "if (ctx.environment === 'x') { service('a', {}); } else { service('b', {}); }"
        assert [each.name for each in read(body).services] == ["a", "b"]

    def test_a_file_that_says_nothing_is_nothing(self) -> None:
        for text in (
            "",
            "{{{ not TypeScript",
            "<<<<<<< ours\n",
            "export default 5;",
            "\x00\x01",
            "export const a = 1;",
        ):
            assert railway_code.parse(text, PATH) == PlatformFile(PATH, ())

    def test_names_of_the_package_may_be_others_here(self) -> None:
        text = 'import { service as svc, defineRailway as define } from "railway/iac";\n'
        text += 'export default define(() => svc("a", {}));'
        assert [each.name for each in railway_code.parse(text, PATH).services] == ["a"]
        text = (
            'import * as railway from "railway/iac";\nexport default railway.defineRailway(() => railway.service("a"));'
        )
        assert [each.name for each in railway_code.parse(text, PATH).services] == ["a"]

    def test_what_another_module_offers_under_the_same_name_is_unknown(self) -> None:
        text = 'import { service, defineRailway } from "./own";\nexport default defineRailway(() => service("a", {}));'
        assert railway_code.parse(text, PATH).services == ()


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("config", "line", "words"),
        [
            ("{\n  healthchek: '/x' }", 4, "did you mean `healthcheck`?"),
            ("{\n  build: { dockerFilePath: 'x' } }", 4, "did you mean `dockerfilePath`?"),
            ("{\n  deploy: {\n    restartPolicy: 'ALWAYS' } }", 5, "did you mean `restartPolicyType`?"),
            ("{\n  healthcheckTimeout: '60' }", 4, "takes a whole number"),
            ("{\n  env: {\n    PORT: 4000 } }", 5, "takes a text"),
            ("{\n  deploy: { restartPolicyType: 'SOMETIMES' } }", 4, "`ON_FAILURE`"),
            ("{\n  domains: [{ domain: 'a.example', port: '80' }] }", 4, "takes a port"),
            ("{\n  domains: [{ name: 'a.example' }] }", 4, "`name`"),
            ("{\n  build: { builder: 'NIXPACKS' } }", 4, "an old form"),
            ("{\n  build: {\n    builder: 'DOCKERFILE', buildCommand: 'x' } }", 5, "is ignored by"),
            ("{\n  preDeploy: ['npm run a',\n    'npm run b'] }", 5, "a second pre-deploy command"),
        ],
    )
    def test_is_shown_at_its_line(self, config: str, line: int, words: str) -> None:
        found = read(f"service('api', {config});").irregular
        assert {each.at.line for each in found} == {line}
        assert words in found[0].message

    def test_what_a_spread_brings_is_shown_where_it_stands(self) -> None:
        each = irregular("const common = {\n  healthchek: '/x' };\nservice('a', { ...common });\nservice('b', {});")
        assert each.at == At(PATH, 4, 3, 10, "services.a.healthchek")

    @pytest.mark.parametrize(
        "text", ["`http://${api.env.HOST}:80`", "'http://' + api.env.HOST", "`x${ctx.shared.HOST}`"]
    )
    def test_a_reference_inside_of_a_text_becomes_no_address(self, text: str) -> None:
        each = irregular(f"const api = service('api', {{}});\nservice('b', {{ env: {{ A: {text} }} }});")
        assert each.fault is Fault.WRONG
        assert (each.at.line, each.at.length) == (4, len(text))
        of = "shared" if "shared" in text else "api"
        assert f"${{{{{of}.HOST}}}}" in each.help

    @pytest.mark.parametrize(
        ("reference", "words"),
        [
            ("wbe.RAILWAY_PUBLIC_DOMAIN", "did you mean `web`?"),
            ("payments.PORT", "`payments`, which the project does not have"),
            ("web.TOKNE", "`TOKNE`, which `web` is not told"),
        ],
    )
    def test_a_reference_that_leads_nowhere(self, reference: str, words: str) -> None:
        each = irregular(f"""\
            const db = postgres("Main DB");
            const web = service("web", {{ env: {{ TOKEN: preserve() }} }});
            const api = service("api", {{
              env: {{ A: "https://${{{{{reference}}}}}/x" }},
            }});
            return project("x", {{ resources: [db, web, api] }});
        """)
        assert (each.fault, each.at.line) == (Fault.WRONG, 6)
        assert words in each.message

    @pytest.mark.parametrize(
        "reference",
        ["web.RAILWAY_PRIVATE_DOMAIN", "web.TOKEN", "Main DB.PGHOST", "shared.ANY", " web.PORT ", "RAILWAY_GIT_SHA"],
    )
    def test_references_that_lead_somewhere(self, reference: str) -> None:
        file = read(f"""\
            const db = postgres("Main DB");
            const web = service("web", {{ env: {{ TOKEN: preserve(), A: "x${{{{{reference}}}}}" }} }});
            return project("x", {{ resources: [db, web] }});
        """)
        assert file.irregular == ()

    def test_a_file_that_shows_a_part_of_the_project_accuses_no_reference(self) -> None:
        body = 'const a = service("a", { env: { B: "${{b.PORT}}" } });\n'
        whole = 'return project("x", { resources: [a] });'
        assert len(read(body + whole).irregular) == 1
        assert read(body + "// a partial of the project\n" + whole).irregular == ()
        assert read(body + 'const more = template("n8n");\n' + whole).irregular == ()
        assert read(body).irregular == ()

    @pytest.mark.parametrize(("length", "count"), [(32, 0), (33, 1)])
    def test_a_name_of_a_service_that_is_too_long(self, length: int, count: int) -> None:
        said = [each.message for each in read(f"service('{'a' * length}', {{}});").irregular]
        assert len(said) == count
        assert all("has 33 characters, and Railway takes 32" in message for message in said)

    def test_a_resource_that_the_project_is_not_told_of(self) -> None:
        each = irregular("const a = service('a', {});\nservice('b', {});\nreturn project('x', { resources: [a] });")
        assert (each.fault, each.at.line) == (Fault.IGNORED, 4)
        assert "`b`" in each.message

    @pytest.mark.parametrize(
        "resources",
        ["[group('G', [a, b])]", "[[a], [b]]", "[a, ...more]", "all", "changed"],
    )
    def test_lists_that_are_not_wholly_known_accuse_nobody(self, resources: str) -> None:
        body = f"""\
            const a = service('a', {{}}), b = service('b', {{}});
            const all = [a, b];
            const changed = [a];
            changed.push(b);
            return project('x', {{ resources: {resources} }});
        """
        assert read(body).irregular == ()

    def test_the_old_name_of_the_list(self) -> None:
        each = irregular("const a = service('a', {});\nreturn project('x', { services: [a] });")
        assert each.fault is Fault.OLD
        assert each.help == "write `resources`"

    def test_findings_are_made_of_it(self) -> None:
        text = f"{IMPORT}export default defineRailway(() => {{\n  service('api', {{ healthchek: '/' }});\n}});\n"
        (finding,) = found("unknown-key", {PATH: text})
        assert finding.places[0].at.line == 3
        text = text.replace("healthchek: '/'", "build: { dockerfilePath: 'apps/api/Dockerfle' }")
        assert [each.rule for each in findings({PATH: text}) if each.places[0].at.file == PATH] == [
            "missing-dockerfile"
        ]


class TestHostileFiles:
    @pytest.mark.parametrize(
        "body",
        [
            "const a0 = [1,2,3,4,5,6,7,8,9];" + "".join(f"const a{i}=[{f'a{i - 1},' * 9}];" for i in range(1, 60)),
            "const s0 = 'aaaaaaaaaa';" + "".join(f"const s{i}=`${{s{i - 1}}}${{s{i - 1}}}`;" for i in range(1, 60)),
            "const b0 = [];" + "".join(f"const b{i}=[b{i - 1}];" for i in range(1, 3000)),
            "const f = (n) => f(n) + f(n) + f(n); f(1);",
            "const f = (x) => [1,2,3,4,5,6,7,8].map(f); f(1);",
            f"service('x', {'{a:' * 900}1{'}' * 900});",
            f"service('x', {{ start: {'+'.join(['1'] * 20_000)} }});",
            f"service('x', {{ start: {'(' * 1400}1{')' * 1400} }});",
            "{" * 1400 + "}" * 1400,
            "service('__proto__', { __proto__: {}, constructor: 'x', env: { toString: 'a' } });",
        ],
    )
    def test_they_are_read_in_time(self, body: str) -> None:
        file = read(f"{body}\nservice('last', {{}});")
        assert len(file.services) <= 2

    @given(st.text())
    @settings(max_examples=200, deadline=None)
    def test_any_text_is_read(self, text: str) -> None:
        railway_code.parse(text, PATH)
        railway_code.parse(f"{IMPORT}export default defineRailway(() => {{ service('a', {text}) }});", PATH)


scalars = st.text() | st.integers(-(2**53), 2**53) | st.booleans()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


@given(values)
@settings(max_examples=300, deadline=None)
def test_what_is_written_is_read_again(value: Value) -> None:
    page = Page()
    write(page, value, "export default ", ";")
    text = page.rendered().text
    evaluation = Evaluation(text.encode(errors="surrogatepass"), {}, lambda _, __: None)
    assert all(each.isprintable() for each in text.replace("\n", ""))
    assert planted(Evaluated(evaluation.default, 0, 0), lambda byte: byte)[0] == value


def test_a_text_is_what_it_was_whatever_it_holds() -> None:
    assert literal('a"b\\c\u2028\u202e</script>${x}`') == '"a\\"b\\\\c\\u2028\\u202e</script>${x}`"'


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("tee-worker", "service", "teeWorker"),
        ("@shop/api", "service", "shopApi"),
        ("redis", "database", "redisDatabase"),
        ("new", "service", "newService"),
        ("2fa", "service", "service2fa"),
        ("...", "service", "serviceService"),
        ("postgres_data", "volume", "postgresData"),
        ("API", "service", "aPI"),
    ],
)
def test_names_are_names_of_the_language(text: str, kind: str, name: str) -> None:
    assert name_of(text, {"redis": "", "service": ""}, kind) == name
