"""Process groups, strategies, signals, sleep, queues, filters of paths, and what workflows push and deploy."""

import pytest

from tests.unit.shop import API, FLOW, WEB, compose, found, image

FLY = 'app = "shop-api"\n[build]\ndockerfile = "apps/api/Dockerfile"\n'
GROUPS = '[processes]\napi = "node apps/api/dist/main.js"\njobs = "node apps/worker/dist/main.js"\n'
WORKER = "apps/worker/Dockerfile"
RUNS_WORKER = image(last='CMD ["node", "apps/worker/dist/main.js"]')
SERVED = '[http_service]\ninternal_port = 4000\nprocesses = ["api"]\n'


@pytest.mark.parametrize(
    ("text", "effects"),
    [
        (GROUPS + SERVED, []),
        (SERVED.replace("api", "app"), []),
        (GROUPS + "[http_service]\ninternal_port = 4000\n", ["will not start"]),
        (GROUPS + SERVED.replace("api", "web"), ["will not start"]),
        (GROUPS + SERVED + '[[vm]]\nmemory = "1gb"\n', []),
        (GROUPS + SERVED + '[[vm]]\nmemory = "1gb"\nprocesses = ["worker"]\n', ["untidy"]),
        (GROUPS + SERVED + '[[mounts]]\nsource = "d"\ndestination = "/d"\nprocesses = ["db"]\n', ["loses data"]),
        (GROUPS + SERVED + '[[restart]]\npolicy = "always"\nprocesses = ["app"]\n', ["will not start"]),
        (GROUPS + SERVED + '[checks.up]\ntype = "tcp"\nport = 4000\nprocesses = ["jobs"]\n', []),
    ],
)
def test_parts_of_a_fly_file_are_for_its_process_groups(text: str, effects: list[str]) -> None:
    files = {API: image("USER node"), "fly.toml": FLY + text}
    assert [str(each.effect) for each in found("unknown-process-group", files)] == effects


CHECK = '[[http_service.checks]]\npath = "/api/health"\n'


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('[deploy]\nstrategy = "bluegreen"\n' + GROUPS + SERVED + CHECK, 0),
        ('[deploy]\nstrategy = "bluegreen"\n' + GROUPS + SERVED, 1),
        ('[deploy]\nstrategy = "rolling"\n' + GROUPS + SERVED, 0),
        ('[deploy]\nstrategy = "canary"\n' + GROUPS + SERVED, 0),
        ('[deploy]\nstrategy = "canary"\n[mounts]\nsource = "d"\ndestination = "/d"\n', 1),
        ('[deploy]\nstrategy = "rolling"\n[mounts]\nsource = "d"\ndestination = "/d"\n', 0),
    ],
)
def test_a_strategy_of_fly_needs_checks_and_no_volumes(text: str, count: int) -> None:
    assert len(found("impossible-strategy", {"fly.toml": FLY + text})) == count


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        ("fly.toml", '[http_service]\nauto_stop_machines = "stop"\nmin_machines_running = 0\n', 1),
        ("fly.toml", "[http_service]\nauto_stop_machines = true\n", 1),
        ("fly.toml", '[http_service]\nauto_stop_machines = "off"\nmin_machines_running = 0\n', 0),
        ("fly.toml", '[http_service]\nauto_stop_machines = "stop"\nmin_machines_running = 1\n', 0),
        ("fly.toml", "", 0),
        ("railway.toml", "[deploy]\nsleepApplication = true\n", 1),
        ("railway.toml", "[deploy]\nsleepApplication = false\n", 0),
        ("render.yaml", "plan: free", 1),
        ("render.yaml", "plan: starter", 0),
    ],
)
def test_a_worker_is_not_put_to_sleep(path: str, text: str, count: int) -> None:
    whole = {
        "fly.toml": f'app = "w"\n[build]\ndockerfile = "{WORKER}"\n{text}',
        "railway.toml": f'[build]\ndockerfilePath = "{WORKER}"\n{text}',
        "render.yaml": f"services: [{{type: web, name: w, runtime: docker, dockerfilePath: {WORKER}, {text}}}]",
    }
    assert len(found("sleeping-worker", {WORKER: RUNS_WORKER, path: whole[path]})) == count


