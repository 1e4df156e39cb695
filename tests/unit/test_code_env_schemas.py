"""Schemas the environment is validated by: each library, and where the schema and its use stand apart."""
# ruff: noqa: E501 - a sample stands beside what it means

import pytest

from bayplan.model.code import EnvUse, Use
from tests.unit.code_workspace import manifest, read_app, read_main, read_workspace

ZOD = "import { z } from 'zod'\n"
Said = tuple[bool, str | None, str]


def said(uses: tuple[EnvUse, ...]) -> dict[str, Said]:
    """Return required, default and kind by name, of what schemas say."""
    return {
        use.name: (use.required, use.default, use.kind)
        for use in uses
        if use.via not in ("process.env", "ConfigService")
    }


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("z.string()", (True, None, "")),
        ("z.string().min(1, 'needed')", (True, None, "")),
        ("z.string().default('d')", (False, "d", "")),
        ("z.string().default(() => 'd')", (False, "d", "")),
        ("z.string().default(OTHER)", (False, "o", "")),
        ("z.string().optional()", (False, None, "")),
        ("z.string().nullish()", (False, None, "")),
        ("z.string().nullable()", (True, None, "")),
        ("z.optional(z.url())", (False, None, "url")),
        ("z.string().optional().default('d')", (False, "d", "")),
        ("z.coerce.number().int().positive().default(4000)", (False, "4000", "number")),
        ("z.string().url()", (True, None, "url")),
        ("z.url()", (True, None, "url")),
        ("z.email()", (True, None, "email")),
        ("z.string().email().optional()", (False, None, "email")),
        ("z.coerce.boolean().default(false)", (False, "false", "boolean")),
        ("z.stringbool().default(true)", (False, "true", "boolean")),
        ("z.enum(['a', 'b']).default('a')", (False, "a", "enum:a|b")),
        ("z.enum(LEVELS)", (True, None, "enum:x|y")),
        ("z.nativeEnum(Level)", (True, None, "enum:on|off")),
        ("z.literal('one')", (True, None, "enum:one")),
        ("z.preprocess((v) => v || undefined, z.string().optional())", (False, None, "")),
        ("z.union([z.string().url(), z.literal('')]).optional()", (False, None, "url")),
        ("z.string().or(z.undefined())", (False, None, "")),
        ("z.string().transform(Number).pipe(z.number())", (True, None, "number")),
        ("z.string().catch('c')", (False, "c", "")),
        ("flag", (False, "false", "enum:true|false")),
        ("flag.optional()", (False, "false", "enum:true|false")),
    ],
)
def test_a_zod_field_says_whether_it_is_needed(field: str, expected: Said) -> None:
    text = (
        ZOD + "const OTHER = 'o'\nconst LEVELS = ['x', 'y'] as const\nenum Level { On = 'on', Off = 'off' }\n"
        "const flag = z.enum(['true', 'false']).default('false')\n"
        f"export const env = z.object({{ A: {field} }}).parse(process.env)"
    )
    assert said(read_main(text).env) == {"A": expected}


@pytest.mark.parametrize(
    ("purpose", "field"),
    [
        ("For mail", "A: z.string().describe('For mail')"),
        ("For mail", "A: z.string().meta({ description: 'For mail' })"),
        ("For mail", "// For mail\n  A: z.string()"),
        ("For mail", "A: z.string(), // For mail"),
        ("For mail", "/** For mail */\n  A: z.string().describe('For mail').optional()"),
        ("", "A: z.string()"),
    ],
)
def test_a_zod_field_says_what_it_is_for(purpose: str, field: str) -> None:
    (use,) = read_main(f"{ZOD}z.object({{\n  {field}\n}}).parse(process.env)").env
    assert use.purpose == purpose


@pytest.mark.parametrize(
    "application",
    [
        "export const env = schema.parse(process.env)",
        "const env = schema.parse({ ...process.env })",
        "const env = schema.parse({ A: process.env.A, B: process.env.B })",
        "const env = await schema.parseAsync(process.env)",
        "const r = schema.safeParse(process.env); if (!r.success) process.exit(1); export const env = r.data",
        "function load(source = process.env) { return schema.parse(source) }\nexport const env = load()",
        "function load(source: NodeJS.ProcessEnv) { return schema.parse(source) }",
        "const load = (source: Record<string, string>) => schema.parse(source)\nload(process.env)",
        "const given = Object.fromEntries(Object.entries(process.env).filter(([, v]) => v !== ''))\nschema.safeParse(given)",
        "import { env as e } from 'node:process'\nschema.parse(e)",
        "function check<T extends z.ZodTypeAny>(s: T): z.infer<T> { return s.parse(process.env) }\nexport const env = check(schema)",
        "const { A } = schema.parse(process.env)",
        "class Env { static values = schema.parse(process.env) }",
    ],
)
def test_a_zod_schema_may_be_applied_to_the_environment_in_many_ways(application: str) -> None:
    text = f"{ZOD}const schema = z.object({{ A: z.string(), B: z.string().optional() }})\n{application}"
    assert said(read_main(text).env) == {"A": (True, None, ""), "B": (False, None, "")}


