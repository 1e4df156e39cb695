"""Render's blueprints: what they say of services, and what Render does not take of them."""

import re
from textwrap import dedent

import pytest

from bayplan.formats import render
from bayplan.model.deployment import DeployedService, Fault, Irregular
from bayplan.readers.deployment import PLATFORMS


def services(text: str, path: str = "render.yaml") -> tuple[DeployedService, ...]:
    return render.parse(dedent(text), path).services


def irregular(text: str, path: str = "render.yaml") -> tuple[Irregular, ...]:
    return render.parse(dedent(text), path).irregular


def web(more: str) -> str:
    """Return a blueprint of one web service; `more` are lines of it."""
    start = "services:\n  - type: web\n    name: api\n    runtime: docker\n"
    return start + "".join(f"    {line}\n" for line in dedent(more).strip("\n").splitlines())


def variables(more: str) -> str:
    return web("envVars:\n" + "".join(f"  {line}\n" for line in dedent(more).strip("\n").splitlines()))


VALID = {
    "the smallest": "services:\n  - {type: web, name: a, runtime: node}\n",
    "nothing yet": "services: []\n",
    "databases alone": "databases:\n  - name: db\n",
    "a Node.js server": web("").replace("docker", "node") + "    buildCommand: npm ci\n    startCommand: npm start\n",
    "a Dockerfile somewhere": web(
        "dockerfilePath: ./apps/api/Dockerfile\ndockerContext: .\ndockerCommand: node dist/main.js"
    ),
    "everything of a web service": web("""
        plan: 1c-2g
        region: frankfurt
        repo: https://github.com/a/b
        branch: main
        rootDir: apps/api
        numInstances: 3
        preDeployCommand: node migrate.js
        initialDeployHook: node seed.js
        autoDeployTrigger: checksPass
        maxShutdownDelaySeconds: 120
        healthCheckPath: /health
        domains: [example.com, www.example.org]
        renderSubdomainPolicy: disabled
        maintenanceMode: {enabled: true, uri: https://example.com/down}
        ipAllowList: [{source: 203.0.113.4/30, description: office}]
        previews: {generation: automatic, plan: 0.5c-512mb, numInstances: 1}
        registryCredential: {fromRegistryCreds: {name: ours}}
        buildFilter: {paths: ["src/**"], ignoredPaths: ["**/*.md"]}
    """),
    "legacy plans": web("plan: pro plus"),
    "plans in capitals": web("plan: Standard")
    + "databases:\n  - {name: db, plan: Basic-256mb, previews: {plan: free}}\n",
    "scaling": web("scaling: {minInstances: 1, maxInstances: 3, targetCPUPercent: 60, targetMemoryPercent: 90}"),
    "a disk": web("plan: standard\ndisk: {name: data, mountPath: /var/data, sizeGB: 10}\nnumInstances: 1"),
    "a disk in a home": web("disk: {name: data, mountPath: /home/node/.n8n}"),
    "the trigger off, with and without quotes": web("autoDeployTrigger: off\npreviews: {generation: manual}"),
    "an image": "services:\n  - {type: web, name: a, runtime: image, image: {url: docker.io/a/b:1}}\n",
    "a private image": """\
        services:
          - type: pserv
            name: a
            runtime: image
            plan: starter
            image: {url: ghcr.io/a/b:1, creds: {fromRegistryCreds: {name: ours}}}
            autoDeployTrigger: off
    """,
    "a static site": """\
        services:
          - type: web
            name: site
            runtime: static
            buildCommand: npm run build
            staticPublishPath: ./dist
            previews: {generation: automatic}
            headers: [{path: /*, name: X-Frame-Options, value: DENY}]
            routes:
              - {type: redirect, source: /old, destination: /new}
              - {type: rewrite, source: /*, destination: /index.html}
    """,
    "a cron job": """\
        services:
          - type: cron
            name: nightly
            runtime: docker
            schedule: "0 4 * * *"
            dockerCommand: node report.js
    """,
    "a worker": "services:\n  - {type: worker, name: w, runtime: docker, maxShutdownDelaySeconds: 300}\n",
    "Key Value": """\
        services:
          - type: keyvalue
            name: cache
            plan: 256mb
            previewPlan: free
            region: ohio
            maxmemoryPolicy: noeviction
            persistenceMode: journal-snapshot
            ipAllowList: []
    """,
    "a database with all": """\
        databases:
          - name: db
            databaseName: app
            user: app
            region: virginia
            plan: basic-1gb
            previewPlan: basic-256mb
            previewDiskSizeGB: 1
            diskSizeGB: 35
            storageAutoscalingEnabled: true
            connectionPool: pgbouncer
            postgresMajorVersion: "17"
            highAvailability: {enabled: true}
            ipAllowList: []
            readReplicas: [{name: db-replica}]
    """,
    "every source of a variable": """\
        services:
          - type: web
            name: api
            runtime: docker
            envVars:
              - {key: A, value: text}
              - {key: B, value: 4000}
              - {key: C, value: true}
              - {key: D, value: live, previewValue: test}
              - {key: E, generateValue: true}
              - {key: F, sync: false}
              - {key: G, fromDatabase: {name: db, property: connectionPoolString}}
              - {key: H, fromService: {name: cache, type: keyvalue, property: connectionString}}
              - {key: I, fromService: {name: inner, type: pserv, property: hostport}}
              - {key: J, fromService: {name: api, type: web, envVarKey: RENDER_EXTERNAL_URL}}
              - {key: K, fromService: {name: cache, type: keyvalue, property: host}}
              - {key: L, fromService: {name: elsewhere, type: worker, envVarKey: TOKEN}}
              - fromGroup: shared
          - {type: pserv, name: inner, runtime: docker}
          - {type: keyvalue, name: cache, ipAllowList: []}
        databases: [{name: db}]
        envVarGroups:
          - name: shared
            envVars: [{key: S, generateValue: true}, {key: T, value: 2}]
    """,
    "a group without variables": "envVarGroups:\n  - name: empty\n    envVars: []\n",
    "previews of everything": "previews: {generation: automatic, expireAfterDays: 3}\nservices: []\n",
    "previews off, without quotes": "previews:\n  generation: off\nservices: []\n",
    "projects": """\
        version: "1"
        projects:
          - name: shop
            environments:
              - name: production
                networking: {isolation: enabled}
                permissions: {protection: enabled}
                services: [{type: web, name: api, runtime: docker}]
                databases: [{name: db}]
                envVarGroups: [{name: g, envVars: []}]
              - name: staging
                services: [{type: web, name: api-staging, runtime: docker}]
        ungrouped:
          services: [{type: worker, name: odd, runtime: python}]
    """,
    "shared builds": """\
        buildSources:
          - name: app
            git: {repo: https://github.com/a/b, runtime: docker, dockerfilePath: ./Dockerfile}
        services:
          - {type: web, name: api, buildSource: app, plan: 0.5c-512mb}
    """,
    "a workflow": """\
        services:
          - {type: workflow, name: tasks, runtime: node, region: oregon, startCommand: node tasks.js}
    """,
    "anchors": """\
        services:
          - &one
            type: worker
            name: one
            runtime: docker
          - <<: *one
            name: two
    """,
    "a name with spaces": "databases:\n  - {name: private database, ipAllowList: []}\n",
    "an empty value": variables("- key: A\n  value:\n- {key: B, value: ''}"),
    "a free server": web("plan: free\nnumInstances: 1\nhealthCheckPath: /"),
}