@pytest.mark.parametrize(
    ("code", "setting", "count"),
    [
        ("process.on('SIGTERM', stop)", "", 1),
        ("process.on('SIGTERM', stop)", 'kill_signal = "SIGTERM"\n', 0),
        ("process.on('SIGTERM', stop)", 'kill_signal = "SIGQUIT"\n', 0),
        ("process.on('SIGINT', stop)", "", 0),
        ("process.on('SIGINT', stop)", 'kill_signal = "SIGTERM"\n', 1),
        ("for (const each of ['SIGINT', 'SIGTERM']) process.on(each, stop)", "", 0),
        ("app.enableShutdownHooks()", "", 0),
        ("stop()", "", 0),
    ],
)
def test_fly_sends_the_signal_that_the_code_handles(code: str, setting: str, count: int) -> None:
    main = f"import express from 'express';\nconst app = express();\napp.listen(4000);\n{code};\n"
    files = {API: image("USER node"), "apps/api/src/main.ts": main, "fly.toml": setting + FLY}
    assert len(found("unhandled-stop-signal", files)) == count


def test_compose_sends_the_signal_that_its_image_asks_for() -> None:
    main = "import express from 'express';\nexpress().listen(4000);\nprocess.on('SIGTERM', stop);\n"
    files = {
        "apps/api/src/main.ts": main,
        "compose.yaml": compose(api="{build: {context: ., dockerfile: apps/api/Dockerfile}}"),
    }
    assert found("unhandled-stop-signal", {**files, API: image("USER node")}) == []
    assert len(found("unhandled-stop-signal", {**files, API: image("STOPSIGNAL SIGINT")})) == 1


QUEUE = {WORKER: RUNS_WORKER}
RUNS = "{build: {context: ., dockerfile: apps/worker/Dockerfile}}"


@pytest.mark.parametrize(
    ("redis", "count"),
    [
        ("{image: 'redis:7', command: redis-server --maxmemory 1gb --maxmemory-policy allkeys-lru}", 1),
        ("{image: 'valkey/valkey:8', command: [valkey-server, --maxmemory, 1gb, --maxmemory-policy, volatile-lru]}", 1),
        ("{image: 'redis:7', command: redis-server --maxmemory 1gb --maxmemory-policy noeviction}", 0),
        ("{image: 'redis:7', command: redis-server --maxmemory-policy allkeys-lru}", 0),
        ("{image: 'redis:7', command: redis-server --maxmemory 0 --maxmemory-policy allkeys-lru}", 0),
        ("{image: 'redis:7'}", 0),
    ],
)
def test_a_queues_store_evicts_nothing(redis: str, count: int) -> None:
    files = {**QUEUE, "compose.yaml": compose(worker=RUNS, redis=redis)}
    assert len(found("evicting-queue-store", files)) == count


@pytest.mark.parametrize(
    ("policy", "count"), [("", 1), (", maxmemoryPolicy: allkeys-lru", 1), (", maxmemoryPolicy: noeviction", 0)]
)
def test_a_key_value_instance_evicts_unless_it_is_told_not_to(policy: str, count: int) -> None:
    worker = f"{{type: worker, name: worker, runtime: docker, dockerfilePath: {WORKER}}}"
    store = f"{{type: keyvalue, name: queue, ipAllowList: []{policy}}}"
    files = {**QUEUE, "render.yaml": f"services:\n  - {worker}\n  - {store}\n"}
    assert len(found("evicting-queue-store", files)) == count


def test_of_two_stores_nobody_knows_which_one_the_queue_is_in() -> None:
    evicting = "{image: 'redis:7', command: redis-server --maxmemory 1gb --maxmemory-policy allkeys-lru}"
    files = {**QUEUE, "compose.yaml": compose(worker=RUNS, cache=evicting, queue="{image: 'redis:7'}")}
    assert found("evicting-queue-store", files) == []


