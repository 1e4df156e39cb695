"""Where a package listens, and what it is built on."""
# ruff: noqa: E501, ISC004 - a sample stands beside what it means

import pytest

from bayplan.model.code import Code
from tests.unit.code_workspace import manifest, read_app, read_main, read_workspace

EXPRESS = "import express from 'express'\nconst app = express()\n"


def port(code: Code) -> tuple[int | None, str | None]:
    return (code.port.value if code.port else None, code.port_variable.value if code.port_variable else None)


def kind(code: Code) -> str | None:
    return code.framework.value if code.framework else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app.listen(4000)", (4000, None)),
        ("app.listen(process.env.PORT ?? 4000)", (4000, "PORT")),
        ("app.listen(process.env.PORT || 4000, () => log('up'))", (4000, "PORT")),
        ("app.listen(Number(process.env.PORT) || 4000)", (4000, "PORT")),
        ("app.listen(+(process.env.PORT ?? '4000'))", (4000, "PORT")),
        ("app.listen(parseInt(process.env.PORT ?? '4000', 10), '0.0.0.0')", (4000, "PORT")),
        ("app.listen(process.env.PORT ? Number(process.env.PORT) : 4000)", (4000, "PORT")),
        ("app.listen(process.env.PORT!)", (None, "PORT")),
        ("app.listen(process.env.API_PORT ?? 4000)", (4000, "API_PORT")),
        ("const port = process.env.PORT ?? 4000\napp.listen(port)", (4000, "PORT")),
        ("const { PORT = 4000 } = process.env\napp.listen(PORT)", (4000, "PORT")),
        ("const DEFAULT = 4_000\nconst port = Number(process.env.PORT ?? DEFAULT)\napp.listen(port)", (4000, "PORT")),
        (
            "const config = { server: { port: Number(process.env.PORT ?? 4000) } } as const\napp.listen(config.server.port)",
            (4000, "PORT"),
        ),
        ("const config = { port: 4000 }\napp.listen({ port: config.port, host: '::' })", (4000, None)),
        (
            "const port = normalize(process.env.PORT || '4000')\nfunction normalize(v: string) { return Number(v) }\napp.listen(port)",
            (4000, "PORT"),
        ),
        (
            "import { createServer } from 'node:http'\ncreateServer(app).listen(process.env.PORT ?? 4000)",
            (4000, "PORT"),
        ),
        ("function start(port = Number(process.env.PORT ?? 4000)) { app.listen(port) }\nstart()", (4000, "PORT")),
        ("const start = (port: number) => app.listen(port)\nstart(Number(process.env.PORT ?? 4000))", (4000, "PORT")),
        (
            "class Server { port: number; constructor(port: number) { this.port = port }\n run() { this.app.listen(this.port) } }\n"
            "new Server(4000).run()",
            (4000, None),
        ),
        (
            "const get = (k: string, d: number) => Number(process.env[k] ?? d)\napp.listen(get('PORT', 4000))",
            (4000, "PORT"),
        ),
        ("app.listen(0)", (None, None)),
        ("app.listen(70000)", (None, None)),
        ("metrics.listen(process.env.METRICS_PORT ?? 9090)\napp.listen(process.env.PORT ?? 4000)", (4000, "PORT")),
        ("emitter.listen('event')", (None, None)),
    ],
)
def test_the_port_is_followed_to_where_it_is_written_down(text: str, expected: tuple[int | None, str | None]) -> None:
    assert port(read_main(EXPRESS + text, "express")) == expected


