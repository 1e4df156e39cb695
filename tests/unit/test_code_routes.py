"""The routes that Express, Fastify, Hono, Koa, Nest and Next.js answer, with their full paths."""
# ruff: noqa: E501, ISC004 - a sample stands beside what it means

import pytest

from bayplan.model.code import Code
from tests.unit.code_workspace import manifest, read_app, read_main, read_workspace

EXPRESS = "import express, { Router } from 'express'\nconst app = express()\napp.listen(3000)\n"
FASTIFY = "import Fastify from 'fastify'\nconst app = Fastify({ logger: true })\napp.listen({ port: 3000 })\n"
HONO = "import { Hono } from 'hono'\nimport { serve } from '@hono/node-server'\n"


def shown(code: Code) -> list[str]:
    return sorted(f"{route.method} {route.path}" for route in code.routes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app.get('/x', (req, res) => res.send())", ["GET /x"]),
        ("app.get(['/x', '/y'], handle)", ["GET /x", "GET /y"]),
        ("const PATH = '/x'\napp.post(PATH, handle)", ["POST /x"]),
        ("app.get(`/v1/x`, handle)", ["GET /v1/x"]),
        ("const P = '/api'\napp.get(`${P}/x`, handle)", ["GET /api/x"]),
        ("app.route('/x').get(handle).post(handle)", ["GET /x", "POST /x"]),
        ("app.set('view engine', 'x'); app.get('view engine'); cache.get('/x', y)", []),
        ("const r = Router()\nr.get('/x', handle)\napp.use('/api', auth, r)", ["GET /api/x"]),
        ("const r = express.Router()\nr.get('/', handle)\napp.use('/api', r)", ["GET /api"]),
        (
            "const a = Router(), b = Router()\nb.delete('/:id', handle)\na.use('/things', b)\napp.use('/api', a)",
            ["DELETE /api/things/:id"],
        ),
        ("const r = Router()\nr.get('/x', handle)\napp.use(r)", ["GET /x"]),
        ("const r = Router()\nr.get('/x', handle)\napp.use('/api', [auth, r])", ["GET /api/x"]),
        ("const r = Router()\nr.get('/x', handle)", []),
        ("const r = Router()\nr.get('/x', handle)\napp.use(process.env.BASE ?? '/api', r)", ["GET /api/x"]),
        ("app.use('/health', (req, res) => res.sendStatus(200))", ["ALL /health"]),
        ("app.use('/x', (req, res, next) => next())", []),
        ("function routes(a: Express) { a.get('/x', handle) }\nroutes(app)", ["GET /x"]),
        (
            "function make() { const r = Router(); r.get('/x', handle); return r }\napp.use('/api', make())",
            ["GET /api/x"],
        ),
        ("const r = Router()\nr.use('/again', r)\nr.get('/x', handle)\napp.use('/api', r)", ["GET /api/x"]),
        ("const a = Router(), b = Router()\na.use('/b', b)\nb.use('/a', a)\napp.use('/', a)", []),
    ],
)
def test_routes_of_express(text: str, expected: list[str]) -> None:
    assert shown(read_main(EXPRESS + text, "express")) == expected


def test_express_routers_are_followed_through_files_and_packages() -> None:
    found = read_workspace(
        {
            "packages/routes/package.json": manifest("@acme/routes", "express", start=""),
            "packages/routes/src/index.ts": "export { default as users } from './users'",
            "packages/routes/src/users.ts": "import { Router } from 'express'\nconst r = Router()\nr.get('/me', handle)\nexport default r",
            "apps/api/package.json": manifest("api", "express", "@acme/routes"),
            "apps/api/src/app.ts": "import express from 'express'\nexport const createApp = () => {\n const app = express()\n"
            " app.use('/api', require('./health'))\n app.use('/users', users)\n return app }\nimport { users } from '@acme/routes'",
            "apps/api/src/health.js": "const express = require('express')\nconst r = express.Router()\nr.get('/health', h)\nmodule.exports = r",
            "apps/api/src/late.js": "module.exports.late = (a) => { a.get('/late', h) }",
            "apps/api/src/main.ts": "import { createApp } from './app'\nconst app = createApp()\nrequire('./late').late(app)\napp.listen(3000)",
        }
    )
    assert shown(found["apps/api"]) == ["GET /api/health", "GET /late", "GET /users/me"]
    assert found["packages/routes"].routes == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app.get('/x', async () => 'ok')", ["GET /x"]),
        ("app.get('/x', { schema: {} }, handle)", ["GET /x"]),
        ("app.route({ method: 'GET', url: '/x', handler })", ["GET /x"]),
        ("app.route({ method: ['GET', 'HEAD'], url: '/x', handler })", ["GET /x", "HEAD /x"]),
        ("app.register(async (f) => { f.get('/x', handle) }, { prefix: '/api' })", ["GET /api/x"]),
        ("async function plugin(f) { f.get('/x', handle) }\napp.register(plugin, { prefix: '/api' })", ["GET /api/x"]),
        ("async function plugin(f) { f.get('/x', handle) }\napp.register(plugin)", ["GET /x"]),
        (
            "async function inner(f) { f.get('/x', handle) }\nasync function outer(f) { f.register(inner, { prefix: '/b' }) }\n"
            "app.register(outer, { prefix: '/a' })",
            ["GET /a/b/x"],
        ),
        (
            "import fp from 'fastify-plugin'\nconst p = fp(async (f) => { f.get('/x', handle) })\napp.register(p)",
            ["GET /x"],
        ),
        ("app.register(async (f) => { f.post('', handle) }, { prefix: '/api' })", ["POST /api"]),
        ("const t = app.withTypeProvider<Zod>()\nt.get('/x', handle)", ["GET /x"]),
    ],
)
def test_routes_of_fastify(text: str, expected: list[str]) -> None:
    assert shown(read_main(FASTIFY + text, "fastify")) == expected