BLUEPRINT = "services: [{type: web, name: api, runtime: docker, dockerfilePath: apps/api/Dockerfile, %s}]"


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        ("render.yaml", BLUEPRINT % "buildFilter: {paths: ['apps/api/**']}", 1),
        ("render.yaml", BLUEPRINT % "buildFilter: {paths: ['apps/api/**', 'packages/**']}", 0),
        ("render.yaml", BLUEPRINT % "buildFilter: {paths: ['apps/api/**', packages/db]}", 0),
        ("render.yaml", BLUEPRINT % "buildFilter: {paths: ['**/*.ts']}", 0),
        ("render.yaml", BLUEPRINT % "buildFilter: {ignoredPaths: [docs/**]}", 0),
        ("render.yaml", BLUEPRINT % "buildFilter: {ignoredPaths: [packages/**]}", 1),
        ("render.yaml", BLUEPRINT % "buildFilter: {paths: ['{apps,packages}/**']}", 0),
        ("render.yaml", BLUEPRINT % "rootDir: apps/api", 1),
        ("render.yaml", BLUEPRINT % "rootDir: ./", 0),
        ("railway.toml", 'watchPatterns = ["/apps/api/**"]', 1),
        ("railway.toml", 'watchPatterns = ["/apps/api/**", "/packages/db/**"]', 0),
        ("railway.toml", 'watchPatterns = ["*.ts"]', 0),
        ("railway.toml", 'watchPatterns = ["/apps/api/**", "package.json"]', 1),
        ("render.yaml", BLUEPRINT % "buildFilter: {paths: ['apps/api/**', package.json]}", 1),
        ("railway.toml", 'watchPatterns = ["**", "!packages/**"]', 1),
        (FLOW, "on: {push: {paths: ['apps/api/**']}}", 1),
        (FLOW, "on: {push: {paths: ['apps/api/**', 'packages/**']}}", 0),
        (FLOW, "on: {push: {paths: ['apps/api/**', 'packages/db']}}", 1),
        (FLOW, "on: {push: {paths: ['apps/api/**']}, workflow_dispatch: {}}", 1),
        (FLOW, "on: {push: {paths: ['apps/api/**'], tags: ['v*']}}", 0),
        (FLOW, "on: {push: {paths: ['apps/api/**']}, schedule: [{cron: 0 4 * * *}]}", 0),
        (FLOW, "on: {push: {paths-ignore: ['**.md']}}", 0),
        (FLOW, "on: {push: {paths-ignore: ['packages/**']}}", 1),
        (FLOW, "on: push", 0),
    ],
)
def test_a_change_of_what_is_in_an_image_deploys_it(path: str, text: str, count: int) -> None:
    whole = {
        "railway.toml": f'[build]\ndockerfilePath = "apps/api/Dockerfile"\n{text}\n',
        FLOW: f"{text}\njobs: {{i: {{runs-on: ubuntu-24.04, steps: [{{uses: docker/build-push-action@v6,"
        " with: {context: ., file: apps/api/Dockerfile}}]}}\n",
    }
    findings = found("missed-change", {API: image("USER node"), path: whole.get(path, text)})
    assert len(findings) == count
    assert all("packages/db" in finding.message for finding in findings)


def test_two_workflows_may_deploy_an_image_together() -> None:
    steps = "steps: [{uses: docker/build-push-action@v6, with: {context: ., file: apps/api/Dockerfile}}]"
    job = f"jobs: {{i: {{runs-on: ubuntu-24.04, {steps}}}}}\n"
    one = {API: image("USER node"), FLOW: "on: {push: {paths: ['apps/api/**']}}\n" + job}
    other = {".github/workflows/other.yml": "on: {push: {paths: ['packages/**']}}\n" + job}
    assert len(found("missed-change", one)) == 1
    assert found("missed-change", {**one, **other}) == []


