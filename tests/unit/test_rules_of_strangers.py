"""The shapes that deployment files of real repositories have, and that nothing is wrong with."""

import pytest

from tests.unit.shop import API, FLOW, findings
from tests.unit.test_rules_of_platforms import BUILT, IGNORED

BY_ARCHITECTURE = """
on:
  push: {branches: [main]}
  workflow_dispatch:
jobs:
  build:
    strategy:
      matrix:
        include:
          - {platform: linux/amd64, runs-on: ubuntu-latest}
          - {platform: linux/arm64, runs-on: ubuntu-24.04-arm}
    runs-on: ${{ matrix.runs-on }}
    steps:
      - uses: actions/checkout@v4
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: apps/api/Dockerfile
          platforms: ${{ matrix.platform }}
          outputs: type=image,name=ghcr.io/shop/api,push-by-digest=true,name-canonical=true,push=true
  merge:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: docker buildx imagetools create -t ghcr.io/shop/api:latest $(printf 'ghcr.io/shop/api@sha256:%s ' *)
"""
BY_CHANGE = """
on:
  push:
    paths: ['apps/api/**', 'apps/worker/**', 'packages/**', '!packages/sdks/**', '**Dockerfile', '.github/workflows/**']
jobs:
  changes:
    runs-on: ubuntu-latest
    outputs: {matrix: "${{ steps.filter.outputs.changes }}"}
    steps:
      - uses: actions/checkout@v4
      - {uses: dorny/paths-filter@v3, id: filter, with: {filters: 'api: [apps/api/**]'}}
  build:
    needs: changes
    if: ${{ needs.changes.outputs.matrix != '[]' }}
    strategy:
      matrix:
        service: ${{ fromJson(needs.changes.outputs.matrix) }}
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: apps/${{ matrix.service }}/Dockerfile
          push: ${{ secrets.DOCKER_USERNAME != '' }}
          tags: ${{ secrets.DOCKER_USERNAME }}/${{ matrix.service }}:latest
"""
TWO_PROCESSES = """
app = "shop-api-staging"
primary_region = "sin"

[processes]
  web = "node apps/api/dist/main.js"
  worker = "node apps/api/dist/workers/main.js"

[env]
  HOST = "0.0.0.0"
  PORT = "8080"

[http_service]
  internal_port = 8080
  auto_stop_machines = "stop"
  min_machines_running = 0
  processes = ["web"]
  [[http_service.checks]]
    path = "/api/health"

[[vm]]
  processes = ["worker"]
  memory = "256mb"
"""
TWICE_SERVED = """
app = 'shop-api'
kill_signal = 'SIGTERM'
kill_timeout = '10s'
[build]
  dockerfile = 'Dockerfile'
[deploy]
  strategy = 'rolling'
  release_command = 'node apps/api/dist/db/migrate.js'
[env]
  PORT = '8080'
[http_service]
  internal_port = 8080
  auto_stop_machines = 'stop'
  min_machines_running = 0
  processes = ['app']
[[services]]
  protocol = 'tcp'
  internal_port = 8080
  auto_stop_machines = 'off'
  min_machines_running = 2
  [[services.ports]]
    port = 443
    handlers = ['tls', 'http']
  [[services.http_checks]]
    path = '/api/health'
[[metrics]]
  port = 9091
  path = '/metrics'
"""
MIGRATED_AT_START = """
services:
  - type: web
    name: shop-api
    runtime: docker
    plan: free
    dockerfilePath: ./apps/api/Dockerfile
    dockerContext: .
    dockerCommand: sh -c "node node_modules/prisma/build/main.js migrate deploy && node apps/api/dist/all-in-one.js"
    healthCheckPath: /api/health
    envVars:
      - key: PORT
        value: "3000"
      - key: DATABASE_URL
        sync: false
      - key: JWT_SECRET
        sync: false
"""
BUILT_BY_RAILWAY = """
import { defineRailway, github, postgres, preserve, project, redis, service, volume } from "railway/iac";

const region = "europe-west4-drams3a";

export default defineRailway(() => {
  const source = github("shop/shop", { branch: "main", checkSuites: true });
  const database = postgres("Postgres", { region });
  const cache = redis("Redis", { region });
  const uploads = volume("uploads", { region, sizeMB: 500 });
  const api = service("@shop/api", {
    source,
    build: {
      builder: "DOCKERFILE",
      dockerfilePath: "apps/api/Dockerfile",
      watchPatterns: ["**", "!/.github/**", "!/docs/**", "!/**/*.md"],
    },
    healthcheck: "/api/health",
    replicas: { [region]: 1 },
    domains: [{ domain: "api.example.com", port: 3001 }],
    networking: { privateNetworkEndpoint: "shopapi" },
    volumeMounts: { "/data/uploads": uploads },
    env: {
      DATABASE_URL: preserve(), JWT_SECRET: preserve(), PORT: preserve(), URL: "https://${{RAILWAY_PUBLIC_DOMAIN}}",
    },
  });
  const web = service("@shop/web", {
    source,
    build: { builder: "RAILPACK", buildCommand: "pnpm build:web", watchPatterns: ["/apps/web/**"] },
    start: "pnpm start:web",
    healthcheck: "/",
    env: { API: "http://shopapi.railway.internal:3001", NEXT_PUBLIC_API_URL: preserve() },
  });
  return project("shop", { resources: [api, web, cache, database, uploads] });
});
"""


@pytest.mark.parametrize(
    "files",
    [
        {FLOW: BY_ARCHITECTURE, "fly.toml": 'app = "x"\n[build]\nimage = "ghcr.io/shop/api:latest"\n'},
        {FLOW: BY_CHANGE, "compose.yaml": "services: {queue: {image: 'bitnami/redis:7'}}\n"},
        {"apps/api/fly.toml": TWO_PROCESSES},
        {"apps/api/fly.toml": TWICE_SERVED},
        {"render.yaml": MIGRATED_AT_START},
        {".railway/railway.ts": BUILT_BY_RAILWAY},
    ],
)
def test_what_others_deploy_with_draws_no_finding(files: dict[str, str]) -> None:
    every = findings({API: BUILT, ".dockerignore": IGNORED, **files})
    assert [(each.rule, str(each.places[0].at), each.message) for each in every] == []