@pytest.mark.parametrize("text", VALID.values(), ids=VALID)
def test_a_valid_blueprint_draws_nothing(text: str) -> None:
    assert irregular(text) == ()


BROKEN = {
    "a misspelt key": (web("healthcheckPath: /"), 5, "did you mean `healthCheckPath`"),
    "a key that there never was": (web("healthCheckTimeout: 5"), 5, "`healthCheckTimeout` in"),
    "a misspelt key at the root": ("service: []\n", 1, "did you mean `services`"),
    "a misspelt key of a variable": (variables("- {key: A, genrateValue: true, value: a}"), 6, "`generateValue`"),
    "services that are no list": ("services: {web: {}}\n", 1, "takes a list"),
    "a port as text": (web("numInstances: two"), 5, "takes a whole number"),
    "a region that there is not": (web("region: amsterdam"), 5, "`frankfurt`"),
    "a plan of the past": (web("plan: hobby"), 5, "is `hobby`"),
    "a type that there is not": ("services:\n  - {type: postgres, name: a, runtime: docker}\n", 2, "is `postgres`"),
    "a trigger that there is not": (web("autoDeployTrigger: onCommit"), 5, "`checksPass`"),
    "paths as one text": (web("buildFilter:\n  paths: src/**"), 6, "a list of a text"),
    "no name": ("services:\n  - {type: web, runtime: node}\n", 2, "no `name`"),
    "no runtime": ("services:\n  - {type: web, name: a}\n", 2, "no `runtime`"),
    "no allow list": ("services:\n  - {type: keyvalue, name: a}\n", 2, "no `ipAllowList`"),
    "no schedule": ("services:\n  - {type: cron, name: a, runtime: node}\n", 2, "no `schedule`"),
    "no folder to publish": ("services:\n  - {type: web, name: a, runtime: static}\n", 2, "no `staticPublishPath`"),
    "no image": ("services:\n  - {type: web, name: a, runtime: image}\n", 2, "no `image`"),
    "runtime in its old form": ("services:\n  - type: web\n    name: a\n    env: docker\n", 4, "old form"),
    "variables under env": ("services:\n  - type: web\n    name: a\n    runtime: node\n    env: [A]\n", 5, "is a list"),
    "Redis": ("services:\n  - {type: redis, name: a, ipAllowList: []}\n", 2, "old form"),
    "the old trigger": (web("autoDeploy: false"), 5, "old form"),
    "the old previews": (web("pullRequestPreviewsEnabled: true"), 5, "old form"),
    "the old previews at the root": ("previewsEnabled: true\nservices: []\n", 1, "old form"),
    "the old plan of previews": (web("previewPlan: starter"), 5, "old form"),
    "a migration on the free plan": (web("plan: free\npreDeployCommand: node m.js"), 6, "with plan free"),
    "a disk on the free plan": (web("plan: free\ndisk: {name: d, mountPath: /d}"), 6, "with plan free"),
    "instances on the free plan": (web("plan: free\nnumInstances: 2"), 6, "one instance"),
    "a free worker": ("services:\n  - {type: worker, name: a, runtime: node, plan: free}\n", 2, "with type worker"),
    "a worker's plan at Key Value": (
        "services:\n  - {type: keyvalue, name: a, ipAllowList: [], plan: 0.5c-512mb}\n",
        2,
        "with type keyvalue",
    ),
    "a check of a worker": (
        "services:\n  - type: worker\n    name: a\n    runtime: node\n    healthCheckPath: /\n",
        5,
        "ignored",
    ),
    "a plan of a static site": (
        "services:\n  - {type: web, name: a, runtime: static, staticPublishPath: d,\n     plan: free}\n",
        3,
        "ignored",
    ),
    "a start command of a Dockerfile": (web("startCommand: node a.js"), 5, "ignored"),
    "a policy at a server": (web("maxmemoryPolicy: noeviction"), 5, "ignored"),
    "a disk and instances": (web("disk: {name: d, mountPath: /d}\nnumInstances: 2"), 6, "one instance"),
    "a disk and scaling": (
        web("disk: {name: d, mountPath: /d}\nscaling: {minInstances: 1, maxInstances: 2}"),
        6,
        "one instance",
    ),
    "a disk over the root": (web("disk: {name: d, mountPath: /}"), 5, "no disk can be mounted"),
    "too long an end": (web("maxShutdownDelaySeconds: 600"), 5, "from 1 to 300"),
    "too high a target": (web("scaling: {minInstances: 1, maxInstances: 2, targetCPUPercent: 95}"), 5, "1 to 90"),
    "the least above the most": (web("scaling: {minInstances: 3, maxInstances: 2}"), 5, "more than the most"),
    "a check without a slash": (web("healthCheckPath: health"), 5, "begins with `/`"),
    "an odd disk of a database": ("databases:\n  - {name: a, diskSizeGB: 7}\n", 2, "multiple of 5"),
    "a variable without a source": (variables("- key: A"), 6, "has no value"),
    "a variable of two sources": (variables("- key: A\n  value: 2\n  sync: false"), 8, "`value` and `sync`"),
    "a group under a name": (variables("- {key: A, fromGroup: g}"), 6, "a group gives all"),
    "a value without a name": (variables("- value: a"), 6, "no `key`"),
    "a port that Render keeps": (variables("- {key: PORT, value: 19099}"), 6, "keeps this port"),
    "a reference to nothing of a service": (variables("- {key: A, fromService: {name: b, type: web}}"), 6, "one of"),
    "a reference to two things": (
        variables("- {key: A, fromService: {name: b, type: web, property: host, envVarKey: B}}"),
        6,
        "one of",
    ),
    "the address of a worker": (
        variables("- {key: A, fromService: {name: b, type: worker, property: host}}"),
        6,
        "a worker has no host",
    ),
    "the connection string of a server": (
        variables("- {key: A, fromService: {name: b, type: web, property: connectionString}}"),
        6,
        "only databases",
    ),
    "a property that there is not": (
        variables("- {key: A, fromDatabase: {name: db, property: url}}"),
        6,
        "`connectionString`",
    ),
    "a misspelt database": (
        variables("- {key: A, fromDatabase: {name: shop-bd, property: host}}") + "databases: [{name: shop-db}]\n",
        6,
        "did you mean `shop-db`",
    ),
    "the wrong type of a service": (
        variables("- {key: A, fromService: {name: api, type: pserv, property: host}}"),
        6,
        "is of type `web`",
    ),
    "the same name twice": (web("") + "  - {type: worker, name: api, runtime: docker}\n", 5, "two `services`"),
    "a reference in a group": (
        "envVarGroups:\n  - name: g\n    envVars:\n      - {key: A, fromDatabase: {name: d, property: host}}\n",
        4,
        "refused",
    ),
    "a question in a group": (
        "envVarGroups:\n  - name: g\n    envVars:\n      - {key: A, sync: false}\n",
        4,
        "ignored",
    ),
    "a mistake deep in a project": (
        "projects: [{name: p, environments: [{name: e, services: [\n  {type: web, name: a, runtime: go, branh: b}]}]}]",
        2,
        "did you mean `branch`",
    ),
}