def pushing(tags: str, on: str = "push", push: str = "true", more: str = "") -> str:
    return (
        f"on: {on}\njobs:\n  images:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - uses: docker/build-push-action@v6\n        with:\n"
        f"          push: {push}\n          tags: {tags}\n{more}"
    )


@pytest.mark.parametrize(
    ("tags", "pulled", "count"),
    [
        ("ghcr.io/shop/shop-api:1", "ghcr.io/shop/shop-api:1", 0),
        ("ghcr.io/shop/shop-api:1", "ghcr.io/shop/shop-apis:1", 1),
        ("ghcr.io/shop/shop-api:1", "ghcr.io/shop/shop-api:2", 1),
        ("ghcr.io/shop/shop-api:1", "ghcr.io/shop/shop-api", 1),
        ("ghcr.io/shop/shop-api:latest", "ghcr.io/shop/shop-api", 0),
        ("ghcr.io/shop/shop-api:latest", "ghcr.io/shop/shop-api:${TAG:-latest}", 0),
        ("ghcr.io/shop/shop-api:latest", "ghcr.io/shop/shop-api:${TAG}", 0),
        ("ghcr.io/shop/shop-api:${{ github.sha }}", "ghcr.io/shop/shop-api:7", 0),
        ("ghcr.io/${{ env.OWNER }}/shop-api:latest", "ghcr.io/shop/shop-apis:latest", 1),
        ("ghcr.io/${{ env.OWNER }}/shop-api:latest", "ghcr.io/shop/shop-api:latest", 0),
        ("${{ steps.meta.outputs.tags }}", "ghcr.io/shop/shop-api:latest", 0),
        ("ghcr.io/shop/shop-api:1", "ghcr.io/shop/shop-worker:1", 0),
        ("ghcr.io/shop/shop-api:1", "ghcr.io/shop/shop-api-tools:1", 0),
        ("ghcr.io/shop/shop-api:1", "redis:7", 0),
        ("${{ secrets.USER }}/${{ steps.names.outputs.name }}:latest", "bitnami/redis:7", 0),
        ("${{ secrets.USER }}/shop-api:latest", "shop/shop-api:latest", 0),
        ("${{ secrets.USER }}/shop-api:latest", "shop/shop-api:2", 1),
    ],
)
def test_what_is_pulled_is_pushed(tags: str, pulled: str, count: int) -> None:
    files = {FLOW: pushing(tags), "compose.prod.yaml": compose(api=f"{{image: '{pulled}'}}")}
    assert len(found("unpushed-image", files)) == count


def test_a_name_that_is_both_pushed_and_pulled_is_no_slip_of_another() -> None:
    both = compose(web="{image: 'ghcr.io/shop/web:1'}", webs="{image: 'ghcr.io/shop/webs:1'}")
    assert found("unpushed-image", {FLOW: pushing("ghcr.io/shop/web:1"), "compose.yaml": both}) == []


def test_a_matrix_pushes_each_of_its_images() -> None:
    matrix = pushing("ghcr.io/shop/${{ matrix.app }}:1").replace(
        "    steps:", "    strategy:\n      matrix:\n        app: [api, web]\n    steps:"
    )
    pulled = compose(api="{image: 'ghcr.io/shop/api:1'}", web="{image: 'ghcr.io/shop/webb:1'}")
    (finding,) = found("unpushed-image", {FLOW: matrix, "compose.yaml": pulled})
    assert "webb" in finding.places[0].label


def test_each_part_of_a_matrix_builds_an_image_for_one_platform() -> None:
    include = "[{platform: linux/amd64}, {platform: linux/arm64}]"
    flow = pushing("ghcr.io/shop/api:1").replace(
        "    steps:", f"    strategy: {{matrix: {{include: {include}}}}}\n    steps:"
    )
    flow = flow.replace("push: true", "push: true\n          platforms: ${{ matrix.platform }}")
    fly = 'app = "x"\n[build]\nimage = "ghcr.io/shop/api:1"\n'
    assert found("missing-platform", {FLOW: flow, "fly.toml": fly}) == []
    assert len(found("missing-platform", {FLOW: flow.replace("amd64", "arm/v7"), "fly.toml": fly})) == 1


