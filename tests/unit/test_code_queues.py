"""Queues, Next configs and folders read at run time."""
# ruff: noqa: E501 - a sample stands beside what it means

import pytest

from bayplan.model.code import NextConfig
from tests.unit.code_workspace import manifest, read_app, read_main, read_workspace

BULLMQ = "import { Queue, Worker } from 'bullmq'\n"
NEST = "import { Processor, InjectQueue, BullModule } from '@nestjs/bullmq'\n"


@pytest.mark.parametrize(
    ("library", "text", "expected"),
    [
        ("bullmq", BULLMQ + "new Worker('mail', run, { connection })", [("mail", True)]),
        ("bullmq", BULLMQ + "export const q = new Queue<Job>('mail')", [("mail", False)]),
        ("bullmq", BULLMQ + "const NAME = 'mail'\nnew Worker(NAME, run)", [("mail", True)]),
        ("bullmq", BULLMQ + "const Q = { mail: 'mail', sms: 'sms' } as const\nnew Worker(Q.mail, run)", [("mail", True)]),
        ("bullmq", BULLMQ + "enum Q { Mail = 'mail' }\nnew Worker(Q.Mail, run)", [("mail", True)]),
        ("bullmq", BULLMQ + "class Q { static readonly MAIL = 'mail' }\nnew Worker(Q.MAIL, run)", [("mail", True)]),
        ("bullmq", BULLMQ + "new Worker(names[i], run)", [("", True)]),
        ("bullmq", BULLMQ + "for (const n of ['a', 'b']) new Worker(n, run)", [("a", True), ("b", True)]),
        ("bullmq", BULLMQ + "const make = (n: string) => new Worker(n, run)\nmake('a'); make('b')", [("a", True), ("b", True)]),
        ("bullmq", BULLMQ + "const p = 'x'\nnew Worker(`${p}-mail`, run)", [("x-mail", True)]),
        ("bullmq", "import { Worker } from 'node:worker_threads'\nnew Worker('./bullmq.js')", []),
        ("@nestjs/bullmq", NEST + "@Processor('mail') export class P extends WorkerHost {}", [("mail", True)]),
        ("@nestjs/bullmq", NEST + "@Processor({ name: 'mail' }) class P {}", [("mail", True)]),
        ("@nestjs/bullmq", NEST + "@Processor('mail', { concurrency: 5 }) class P {}", [("mail", True)]),
        ("@nestjs/bullmq", NEST + "class S { constructor(@InjectQueue('mail') private q: Queue) {} }", [("mail", False)]),
        ("@nestjs/bullmq", NEST + "BullModule.registerQueue({ name: 'a' }, { name: 'b' })", [("a", False), ("b", False)]),
        ("bull", "import Bull from 'bull'\nconst q = new Bull('mail')\nq.process(run)", [("mail", False), ("mail", True)]),
        ("bee-queue", "const Queue = require('bee-queue')\nconst q = new Queue('mail')\nq.process(run)", [("mail", False), ("mail", True)]),
        ("amqplib", "import amqp from 'amqplib'\nconst Q = 'mail'\nchannel.consume(Q, run)\nchannel.sendToQueue('out', b)", [("mail", True), ("out", False)]),
        ("pg-boss", "import PgBoss from 'pg-boss'\nconst boss = new PgBoss(url)\nawait boss.work('mail', run)", [("mail", True)]),
        ("kafkajs", "import { Kafka } from 'kafkajs'\nconsumer.subscribe({ topics: ['a', 'b'] })", [("a", True), ("b", True)]),
        ("agenda", "import { Agenda } from 'agenda'\nagenda.define('mail', run)", [("mail", True)]),
    ],
)  # fmt: skip
def test_a_queue_is_known_by_its_name(library: str, text: str, expected: list[tuple[str, bool]]) -> None:
    assert sorted((use.name, use.consumes) for use in read_main(text, library).queues) == expected


def test_a_queues_name_is_followed_into_a_workspace_package() -> None:
    found = read_workspace(
        {
            "packages/shared/package.json": manifest("@acme/shared", start=""),
            "packages/shared/src/index.ts": "export * from './a'\nexport * from './queues'",
            "packages/shared/src/a.ts": "export const OTHER = 1",
            "packages/shared/src/queues.ts": "export const QUEUES = Object.freeze({ mail: 'mail' })",
            "apps/w/package.json": manifest("w", "bullmq", "@acme/shared"),
            "apps/w/src/main.ts": BULLMQ + "import { QUEUES } from '@acme/shared'\nnew Worker(QUEUES.mail, run)",
        }
    )
    assert [use.name for use in found["apps/w"].queues] == ["mail"]