@pytest.mark.parametrize(("text", "line", "said"), BROKEN.values(), ids=BROKEN)
def test_a_mistake_is_found_at_its_line(text: str, line: int, said: str) -> None:
    found = irregular(text)
    assert [(each.at.line, said in each.message + each.help + each.consequence) for each in found] == [(line, True)], (
        found
    )


def test_a_finding_says_what_happens_and_what_to_do() -> None:
    (found,) = irregular(web("healthcheckPath: /"))
    assert found.fault is Fault.UNKNOWN
    assert found.at.key == "services[0].healthcheckPath"
    assert "refuses the whole blueprint" in found.consequence
    assert found.help == "write `healthCheckPath`"


def test_services_say_what_they_are() -> None:
    found = services("""\
        services:
          - {type: web, name: a, runtime: docker}
          - {type: web, name: b, runtime: static}
          - {type: pserv, name: c, runtime: docker}
          - {type: worker, name: d, runtime: docker}
          - {type: cron, name: e, runtime: docker}
          - {type: keyvalue, name: f}
          - {name: g}
    """)
    assert [each.kind for each in found] == ["web", "static", "private", "worker", "cron", "store", ""]


def test_a_service_has_a_release_a_disk_and_what_its_group_gives() -> None:
    (api,) = services("""\
        services:
          - type: web
            name: api
            runtime: docker
            preDeployCommand: node dist/migrate.js
            disk: {name: data, mountPath: /var/data}
            envVars:
              - fromGroup: shared
              - fromGroup: elsewhere
              - {key: PORT, value: 4000}
              - {key: A, value: own}
        envVarGroups:
          - name: shared
            envVars: [{key: A, value: shared}, {key: SECRET, generateValue: true}]
    """)
    assert api.release is not None
    assert api.release.value == ("node dist/migrate.js",)
    assert [(mount.source, mount.target) for mount in api.mounts] == [("data", "/var/data")]
    told = {name: value.value for name, value in api.environment.items()}
    assert told == {"A": "own", "SECRET": "", "PORT": "4000"}
    assert api.environment["SECRET"].at.line == 14
    assert [each.value for key, each in api.settings.items() if key.endswith(".fromGroup")] == ["elsewhere"]