def test_a_tool_in_node_modules_is_none_of_the_files_that_start_an_app() -> None:
    release = '[deploy]\nrelease_command = "node node_modules/prisma/build/main.js migrate deploy"\n'
    assert found("missing-start-file", {API: image("USER node"), "fly.toml": FLY + release}) == []


def test_a_service_on_railway_has_the_private_name_that_it_is_given() -> None:
    project = """
        import { defineRailway, project, service } from "railway/iac";
        export default defineRailway(() => project("shop", { resources: [
          service("@shop/api", { %s env: { PORT: "4000" } }),
          service("web", { env: { API: "http://shopapi.railway.internal:4000" } }),
        ] }));
    """
    for text in (project % 'networking: { privateNetworkEndpoint: "shopapi" },', project % ""):
        assert found("unreachable-private-address", {".railway/railway.ts": text}) == []
    misspelt = (project % "").replace("@shop/api", "shop-api")
    assert len(found("unreachable-private-address", {".railway/railway.ts": misspelt})) == 1


def test_a_dockerfile_that_a_matrix_names_must_be_there() -> None:
    flow = pushing("x/y:1").replace(
        "    steps:",
        "    strategy:\n      matrix:\n        include:\n          - app: api\n          - app: webb\n    steps:",
    )
    flow = flow.replace("push: true", "push: true\n          file: apps/${{ matrix.app }}/Dockerfile")
    (finding,) = found("missing-dockerfile", {FLOW: flow, API: image("USER node"), WEB: image("USER node")})
    assert "apps/webb/Dockerfile" in finding.message
    assert finding.places[1].at.line == 9


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (pushing("x/y:latest", on="[push, pull_request]"), 1),
        (pushing("x/y:latest"), 0),
        (pushing("x/y:${{ github.sha }}", on="[push, pull_request]"), 0),
        (pushing("x/y:1", on="pull_request", push="${{ github.event_name != 'pull_request' }}"), 0),
        (pushing("x/y:1", on="pull_request", more="        if: github.event_name == 'push'\n"), 0),
        (pushing("x/y:1", on="pull_request", push="false"), 0),
    ],
)
def test_pull_requests_replace_no_image(text: str, count: int) -> None:
    assert len(found("pull-request-image", {FLOW: text})) == count