@pytest.mark.parametrize(
    ("config", "listen"),
    [
        ("export const port = Number(process.env.PORT ?? 4000)", "import { port } from './config'\napp.listen(port)"),
        ("export default { port: process.env.PORT ?? 4000 }", "import config from './config'\napp.listen(config.port)"),
        (
            "module.exports = { port: process.env.PORT || 4000 }",
            "const { port } = require('./config')\napp.listen(port)",
        ),
        ("exports.port = process.env.PORT || 4000", "const config = require('./config')\napp.listen(config.port)"),
        (
            "const port = process.env.PORT ?? 4000\nexport { port as p }",
            "import * as c from './config.js'\napp.listen(c.p)",
        ),
        (
            "import { z } from 'zod'\nexport const env = z.object({ PORT: z.coerce.number().default(4000) }).parse(process.env)",
            "import { env } from '@/config'\napp.listen(env.PORT)",
        ),
        (
            "import { cleanEnv, port } from 'envalid'\nexport const { PORT } = cleanEnv(process.env, { PORT: port({ default: 4000 }) })",
            "import { PORT } from '~/config'\napp.listen(PORT)",
        ),
        (
            "import { z } from 'zod'\nconst s = z.object({ PORT: z.coerce.number().default(4000) })\n"
            "function load() { const r = s.safeParse(process.env); if (!r.success) process.exit(1); return r.data }\n"
            "export const config = load()",
            "import { config } from './config'\nconst { PORT } = config\napp.listen(PORT)",
        ),
        (
            "import { z } from 'zod'\nconst env = z.object({ PORT: z.coerce.number().default(4000) }).parse(process.env)\n"
            "export const config = { port: env.PORT }",
            "import { config } from './config'\napp.listen({ port: config.port })",
        ),
        (
            "import Joi from 'joi'\nconst { value: env } = Joi.object({ PORT: Joi.number().default(4000) }).validate(process.env)\n"
            "export default { port: env.PORT }",
            "import c from './config'\napp.listen(c.port)",
        ),
    ],
)
def test_the_port_is_followed_through_other_files(config: str, listen: str) -> None:
    code = read_app({"src/config.ts": config, "src/main.ts": EXPRESS + listen}, "express")
    assert port(code) == (4000, "PORT")


def test_the_port_is_followed_through_tsconfig_paths_and_packages() -> None:
    found = read_workspace(
        {
            "tsconfig.base.json": '{ // shared\n "compilerOptions": { "paths": { "#lib/*": ["./apps/api/lib/*"], }, } }',
            "packages/env/package.json": manifest(
                "@acme/env", start="", exports={".": {"default": "./dist/index.js"}, "./net": "./dist/net.js"}
            ),
            "packages/env/src/net.ts": "export const PORT = 4000",
            "packages/env/src/index.ts": "export {}",
            "apps/api/package.json": manifest("api", "express", "@acme/env"),
            "apps/api/tsconfig.json": '{ "extends": "../../tsconfig.base.json" }',
            "apps/api/lib/port.ts": "import { PORT } from '@acme/env/net'\nexport const port = process.env.PORT ?? PORT",
            "apps/api/src/main.ts": EXPRESS + "import { port } from '#lib/port'\napp.listen(port)",
        }
    )
    assert port(found["apps/api"]) == (4000, "PORT")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("app.listen(3000, '127.0.0.1')", "127.0.0.1"),
        ("app.listen(3000, process.env.HOST ?? '0.0.0.0', () => {})", "0.0.0.0"),  # noqa: S104 - what the sample binds to
        ("app.listen({ port: 3000, host: 'localhost' })", "localhost"),
        ("const HOST = '::'\napp.listen({ port: 3000, host: HOST })", "::"),
        ("app.listen(3000)", None),
        ("app.listen(3000, () => {})", None),
    ],
)
def test_the_address_is_named_when_the_code_names_it(text: str, host: str | None) -> None:
    code = read_main(EXPRESS + text, "express")
    assert (code.host.value if code.host else None) == host


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "import { serve } from '@hono/node-server'\nserve({ fetch: app.fetch, port: Number(process.env.PORT ?? 4000) })",
            (4000, "PORT"),
        ),
        ("import { serve } from '@hono/node-server'\nserve(app)", (3000, None)),
        ("Bun.serve({ port: 4000, fetch() {} })", (4000, None)),
        ("export default { port: process.env.PORT ?? 4000, fetch: app.fetch }", (4000, "PORT")),
    ],
)
def test_servers_that_are_served_instead_of_listening(text: str, expected: tuple[int | None, str | None]) -> None:
    code = read_main("import { Hono } from 'hono'\nconst app = new Hono()\n" + text, "hono")
    assert (kind(code), port(code)) == ("hono", expected)


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("await app.listen(process.env.PORT ?? 3000)", (3000, "PORT")),
        ("const config = app.get(ConfigService)\nawait app.listen(config.get('PORT', 3000))", (3000, "PORT")),
        ("await app.listen(app.get(ConfigService).get<number>('PORT') ?? 3000)", (3000, "PORT")),
        (
            "const config: ConfigService = app.get(ConfigService)\nconst port = config.get<number>('PORT') || 3000\nawait app.listen(port, '::')",
            (3000, "PORT"),
        ),
    ],
)
def test_a_nest_app_listens(listen: str, expected: tuple[int | None, str | None]) -> None:
    text = (
        "import { NestFactory } from '@nestjs/core'\nimport { ConfigService } from '@nestjs/config'\n"
        f"async function bootstrap() {{ const app = await NestFactory.create(AppModule)\n{listen} }}\nbootstrap()"
    )
    code = read_main(text, "@nestjs/core")
    assert (kind(code), port(code)) == ("nest", expected)