def test_fastify_plugins_are_followed_through_files() -> None:
    files = {
        "src/main.ts": FASTIFY
        + "import routes from './routes'\napp.register(routes, { prefix: '/api' })\napp.register(import('./late'))",
        "src/routes.ts": "const routes: FastifyPluginAsync = async (fastify) => { fastify.get('/x', h) }\nexport default routes",
        "src/late.ts": "export default async function (f: FastifyInstance) { f.post('/late', h) }",
        "src/orphan.ts": "export default async function (f: FastifyInstance) { f.post('/orphan', h) }",
    }
    assert shown(read_app(files, "fastify")) == ["GET /api/x", "POST /late"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("const app = new Hono()\napp.get('/x', (c) => c.text(''))\nserve(app)", ["GET /x"]),
        ("const app = new Hono().get('/x', h).post('/y', h)\nserve(app)", ["GET /x", "POST /y"]),
        ("const app = new Hono().basePath('/api')\napp.get('/x', h)\nserve(app)", ["GET /api/x"]),
        (
            "const api = new Hono().get('/x', h)\nconst app = new Hono()\napp.route('/api', api)\nserve(app)",
            ["GET /api/x"],
        ),
        ("const app = new Hono()\napp.on(['GET', 'PUT'], '/x', h)\nserve(app)", ["GET /x", "PUT /x"]),
        ("const app = new Hono()\nconst api = app.basePath('/api')\napi.get('/x', h)\nserve(app)", ["GET /api/x"]),
        (
            "import { OpenAPIHono } from '@hono/zod-openapi'\nconst app = new OpenAPIHono<E>()\napp.get('/x', h)\nserve(app)",
            ["GET /x"],
        ),
    ],
)
def test_routes_of_hono(text: str, expected: list[str]) -> None:
    assert shown(read_main(HONO + text, "hono")) == expected


def test_routes_of_koa_and_of_plain_node() -> None:
    koa = (
        "import Koa from 'koa'\nimport Router from '@koa/router'\nconst r = new Router({ prefix: '/api' })\nr.get('/x', h)\n"
        "const app = new Koa()\napp.use(r.routes()).use(r.allowedMethods())\napp.listen(3000)"
    )
    assert shown(read_main(koa, "koa", "@koa/router")) == ["GET /api/x"]
    choosing = "import { createServer } from 'http'\ncreateServer((req, res) => { switch (req.url) { case '/live': res.end() } }).listen(3000)"
    assert shown(read_main(choosing)) == ["GET /live"]
    plain = "import { createServer } from 'http'\ncreateServer((req, res) => { if (req.url === '/health') res.end() }).listen(3000)"
    assert shown(read_main(plain)) == ["GET /health"]
    terminus = "import { createTerminus } from '@godaddy/terminus'\ncreateTerminus(server, { healthChecks: { '/healthz': check } })\nserver.listen(3000)"
    assert shown(read_main(terminus)) == ["GET /healthz"]


MAIN = (
    "import { NestFactory } from '@nestjs/core'\nconst app = await NestFactory.create(M)\nSETUP\nawait app.listen(3000)"
)
IMPORTS = "import { Controller, Get, Post, All, Version, VERSION_NEUTRAL, VersioningType } from '@nestjs/common'\n"