@pytest.mark.parametrize(
    ("uses", "count"),
    [
        ("superfly/flyctl-actions/setup-flyctl@master", 1),
        ("actions/checkout@main", 1),
        ("actions/checkout@v4", 0),
        ("actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683", 0),
        ("./.github/actions/build", 0),
        ("shop/ci/.github/workflows/build.yml@main", 0),
    ],
)
def test_actions_are_pinned_by_more_than_a_branch(uses: str, count: int) -> None:
    flow = f"on: push\njobs: {{a: {{runs-on: ubuntu-24.04, steps: [{{uses: '{uses}'}}]}}}}\n"
    assert len(found("branch-pinned-action", {FLOW: flow})) == count


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("fly deploy -c apps/api/fly.prod.toml", 1),
        ("flyctl deploy --config=fly.prod.toml --remote-only", 1),
        ("fly deploy -c fly.toml", 0),
        ("cd apps/api && fly deploy --config fly.toml", 0),
        ("fly deploy --config $CONFIG", 0),
        ("sed s/x/y/ fly.toml > fly.prod.toml && fly deploy --config fly.prod.toml", 0),
        ("docker compose -f docker-compose.prod.yml up -d", 1),
        ("docker compose up -d", 0),
        ("docker build -f apps/api/Dockerfile.prod .", 1),
        ("ssh host 'docker compose -f /opt/shop/compose.yaml up'", 0),
        ("docker compose -f /opt/shop/compose.yaml up", 0),
        ("git clone x && docker compose -f y.yml up", 0),
    ],
)
def test_a_workflow_deploys_with_files_that_are_there(script: str, count: int) -> None:
    flow = f'on: push\njobs: {{a: {{runs-on: ubuntu-24.04, steps: [{{run: "{script}"}}]}}}}\n'
    assert len(found("missing-deployed-file", {FLOW: flow, "apps/api/fly.toml": 'app = "x"\n'})) == count


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("image api apps/api/Dockerfile -- apps/api packages/db", 0),
        ("image api apps/api/Dockerfile -- apps/api packages", 0),
        ("image api apps/api/Dockerfile -- apps/api pnpm-lock.yaml", 1),
        ("image api apps/api/Dockerfile -- --quiet", 0),
        ("image api apps/api/other -- apps/api", 0),
    ],
)
def test_the_paths_that_decide_whether_an_image_is_built_are_those_that_it_is_made_of(script: str, count: int) -> None:
    job = f"    steps:\n      - run: |\n          set -e\n          {script}\n"
    flow = f"on: push\njobs:\n  plan:\n    runs-on: ubuntu-24.04\n{job}"
    findings = found("missed-change", {API: image("USER node"), WEB: image("USER node"), FLOW: flow})
    assert len(findings) == count
    assert all(finding.places[0].at.line == 8 for finding in findings)


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("image api apps/api/Dockerfile", 0),
        ("image api apps/apii/Dockerfile", 1),
        ("cd shop && image api apps/apii/Dockerfile", 0),
        ("image api elsewhere/api/Dockerfile", 0),
        ("cat base > apps/new/Dockerfile && image new apps/new/Dockerfile", 0),
        ("fly deploy -c apps/apii/fly.toml", 1),
    ],
)
def test_a_path_from_the_root_in_a_workflow_is_there(script: str, count: int) -> None:
    flow = f'on: push\njobs: {{a: {{runs-on: ubuntu-24.04, steps: [{{run: "{script}"}}]}}}}\n'
    files = {FLOW: flow, API: image("USER node"), "apps/api/fly.toml": 'app = "x"\n'}
    assert len(found("missing-deployed-file", files)) == count


def test_a_path_of_another_folder_is_not_looked_for_at_the_root() -> None:
    flow = "on: push\njobs: {a: {runs-on: x, %s steps: [{%s run: image apps/apii/Dockerfile}]}}\n"
    files = {API: image("USER node")}
    for where in (("", "working-directory: shop,"), ("defaults: {run: {working-directory: shop}},", "")):
        assert found("missing-deployed-file", {**files, FLOW: flow % where}) == []
    assert len(found("missing-deployed-file", {**files, FLOW: flow % ("", "")})) == 1


PRIVATE = 'app = "shop-mailer"\n[build]\nimage = "x/y:1"\n[env]\nAPI_URL = "http://%s"\n'


@pytest.mark.parametrize(
    ("address", "host", "count"),
    [
        ("shop-api.internal:4000", '"::"', 0),
        ("shop-api.internal:4000", '"0.0.0.0"', 1),
        ("shop-api.flycast", '"0.0.0.0"', 0),
        ("shop-api.internal:3000", '"::"', 1),
        ("shop-apis.internal:4000", '"::"', 1),
        ("shop-db.internal:5432", '"::"', 0),
        ("top1.nearest.of.shop-api.internal:4000", '"::"', 0),
    ],
)
def test_a_private_address_leads_to_where_the_other_one_listens(address: str, host: str, count: int) -> None:
    main = f"import express from 'express';\nexpress().listen(4000, {host});\n"
    files = {
        API: image("USER node"),
        "apps/api/src/main.ts": main,
        "apps/api/fly.toml": 'app = "shop-api"\n',
        "apps/mailer/fly.toml": PRIVATE % address,
    }
    assert len(found("unreachable-private-address", files)) == count