def test_a_nest_app_listens_where_the_schema_of_its_configuration_says() -> None:
    schema = "const validationSchema = Joi.object({ PORT: Joi.number().default(5110) })"
    main = "import { NestFactory } from '@nestjs/core'\nimport { ConfigService } from '@nestjs/config'\nconst app = await NestFactory.create(M)\n"
    files = {
        "src/main.ts": main + "await app.listen(app.get(ConfigService).getOrThrow('PORT'))",
        "src/app.module.ts": f"import Joi from 'joi'\n{schema}\nConfigModule.forRoot({{ validationSchema }})",
    }
    assert port(read_app(files, "@nestjs/core", "joi")) == (5110, "PORT")


def test_a_nest_app_listens_where_its_configuration_objects_say() -> None:
    main = (
        "import { NestFactory } from '@nestjs/core'\nimport { ConfigService } from '@nestjs/config'\n"
        "const app = await NestFactory.create(M)\nawait app.listen(app.get(ConfigService).get('KEY'))"
    )
    named = "import { registerAs } from '@nestjs/config'\nexport default registerAs('http', () => ({ port: Number(process.env.PORT ?? 4100) }))"
    loaded = "export default () => ({ http: { port: Number(process.env.PORT ?? 4100) }, port: 4200 })"
    module = "import load from './config'\nConfigModule.forRoot({ load: [load] })"
    assert port(
        read_app({"src/main.ts": main.replace("KEY", "http.port"), "src/config.ts": named}, "@nestjs/core")
    ) == (4100, "PORT")
    files = {"src/main.ts": main.replace("KEY", "http.port"), "src/config.ts": loaded, "src/app.module.ts": module}
    assert port(read_app(files, "@nestjs/core")) == (4100, "PORT")
    assert port(read_app({**files, "src/main.ts": main.replace("KEY", "port")}, "@nestjs/core")) == (4200, None)
    assert port(read_app({**files, "src/main.ts": main.replace("KEY", "other.port")}, "@nestjs/core")) == (None, None)


@pytest.mark.parametrize(
    "how", ["createApplicationContext(M)", "createMicroservice(M, { transport: Transport.TCP, options: { port: 4 } })"]
)
def test_a_nest_worker_listens_on_nothing(how: str) -> None:
    text = f"import {{ NestFactory }} from '@nestjs/core'\nconst app = await NestFactory.{how}\nawait app.listen()"
    code = read_main(text, "@nestjs/core")
    assert (kind(code), port(code)) == ("nest", (None, None))


@pytest.mark.parametrize(
    ("start", "expected", "host"),
    [
        ("next start", 3000, None),
        ("next start -p 3001", 3001, None),
        ("next start --port=3001 -H 127.0.0.1", 3001, "127.0.0.1"),
        ("PORT=3002 next start", 3002, None),
        ("next start -p ${PORT:-3003}", 3003, None),
    ],
)
def test_next_listens_where_its_script_says(start: str, expected: int, host: str | None) -> None:
    code = read_app({"app/page.tsx": ""}, "next", start=start)
    assert (kind(code), port(code)) == ("next", (expected, "PORT"))
    assert (code.host.value if code.host else None) == host


def test_a_next_app_with_its_own_server_listens_where_the_server_does() -> None:
    files = {
        "server.ts": "createServer(handle).listen(process.env.PORT ?? 5000)",
        "next.config.js": "module.exports = {}",
    }
    code = read_app(files, "next", start="node server.js")
    assert (kind(code), port(code)) == ("next", (5000, "PORT"))


@pytest.mark.parametrize(
    ("dependencies", "text", "expected"),
    [
        (("express",), EXPRESS + "app.listen(1000)", "express"),
        (("fastify",), "import fastify from 'fastify'\nfastify().listen({ port: 1000 })", "fastify"),
        (("fastify", "bullmq"), "import http from 'http'\nhttp.createServer().listen(1000)", "node"),
        (("koa",), "app.listen(1000)", "node"),
        ((), "import http from 'http'\nhttp.createServer().listen(1000)", "node"),
        (("bullmq",), "import { Worker } from 'bullmq'\nnew Worker('q', run)", "node"),
        ((), "setInterval(run, 1000)", "node"),
    ],
)
def test_a_framework_is_what_a_package_uses(dependencies: tuple[str, ...], text: str, expected: str) -> None:
    assert kind(read_main(text, *dependencies)) == expected