def test_builds_are_told_every_variable_of_a_service() -> None:
    api, _ = services(variables("- {key: NEXT_PUBLIC_A, value: b}") + "  - {type: web, name: n, runtime: node}\n")
    assert {name: value.value for name, value in api.build_arguments.items()} == {"NEXT_PUBLIC_A": "b"}


@pytest.mark.parametrize("path", ["render.staging.yaml", "deploy/render-preview.yml"])
def test_a_blueprint_may_have_another_name(path: str) -> None:
    assert re.fullmatch(PLATFORMS["render"], path)
    assert [each.name for each in services(web(""), path)] == ["api"]


@pytest.mark.parametrize("text", ["replicas: 2\nimage: {tag: a}\n", "services:\n  web: {image: a}\n", "- a\n", ""])
def test_a_file_that_only_sounds_like_a_blueprint_is_left_alone(text: str) -> None:
    for path in ("charts/render.values.yaml", "shaders/render.yaml"):
        file = render.parse(text, path)
        assert (file.services, file.irregular) == ((), ())


def test_a_thousand_services_are_read_in_time() -> None:
    entries = "".join(
        f"  - type: web\n    name: s{index}\n    runtime: docker\n    envVars:\n"
        f"      - {{key: A, fromService: {{name: t{index}, type: web, property: host}}}}\n"
        for index in range(1000)
    )
    assert irregular(f"services:\n{entries}") == ()
