"""Sources nobody would write: the reader never fails, and never takes long."""
# ruff: noqa: E501 - a sample stands beside what it means

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.readers.code import read_code
from bayplan.tree import Tree
from tests.unit.code_workspace import manifest, packages, read_app, read_main, read_workspace, told

SAMPLE = """
import express, { Router } from 'express'
import { Worker } from 'bullmq'
import { z } from 'zod'
import { NestFactory } from '@nestjs/core'
const schema = z.object({ PORT: z.coerce.number().default(4000), A: z.string().optional() })
export const { PORT, B = 'x' } = schema.parse(process.env)
const need = (k: string, d?: string) => process.env[k] ?? d
const app = express(), r = Router()
r.get('/x', h); app.use('/api', r); app.listen(need('PORT', `${PORT}`), '0.0.0.0')
for (const s of ['SIGTERM']) process.on(s, () => {})
new Worker(QUEUES.mail, run)
@Controller({ path: 'a', version: ['1'] }) class C { @Get('b') m() {} constructor(private c: ConfigService) { this.c.get('Q') } }
migrate(db, { migrationsFolder: path.join(__dirname, '../drizzle') })
export default { output: 'standalone', port: 1, fetch }
"""


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_source_never_raises(data: st.DataObject) -> None:
    text = SAMPLE
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 40)))
        text = (
            text[:start]
            + data.draw(st.sampled_from(["", "{", "(", "`${", "\0", "'", "=>", "ä\u2028", text[start:end] * 2]))
            + text[end:]
        )
    files = {"src/main.ts": text, "next.config.js": text, "app/api/route.ts": text, "tsconfig.json": text}
    read_app(files, "express", "@nestjs/core", "bullmq", "next")


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_after_a_read_never_raises(text: str) -> None:
    read_main("process.env.A" + text.encode(errors="replace").decode())


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "process.env.A",
        "[" * 10_000 + "process.env.A" + "]" * 10_000,
        "{" * 1_400 + "process.env.A" + "}" * 1_400,
        "x = " + "process.env.A ?? " * 5_000 + "1",
        "process.env.A" + ".b" * 20_000,
        "f(" * 1_400 + "process.env.A" + ")" * 1_400,
        "!" * 10_000 + "process.env.A",
        "`${" * 1_000 + "process.env.A" + "}`" * 1_000,
        "app" + ".get('/x', h)" * 2_000 + "\nconst app = express()\nprocess.env.A",
        "".join(f"const a{n} = a{n + 1}\n" for n in range(3_000)) + "app.listen(a0)\nprocess.env.A",
        "const a = b, b = a\napp.listen(a)\nprocess.env[a]",
        "const f = (x) => f(f(x))\napp.listen(f(f(1)))\nprocess.env[f('A')]",
        "const o = { ...o, a: o.a }\napp.listen(o.a.b.c)\nprocess.env.A",
        "z.object({ A: s })\nconst s = s.optional()\nconst t = t.extend(t)\nt.parse(process.env)",
        "export * from './main'\nexport { x } from './main'\nimport { x } from './main'\napp.listen(x)",
        "if (x) {} else " * 3_000 + "process.env.A",
        "process.env.A;" * 10_000,
    ],
)
def test_deep_long_and_circular_sources_are_read_in_good_time(text: str) -> None:
    started = time.process_time()
    read_main(text, "express")
    assert time.process_time() - started < 5


def test_a_file_that_is_no_utf8_or_very_large_or_a_link_elsewhere_is_left_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside.ts"
    outside.write_text("process.env.OUTSIDE")
    root = tmp_path / "repo"
    (root / "app/src").mkdir(parents=True)
    (root / "app/package.json").write_text(manifest())
    (root / "app/src/latin.ts").write_bytes(b"process.env.LATIN // \xe9")
    (root / "app/src/huge.ts").write_text("process.env.HUGE\n" + "// filling\n" * 100_000)
    (root / "app/src/min.js").write_text("process.env.MIN;" * 1_000)
    (root / "app/src/link.ts").symlink_to(outside)
    (root / "app/src/loop.ts").symlink_to(root / "app/src/loop.ts")
    (root / "app/src/folder").symlink_to(root / "app")
    (root / "app/src/a b$(x)'\"\n.ts").write_text("process.env.ODD")
    found = read_code(Tree(root), packages({"app/package.json": manifest()}))
    assert list(told(found["app"].env)) == ["ODD"]


def test_a_workspace_without_packages_has_no_code() -> None:
    assert read_workspace({"src/main.ts": SAMPLE}) == {}


def test_time_grows_with_the_number_of_files_and_no_faster() -> None:
    def seconds(count: int) -> float:
        files = {
            f"src/f{n}.ts": f"import {{ x }} from './f{n - 1}'\nexport const v = process.env.K{n} ?? x\n" * 8
            for n in range(count)
        }
        started = time.process_time()
        read_app(files, "express")
        return time.process_time() - started

    seconds(20)
    assert seconds(1_200) < 20 * max(seconds(200), 0.05)