@pytest.mark.parametrize("dependency", ["express", "fastify", "hono", "next", "@nestjs/core", "vite", "bullmq"])
def test_a_library_is_built_on_nothing(dependency: str) -> None:
    text = "export const start = (app, port) => app.listen(port)\nexport const make = () => NestFactory.create(M)"
    assert kind(read_app({"src/index.ts": text}, dependency, start="")) is None


def test_a_static_site_of_vite_has_no_port() -> None:
    found = read_workspace(
        {
            "web/package.json": '{"name": "web", "scripts": {"build": "tsc && vite build", "preview": "vite preview"}, "devDependencies": {"vite": "7"}}',
            "web/index.html": "<div/>",
            "web/src/main.tsx": "render(import.meta.env.VITE_API)",
            "lib/package.json": '{"name": "lib", "main": "x", "scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}',
        }
    )
    assert (kind(found["web"]), port(found["web"])) == ("vite", (None, None))
    assert kind(found["lib"]) is None


def test_a_start_function_of_another_package_listens_for_the_app_that_calls_it() -> None:
    found = read_workspace(
        {
            "packages/http/package.json": manifest("@acme/http", "express", start=""),
            "packages/http/src/index.ts": "export function start(app: any) { app.listen(process.env.PORT ?? 4000)\nprocess.on('SIGTERM', stop) }",
            "apps/a/package.json": manifest("a", "@acme/http", "express"),
            "apps/a/src/main.ts": EXPRESS + "import { start } from '@acme/http'\nstart(app)",
            "apps/b/package.json": manifest("b", "@acme/http"),
            "apps/b/src/main.ts": "import { other } from '@acme/http'\nother()",
        }
    )
    assert (kind(found["apps/a"]), port(found["apps/a"])) == ("express", (4000, "PORT"))
    assert found["apps/a"].handles_sigterm is not None
    assert (kind(found["apps/b"]), port(found["apps/b"])) == ("node", (None, None))
    assert found["apps/b"].handles_sigterm is None


def test_a_port_set_by_the_start_script_wins_over_the_default() -> None:
    code = read_app(
        {"src/main.ts": EXPRESS + "app.listen(process.env.PORT ?? 4000)"},
        "express",
        start="PORT=5000 node dist/main.js",
    )
    assert port(code) == (5000, "PORT")


def test_a_port_says_why() -> None:
    code = read_main(EXPRESS + "app.listen(process.env.PORT ?? 4000)", "express")
    assert code.port is not None
    assert str(code.port.why) == "the code listens on PORT, or 4000 when that is not set (app/src/main.ts:3)"


@pytest.mark.parametrize(
    ("text", "handled"),
    [
        ("process.on('SIGTERM', stop)", True),
        ("process.once('SIGTERM', () => stop())", True),
        ("import process from 'node:process'\nprocess.on('SIGTERM', stop)", True),
        ("for (const s of ['SIGTERM', 'SIGINT']) process.on(s, stop)", True),
        ("const signals = ['SIGINT', 'SIGTERM'] as const\nsignals.forEach((s) => process.on(s, stop))", True),
        ("import closeWithGrace from 'close-with-grace'\ncloseWithGrace({}, stop)", True),
        ("import { createTerminus } from '@godaddy/terminus'\ncreateTerminus(server, {})", True),
        ("app.enableShutdownHooks()", True),
        ("process.on('SIGINT', stop)", False),
        ("worker.on('SIGTERM', stop)", False),
        ("process.kill(pid, 'SIGTERM')", False),
        ("for (const s of ['SIGINT']) process.on(s, stop)\nlog('SIGTERM')", False),
    ],
)
def test_whether_it_ends_in_order(text: str, *, handled: bool) -> None:
    assert (read_main(text).handles_sigterm is not None) == handled


@pytest.mark.parametrize(
    ("text", "handled"),
    [
        ("process.on('SIGINT', stop)", True),
        ("for (const s of ['SIGTERM', 'SIGINT']) process.on(s, stop)", True),
        ("app.enableShutdownHooks()", True),
        ("process.on('SIGTERM', stop)", False),
    ],
)
def test_whether_it_ends_in_order_when_it_is_interrupted(text: str, *, handled: bool) -> None:
    assert (read_main(text).handles_sigint is not None) == handled