@pytest.mark.parametrize(
    "text",
    [
        "const schema = z.object({ A: z.string() })\nexport const body = schema.parse(request.body)",
        "export const schema = z.object({ A: z.string() })",
        "const schema = z.object({ A: z.string() })\nschema.parse({ A: input })\nlog(process.env.X)",
        "JSON.parse(process.env.X)",
    ],
)
def test_a_schema_of_something_else_is_not_taken(text: str) -> None:
    assert said(read_main(ZOD + text).env) == {}


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ("base.extend({ C: z.string() })", "ABC"),
        ("base.merge(z.object({ C: z.string() }))", "ABC"),
        ("base.and(z.object({ C: z.string() }))", "ABC"),
        ("z.intersection(base, z.object({ C: z.string() }))", "ABC"),
        ("base.pick({ A: true })", "A"),
        ("base.omit({ A: true })", "B"),
        ("z.object({ ...base.shape, C: z.string() })", "ABC"),
        ("z.object({ ...fields, C: z.string() })", "AC"),
        ("z.object(fields)", "A"),
        ("base.strict().superRefine(() => {}).passthrough()", "AB"),
        ("z.looseObject({ A: z.string() })", "A"),
    ],
)
def test_schemas_are_made_of_schemas(schema: str, names: str) -> None:
    text = (
        ZOD + "const fields = { A: z.string() }\nconst base = z.object({ A: z.string(), B: z.string() })\n"
        f"export const env = ({schema}).parse(process.env)"
    )
    assert "".join(sorted(said(read_main(text).env))) == names


def test_partial_makes_every_field_optional() -> None:
    text = ZOD + "z.object({ A: z.string(), B: z.string() }).partial().parse(process.env)"
    assert said(read_main(text).env) == {"A": (False, None, ""), "B": (False, None, "")}


def test_a_schema_of_another_package_counts_where_it_is_applied_and_is_shown_where_it_stands() -> None:
    found = read_workspace(
        {
            "packages/config/package.json": manifest("@acme/config", "zod", start=""),
            "packages/config/src/index.ts": "export * from './schema'",
            "packages/config/src/schema.ts": "import * as z from 'zod'\nexport const schema = z.object({ A: z.string() })",
            "apps/api/package.json": manifest("api", "@acme/config"),
            "apps/api/src/env.ts": "import { schema } from '@acme/config'\nexport const env = schema.parse(process.env)",
        }
    )
    assert said(found["packages/config"].env) == {}
    (use,) = found["apps/api"].env
    assert (use.name, use.via, str(use.at), use.at.column) == ("A", "zod", "packages/config/src/schema.ts:2", 34)


def test_a_function_of_a_package_validates_each_callers_own_schema() -> None:
    found = read_workspace(
        {
            "packages/env/package.json": manifest("@acme/env", start=""),
            "packages/env/src/index.ts": "export const load = (schema: any) => schema.parse(process.env)",
            "apps/a/package.json": manifest("a", "@acme/env", "zod"),
            "apps/a/src/main.ts": ZOD
            + "import { load } from '@acme/env'\nexport const e = load(z.object({ A: z.string() }))",
            "apps/b/package.json": manifest("b", "@acme/env", "zod"),
            "apps/b/src/main.ts": ZOD + "import { load } from '@acme/env'\n"
            "const e = load(z.object({ PORT: z.coerce.number().default(7000) }))\nserver.listen(e.PORT)",
        }
    )
    assert list(said(found["apps/a"].env)) == ["A"]
    assert list(said(found["apps/b"].env)) == ["PORT"]
    assert found["apps/b"].port is not None
    assert found["apps/b"].port.value == 7000