def config(text: str, name: str = "next.config.ts") -> NextConfig:
    found = read_app({name: text}, "next", start="next start").next
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("export default { output: 'standalone' }", "standalone"),
        ("const c: NextConfig = { output: 'standalone' }\nexport default c", "standalone"),
        ("/** @type {import('next').NextConfig} */\nmodule.exports = { output: 'export' }", "export"),
        ("const c = { output: 'standalone' }\nmodule.exports = c", "standalone"),
        ("export default withMDX({ output: 'standalone' })", "standalone"),
        ("export default withA({ enabled: x })(withB(c))\nconst c = { output: 'standalone' }", "standalone"),
        ("const c = {}\nexport default withSentryConfig(c, { org: 'o' })", None),
        ("export default () => ({ output: 'standalone' })", "standalone"),
        ("export default async (phase) => { const c = { output: 'standalone' }; return c }", "standalone"),
        ("export default function config() { return { output: 'standalone' } }", "standalone"),
        ("export default { output: 'standalone' } satisfies NextConfig", "standalone"),
        ("export default defineConfig({ output: 'standalone' })", "standalone"),
        ("const c = {}\nc.output = 'standalone'\nexport default c", "standalone"),
        ("export default {\n  // output: 'standalone',\n}", None),
        ("export default { output: undefined }", None),
        ("export default { output: process.env.X ? 'standalone' : undefined }", "process.env.X ? 'standalone' : undefined"),
        ("const base = { output: 'standalone' }\nexport default { ...base }", "standalone"),
    ],
)  # fmt: skip
def test_the_output_of_a_next_config(text: str, output: str | None) -> None:
    found = config(text)
    assert (found.output.value if found.output else None) == output
    assert found.editable


def test_a_next_config_is_edited_at_its_opening_brace() -> None:
    found = config("const c = {\n}\nexport default wrap(c)", "next.config.mjs")
    assert (found.path, found.at.line, found.at.column, found.at.length) == ("app/next.config.mjs", 1, 11, 1)


def test_a_next_config_says_more() -> None:
    found = config(
        "export default { outputFileTracingRoot: path.join(__dirname, '../../'), basePath: '/docs', transpilePackages: ['@a/ui', 'b'] }"
    )
    assert found.tracing_root is not None
    assert found.tracing_root.value == "path.join(__dirname, '../../')"
    assert found.base_path is not None
    assert found.base_path.value == "/docs"
    assert found.transpiled == ("@a/ui", "b")
    older = config("export default { experimental: { outputFileTracingRoot: ROOT } }")
    assert older.tracing_root is not None
    assert older.tracing_root.value == "ROOT"


@pytest.mark.parametrize(
    "text", ["export default load()", "", "export default 5", "module.exports = require('x')", "export default {"]
)
def test_a_config_nobody_can_read_is_not_edited(text: str) -> None:
    assert config(text).output is None


def test_a_config_object_in_another_file_is_not_edited() -> None:
    found = read_app(
        {"next.config.ts": "export { default } from './c'", "c.ts": "export default { output: 'export' }"}, "next"
    ).next
    assert found is not None
    assert not found.editable


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("migrate(db, { migrationsFolder: './drizzle' })", "drizzle"),
        ("migrate(db, { migrationsFolder: path.join(__dirname, '..', 'drizzle') })", "drizzle"),
        ("const dir = path.resolve(process.cwd(), 'drizzle')\nmigrate(db, { migrationsFolder: dir })", "drizzle"),
        ("migrate(db, { migrationsFolder: fileURLToPath(new URL('../drizzle', import.meta.url)) })", "drizzle"),
        ("const here = dirname(fileURLToPath(import.meta.url))\nmigrate(db, { migrationsFolder: join(here, '../drizzle') })", "drizzle"),
        ("migrate(db, { migrationsFolder: `${__dirname}/../drizzle` })", "drizzle"),
        ("import { readFileSync } from 'node:fs'\nreadFileSync(join(__dirname, '../templates/mail.html'))", "templates"),
        ("import fs from 'fs'\nfs.readFileSync(join(import.meta.dirname, '../templates', name))", "templates"),
        ("import { readFile } from 'fs/promises'\nreadFile(path.resolve(process.cwd(), 'templates/mail.html'))", "templates"),
        ("app.use(express.static('templates'))", "templates"),
        ("app.use(express.static(path.join(__dirname, '../templates')))", "templates"),
        ("app.set('views', './templates')", "templates"),
        ("app.register(fastifyStatic, { root: path.join(__dirname, '../templates') })", "templates"),
        ("ServeStaticModule.forRoot({ rootPath: join(__dirname, '..', 'templates') })", "templates"),
        ("import fs from 'fs'\nfs.readFileSync('/etc/hosts'); fs.readFileSync('../../other/x'); fs.readFileSync('gone/x')", None),
        ("import fs from 'fs'\nfs.readFileSync(file)", None),
        ("storage.readFile('templates')", None),
    ],
)  # fmt: skip
def test_folders_read_at_run_time(text: str, folder: str | None) -> None:
    files = {"src/main.ts": text, "drizzle/0000.sql": "", "templates/mail.html": ""}
    assert [each.value for each in read_app(files).reads_files] == ([folder] if folder else [])