@pytest.mark.parametrize(
    ("address", "service", "count"),
    [
        ("shop-api.internal:4000", 'auto_stop_machines = "stop"\n', 1),
        ("shop-api.internal:4000", 'auto_stop_machines = "stop"\nmin_machines_running = 1\n', 0),
        ("shop-api.internal:4000", 'auto_stop_machines = "off"\n', 0),
        ("shop-api.flycast", 'auto_stop_machines = "stop"\n', 0),
    ],
)
def test_an_address_that_starts_no_machine_leads_to_one_that_runs(address: str, service: str, count: int) -> None:
    files = {
        API: image("USER node"),
        "apps/api/fly.toml": f'app = "shop-api"\n[http_service]\ninternal_port = 4000\n{service}',
        "apps/mailer/fly.toml": PRIVATE % address,
    }
    assert len(found("unreachable-private-address", files)) == count


@pytest.mark.parametrize(
    ("config", "path", "count"),
    [
        ("", "/api/health", 0),
        ("", "/api/health/", 1),
        ("trailingSlash: true", "/api/health", 1),
        ("trailingSlash: true", "/api/health/", 0),
        ("trailingSlash: true, skipTrailingSlashRedirect: true", "/api/health", 0),
        ("skipTrailingSlashRedirect: true", "/api/health/", 0),
        ("trailingSlash: process.env.SLASH === '1'", "/api/health/", 0),
        ("", "/", 0),
    ],
)
def test_next_sends_a_check_elsewhere_for_a_slash(config: str, path: str, count: int) -> None:
    files = {
        WEB: image(last='CMD ["node", "apps/web/server.js"]'),
        "apps/web/next.config.ts": f"export default {{ output: 'standalone', {config} }};\n",
        "apps/web/fly.toml": f'[http_service]\ninternal_port = 3000\n[[http_service.checks]]\npath = "{path}"\n',
    }
    assert len(found("redirected-health-path", files)) == count


@pytest.mark.parametrize(
    ("page", "count"),
    [
        ("export default function Page() { redirect('/shop'); }", 1),
        ("const Page = async () => { const x = 1; permanentRedirect(`/s/${x}`); };\nexport default Page;", 1),
        ("export default function Page() { if (!user) redirect('/login'); return null; }", 0),
        ("export default function Page() { return <a />; }", 0),
    ],
)
def test_a_page_that_only_redirects_is_no_health_path(page: str, count: int) -> None:
    files = {
        WEB: image(last='CMD ["node", "apps/web/server.js"]'),
        "apps/web/app/page.tsx": f"import {{ permanentRedirect, redirect }} from 'next/navigation';\n{page}\n",
        "railway.toml": '[build]\ndockerfilePath = "apps/web/Dockerfile"\n[deploy]\nhealthcheckPath = "/"\n',
    }
    assert len(found("redirected-health-path", files)) == count


def test_a_check_that_takes_redirects_may_meet_one() -> None:
    app = "import express from 'express';\nconst app = express();\n"
    main = f"{app}app.get('/', (request, response) => response.redirect('/x'));\napp.listen(4000);\n"
    files = {API: image("USER node"), "apps/api/src/main.ts": main}
    railway = '[build]\ndockerfilePath = "apps/api/Dockerfile"\n[deploy]\nhealthcheckPath = "/"\n'
    assert found("redirected-health-path", {**files, "render.yaml": BLUEPRINT % "healthCheckPath: /"}) == []
    assert len(found("redirected-health-path", {**files, "railway.toml": railway})) == 1


STORE = 'app = "db"\n[build]\nimage = "postgres:17-alpine"\n'


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ('[mounts]\nsource = "data"\ndestination = "/var/lib/postgresql/data"\n', 0),
        ('[[mounts]]\nsource = "data"\ndestination = "/var/lib/postgresql/data"\n', 0),
        ('[mounts]\nsource = "data"\ndestination = "/data"\n', 1),
        ('[env]\nPGDATA = "/data/pg"\n[mounts]\nsource = "data"\ndestination = "/data"\n', 0),
        ('[processes]\ndb = "postgres"\n[mounts]\nsource = "d"\ndestination = "/var/lib/postgresql/data"\n', 0),
    ],
)
def test_a_store_on_fly_has_a_volume(text: str, count: int) -> None:
    assert len(found("data-without-volume", {"fly.toml": STORE + text})) == count