def test_t3_env_knows_server_and_client() -> None:
    text = """
import { createEnv } from '@t3-oss/env-nextjs'
import { z } from 'zod'
export const env = createEnv({
  server: { DATABASE_URL: z.string().url(), NODE_ENV: z.enum(['a']) },
  client: { NEXT_PUBLIC_API: z.url() },
  shared: { LEVEL: z.string().default('info') },
  runtimeEnv: { DATABASE_URL: process.env.DATABASE_URL, NEXT_PUBLIC_API: process.env.NEXT_PUBLIC_API },
})
"""
    uses = [use for use in read_main(text).env if use.via == "t3-env"]
    assert [(use.name, use.required, use.use, use.kind) for use in uses] == [
        ("DATABASE_URL", True, Use.RUN, "url"),
        ("LEVEL", False, Use.RUN, ""),
        ("NEXT_PUBLIC_API", True, Use.BUILD, "url"),
    ]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("str()", (True, None, "")),
        ("port({ default: 4000 })", (False, "4000", "number")),
        ("num({ devDefault: 1 })", (True, None, "number")),
        ("bool({ default: false })", (False, "false", "boolean")),
        ("str({ choices: ['a', 'b'], default: 'a' })", (False, "a", "enum:a|b")),
        ("str({ default: undefined })", (False, None, "")),
        ("url({ desc: 'where' })", (True, None, "url")),
        ("email()", (True, None, "email")),
        ("makeValidator((x) => x)()", (True, None, "")),
    ],
)
def test_an_envalid_field_says_whether_it_is_needed(spec: str, expected: Said) -> None:
    text = (
        "import { cleanEnv, str, port, num, bool, url, email, makeValidator } from 'envalid'\n"
        f"export default cleanEnv(process.env, {{ A: {spec} }})"
    )
    code = read_main(text)
    assert said(code.env) == {"A": expected}
    assert code.env[0].purpose == ("where" if "desc" in spec else "")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("Joi.string().required()", (True, None, "")),
        ("Joi.string()", (False, None, "")),
        ("Joi.number().port().default(3000)", (False, "3000", "number")),
        ("Joi.string().uri().required().description('where')", (True, None, "url")),
        ("Joi.string().valid('a', 'b').default('a')", (False, "a", "enum:a|b")),
        ("Joi.boolean().optional()", (False, None, "boolean")),
    ],
)
@pytest.mark.parametrize(
    "application",
    [
        "ConfigModule.forRoot({ validationSchema: Joi.object({ A: SPEC }) })",
        "const schema = Joi.object({ A: SPEC }).unknown()\nconst { value } = schema.validate(process.env)",
        "const schema = Joi.object().keys({ A: SPEC })\nJoi.attempt(process.env, schema)",
    ],
)
def test_a_joi_field_is_needed_when_it_says_so(spec: str, expected: Said, application: str) -> None:
    text = "import * as Joi from 'joi'\nimport { ConfigModule } from '@nestjs/config'\n" + application.replace(
        "SPEC", spec
    )
    assert said(read_main(text).env) == {"A": expected}


def test_class_validator_describes_the_environment_of_a_nest_app() -> None:
    files = {
        "src/env.ts": """
import { plainToInstance } from 'class-transformer'
import { IsEnum, IsInt, IsOptional, IsString, IsUrl, validateSync } from 'class-validator'
enum Level { Low = 'low', High = 'high' }
class Base { @IsUrl() BASE_URL: string }
class EnvironmentVariables extends Base {
  // Where it listens
  @IsInt()
  PORT: number = 3000
  @IsString() @IsOptional()
  NAME?: string
  @IsEnum(Level) LEVEL: Level
  helper() {}
}
export function validate(config: Record<string, unknown>) {
  const validated = plainToInstance(EnvironmentVariables, config, { enableImplicitConversion: true })
  if (validateSync(validated).length > 0) throw new Error('no')
  return validated
}
""",
        "src/app.module.ts": "import { ConfigModule } from '@nestjs/config'\nimport { validate } from './env'\n"
        "@Module({ imports: [ConfigModule.forRoot({ validate })] }) export class AppModule {}",
    }
    code = read_app(files, "@nestjs/core")
    assert said(code.env) == {
        "BASE_URL": (True, None, "url"),
        "PORT": (False, "3000", "number"),
        "NAME": (False, None, ""),
        "LEVEL": (True, None, "enum:low|high"),
    }
    assert next(use for use in code.env if use.name == "PORT").purpose == "Where it listens"


@pytest.mark.parametrize(
    "validate",
    [
        "(config) => schema.parse(config)",
        "schema.parse",
        "check",
        "(config: Record<string, unknown>) => { return schema.parse(config) }",
    ],
)
def test_nests_config_module_validates_with_zod(validate: str) -> None:
    text = (
        ZOD + "import { ConfigModule } from '@nestjs/config'\nconst schema = z.object({ A: z.string() })\n"
        "function check(config: Record<string, unknown>) { return schema.parse(config) }\n"
        f"ConfigModule.forRoot({{ isGlobal: true, validate: {validate} }})"
    )
    assert said(read_main(text).env) == {"A": (True, None, "")}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("v.string()", (True, None, "")),
        ("v.optional(v.string(), 'd')", (False, "d", "")),
        ("v.pipe(v.string(), v.url(), v.description('where'))", (True, None, "url")),
        ("v.optional(v.pipe(v.string(), v.email()))", (False, None, "email")),
        ("v.picklist(['a', 'b'])", (True, None, "enum:a|b")),
        ("v.nullish(v.number(), 5)", (False, "5", "number")),
    ],
)
def test_a_valibot_field_says_whether_it_is_needed(field: str, expected: Said) -> None:
    text = f"import * as v from 'valibot'\nconst S = v.object({{ A: {field} }})\nexport const env = v.parse(S, process.env)"
    assert said(read_main(text).env) == {"A": expected}