@pytest.mark.parametrize(
    ("setup", "controller", "expected"),
    [
        ("", "@Controller() class C { @Get() a() {} }", ["GET /"]),
        (
            "",
            "@Controller('health') export class C { @Get() a() {} @Get('live') b() {} }",
            ["GET /health", "GET /health/live"],
        ),
        (
            "",
            "@Controller(['a', 'b']) class C { @Post(['x', 'y']) a() {} }",
            ["POST /a/x", "POST /a/y", "POST /b/x", "POST /b/y"],
        ),
        ("", "@Controller({ path: 'a' }) class C { @All(':id') @HttpCode(200) a() {} }", ["ALL /a/:id"]),
        ("", "const P = 'a'\n@Controller(P) class C { @Get(`${P}/b`) a() {} }", ["GET /a/a/b"]),
        ("", "@Controller('a') class C { @Auth() @Get() async a(@Query('x') x: string) {} helper() {} }", ["GET /a"]),
        ("app.setGlobalPrefix('api')", "@Controller('a') class C { @Get() a() {} }", ["GET /api/a"]),
        (
            "app.setGlobalPrefix(process.env.PREFIX ?? '/api/')",
            "@Controller('/a/') class C { @Get('/b') a() {} }",
            ["GET /api/a/b"],
        ),
        (
            "app.setGlobalPrefix('api', { exclude: ['a'] })",
            "@Controller('a') class C { @Get() a() {} @Get('b') b() {} }",
            ["GET /a", "GET /api/a/b"],
        ),
        (
            "app.setGlobalPrefix('api', { exclude: ['a/(.*)'] })",
            "@Controller('a') class C { @Get('b') b() {} }",
            ["GET /a/b"],
        ),
        (
            "app.setGlobalPrefix('api', { exclude: ['a/*rest'] })",
            "@Controller('a') class C { @Get('b') b() {} }",
            ["GET /a/b"],
        ),
        (
            "app.setGlobalPrefix('api', { exclude: [{ path: 'a', method: RequestMethod.GET }] })",
            "@Controller('a') class C { @Get() a() {} @Post() b() {} }",
            ["GET /a", "POST /api/a"],
        ),
        (
            "app.setGlobalPrefix('api')\napp.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' })",
            "@Controller('a') class C { @Get() a() {} @Version('2') @Get('b') b() {} }",
            ["GET /api/v1/a", "GET /api/v2/a/b"],
        ),
        (
            "app.enableVersioning()",
            "@Controller({ path: 'a', version: ['1', '2'] }) class C { @Get() a() {} }",
            ["GET /v1/a", "GET /v2/a"],
        ),
        (
            "app.enableVersioning({ prefix: 'ver' })",
            "@Controller({ path: 'a', version: '1' }) class C { @Get() a() {} }",
            ["GET /ver1/a"],
        ),
        (
            "app.enableVersioning({ defaultVersion: '1' })",
            "@Controller({ path: 'a', version: VERSION_NEUTRAL }) class C { @Get() a() {} }",
            ["GET /a"],
        ),
        (
            "app.enableVersioning({ type: VersioningType.HEADER, header: 'v' })",
            "@Controller({ path: 'a', version: '1' }) class C { @Get() a() {} }",
            ["GET /a"],
        ),
        (
            "app.setGlobalPrefix('api')",
            "@Controller('a') class C { @Get() a() {} }\n@Module({ controllers: [C] }) class M {}\n"
            "@Module({ imports: [RouterModule.register([{ path: 'admin', children: [{ path: 'deep', module: M }] }])] }) class App {}",
            ["GET /api/admin/deep/a"],
        ),
        ("", "@Controller('a') class C { @Get() @HealthCheck() check() { return this.health.check([]) } }", ["GET /a"]),
        ("", "@Resolver('a') class C { @Query() a() {} }", []),
    ],
)
def test_routes_of_nest(setup: str, controller: str, expected: list[str]) -> None:
    code = read_app(
        {"src/main.ts": MAIN.replace("SETUP", setup), "src/a.controller.ts": IMPORTS + controller}, "@nestjs/core"
    )
    assert shown(code) == expected


def test_a_nest_app_answers_the_controllers_of_packages_it_depends_on() -> None:
    found = read_workspace(
        {
            "packages/health/package.json": manifest("@acme/health", "@nestjs/common", start=""),
            "packages/health/src/index.ts": IMPORTS + "@Controller('health') export class C { @Get() a() {} }",
            "apps/api/package.json": manifest("api", "@nestjs/core", "@acme/health"),
            "apps/api/src/main.ts": MAIN.replace("SETUP", "app.setGlobalPrefix('api')"),
        }
    )
    assert shown(found["apps/api"]) == ["GET /api/health"]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "app/api/health/route.ts",
            "export async function GET() {}\nexport const POST = auth(x)",
            ["GET /base/api/health", "POST /base/api/health"],
        ),
        ("src/app/(group)/api/[id]/route.ts", "export { GET } from './h'", ["GET /base/api/:id"]),
        (
            "app/api/auth/[...all]/route.ts",
            "export const { GET, POST } = handlers",
            ["GET /base/api/auth/*", "POST /base/api/auth/*"],
        ),
        ("app/page.tsx", "export default function Page() {}", ["GET /base"]),
        ("app/(shop)/[[...slug]]/page.tsx", "", ["GET /base/*"]),
        ("app/@modal/x/page.tsx", "", []),
        ("app/_private/route.ts", "export function GET() {}", []),
        ("app/api/health/helper.ts", "export function GET() {}", []),
        ("pages/api/health.ts", "export default h", ["ALL /base/api/health"]),
        ("src/pages/index.tsx", "", ["GET /base"]),
        ("pages/_app.tsx", "", []),
    ],
)
def test_routes_of_next_are_its_files(path: str, text: str, expected: list[str]) -> None:
    code = read_app(
        {path: text, "next.config.js": "module.exports = { basePath: '/base' }"}, "next", start="next start"
    )
    assert shown(code) == expected


def test_a_route_is_shown_where_it_is_registered() -> None:
    (route,) = read_main(EXPRESS + "app.get('/x', handle)", "express").routes
    assert str(route.at) == "app/src/main.ts:4"