@pytest.mark.parametrize(
    ("text", "count"), [('auto_stop_machines = "stop"\n', 1), ('auto_stop_machines = "off"\n', 0), ("", 0)]
)
def test_a_store_on_fly_stays_awake(text: str, count: int) -> None:
    service = f"[[services]]\ninternal_port = 5432\n{text}"
    assert len(found("sleeping-worker", {"fly.toml": STORE + service})) == count


@pytest.mark.parametrize(
    ("code", "variables", "count"),
    [
        ("4000", "", 1),
        ("process.env.PORT ?? 4000", "", 0),
        ("4000", 'PORT: "4000"', 0),
        ("4000", "...more", 0),
    ],
)
def test_railway_knows_where_an_app_listens(code: str, variables: str, count: int) -> None:
    main = f"import express from 'express';\nexpress().listen({code});\n"
    project = (
        'import { defineRailway, project, service } from "railway/iac";\n'
        "declare const more: Record<string, string>;\n"
        'export default defineRailway(() => project("p", { resources: [service("api", {\n'
        '  build: { builder: "DOCKERFILE", dockerfilePath: "apps/api/Dockerfile" },\n'
        f'  healthcheck: "/x", env: {{ LOG_LEVEL: "info", {variables} }} }})] }}));\n'
    )
    files = {API: image("USER node"), "apps/api/src/main.ts": main, ".railway/railway.ts": project}
    assert len(found("unset-port", files)) == count


@pytest.mark.parametrize(("disk", "count"), [("", 1), (", disk: {name: d, mountPath: /var/lib/postgresql/data}", 0)])
def test_a_store_on_render_has_a_disk(disk: str, count: int) -> None:
    store = f"{{type: pserv, name: db, runtime: image, image: {{url: 'docker.io/library/postgres:17'}}{disk}}}"
    assert len(found("data-without-volume", {"render.yaml": f"services: [{store}]"})) == count


@pytest.mark.parametrize(
    ("value", "effects"),
    [
        ("uT4vkq8yGm2rWz7B", ["exposes data"]),
        ("secret", ["untidy"]),
        ("change-me", []),
        ("${{shared.JWT_SECRET}}", []),
    ],
)
def test_a_secret_is_written_into_no_platforms_file(value: str, effects: list[str]) -> None:
    blueprint = f"services: [{{type: web, name: a, runtime: node, envVars: [{{key: JWT_SECRET, value: '{value}'}}]}}]"
    project = (
        'import { defineRailway, project, service } from "railway/iac";\n'
        'export default defineRailway(() => project("p", { resources: ['
        f'service("a", {{ env: {{ JWT_SECRET: "{value}" }} }})] }}));\n'
    )
    files = {"render.yaml": blueprint, ".railway/railway.ts": project, "fly.toml": f'[env]\nJWT_SECRET = "{value}"\n'}
    for path, text in files.items():
        assert [str(each.effect) for each in found("secret-in-platform-file", {path: text})] == effects


@pytest.mark.parametrize(
    ("url", "count"),
    [
        ("http://localhost:4000/api/health", 0),
        ("http://localhost:4000/health", 1),
        ("http://localhost:8080/health", 0),
        ("http://staging.example.com:4000/health", 0),
        ("http://localhost:4000/orders", 0),
    ],
)
def test_a_workflow_asks_for_a_health_route_that_is_there(url: str, count: int) -> None:
    flow = f"on: push\njobs: {{smoke: {{runs-on: ubuntu-24.04, steps: [{{run: 'curl -f {url}'}}]}}}}\n"
    assert len(found("unanswered-health-path", {FLOW: flow, API: image("USER node")})) == count
