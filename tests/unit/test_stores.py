"""Which stores the code needs, and how each is run."""

from pathlib import Path

import pytest

from bayplan.errors import UsageError
from bayplan.model.parts import Asked, Composed, Given, Limits, Need, Value
from bayplan.model.stack import Stack, Store
from tests.unit.planning import Repository, server


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def using(repository: Repository, package: str, *names: str) -> Repository:
    """Add a service that depends on a package and reads variables."""
    reads = "".join(f"connect(process.env.{name}!);\n" for name in names)
    repository.app("api", server(4100, reads))
    repository.folders["apps/api"]["dependencies"] = {package: "1.0.0"} if package else {}
    return repository.manifest("apps/api", repository.folders["apps/api"])


def only(stack: Stack) -> Store:
    (store,) = stack.stores
    return store


def text(value: Value) -> str:
    """Return a value with what the operator supplies in angle brackets."""
    parts = value.parts if isinstance(value, Composed) else (value,)
    return "".join(part.text if isinstance(part, Given) else f"<{part.name}>" for part in parts)


def variable(stack: Stack, name: str) -> str:
    (service,) = stack.services
    return text(next(each.value for each in service.variables if each.name == name))


@pytest.mark.parametrize(
    ("package", "name", "kind", "address"),
    [
        ("pg", "DATABASE_URL", "postgres", "postgresql://app:<POSTGRES_PASSWORD>@postgres:5432/shop"),
        ("mysql2", "DATABASE_URL", "mysql", "mysql://app:<MYSQL_PASSWORD>@mysql:3306/shop"),
        ("mariadb", "DATABASE_URL", "mariadb", "mysql://app:<MARIADB_PASSWORD>@mariadb:3306/shop"),
        ("mongoose", "MONGODB_URI", "mongo", "mongodb://app:<MONGO_PASSWORD>@mongo:27017/shop?authSource=admin"),
        ("ioredis", "REDIS_URL", "redis", "redis://redis:6379"),
        ("iovalkey", "VALKEY_URL", "valkey", "redis://valkey:6379"),
        ("amqplib", "AMQP_URL", "rabbitmq", "amqp://app:<RABBITMQ_PASSWORD>@rabbitmq:5672"),
        ("@nats-io/transport-node", "NATS_URL", "nats", "nats://nats:4222"),
        ("", "MINIO_URL", "minio", "http://minio:9000"),
        ("", "IPFS_LOCAL_API_URL", "ipfs", "http://ipfs:5001"),
        ("meilisearch", "MEILI_HOST", "meilisearch", "http://meilisearch:7700"),
    ],
)
def test_the_code_says_which_store_it_needs_and_is_told_its_address(
    repository: Repository, package: str, name: str, kind: str, address: str
) -> None:
    stack = using(repository, package, name).plan().stack
    store = only(stack)
    assert (store.kind, store.name, store.volume) == (kind, kind, f"{kind}_data")
    assert variable(stack, name) == address
    assert [need.name for need in stack.services[0].needs] == [kind]


def test_an_image_of_another_store_is_refused_with_the_right_name(repository: Repository) -> None:
    with pytest.raises(UsageError) as refused:
        using(repository, "").plan('stores:\n  mysql: {image: "mariadb:11"}\n')
    assert "mariadb:11 runs MariaDB" in refused.value.message
    assert refused.value.remedy == "describe it as stores.mariadb; it takes the place of mysql"


def test_nats_is_told_to_end_by_the_signal_after_which_it_ends_well(repository: Repository) -> None:
    text = using(repository, "").plan("stores:\n  nats: {}\n").files["docker-compose.prod.yml"].text
    assert text.count("stop_signal: SIGINT") == 1


@pytest.mark.parametrize("kind", ["redis", "nats"])
def test_a_store_has_a_password_where_the_code_reads_one(repository: Repository, kind: str) -> None:
    name = kind.upper()
    package = {"redis": "ioredis", "nats": "nats"}[kind]
    stack = using(repository, package, f"{name}_URL", f"{name}_PASSWORD").plan().stack
    assert variable(stack, f"{name}_PASSWORD") == f"<{name}_PASSWORD>"
    assert f":<{name}_PASSWORD>@{kind}:" in variable(stack, f"{name}_URL")
    assert all(isinstance(word, str) and "${" not in word for word in only(stack).command)


@pytest.mark.parametrize(
    "package", ["@aws-sdk/client-s3", "minio", "kubo-rpc-client", "typeorm", "knex", "drizzle-orm", "@prisma/client"]
)
def test_a_package_that_may_talk_to_anything_starts_nothing(repository: Repository, package: str) -> None:
    assert using(repository, package, "S3_ENDPOINT", "DATABASE_URL").plan().stack.stores == ()


@pytest.mark.parametrize(
    ("read", "starts"),
    [
        ("process.env.IPFS_API_URL!", True),
        ("process.env.IPFS_API_URL ?? 'http://localhost:5001'", True),
        ("process.env.IPFS_API_URL ?? 'http://ipfs:5001'", True),
        ("process.env.IPFS_API_URL ?? 'https://node.example.com'", False),
        ("process.env.IPFS_API_URL ? 1 : 2", False),
        ("process.env.IPFS_GATEWAY_URL!", False),
    ],
)
def test_an_address_is_evidence_unless_the_code_can_do_without_or_knows_another(
    repository: Repository, read: str, *, starts: bool
) -> None:
    stack = repository.app("api", server(4100, f"connect({read});\n")).plan().stack
    assert bool(stack.stores) == starts


def test_an_address_that_bayplan_yaml_gives_is_somewhere_else(repository: Repository) -> None:
    using(repository, "", "MONGODB_URI")
    assert repository.plan("variables:\n  MONGODB_URI: {value: 'mongodb://db.example.com'}\n").stack.stores == ()
    settings = "services:\n  api: {variables: {MONGODB_URI: 'mongodb://db.example.com'}}\n"
    assert repository.plan(settings).stack.stores == ()


def test_a_store_that_bayplan_yaml_names_is_run_though_nothing_shows_that_it_is_needed(repository: Repository) -> None:
    stack = using(repository, "", "DATABASE_URL").plan("stores:\n  postgres: {}\n").stack
    assert only(stack).why.at is not None
    assert variable(stack, "DATABASE_URL").endswith("@postgres:5432/shop")
    assert [need.name for need in stack.services[0].needs] == ["postgres"]


def test_a_store_that_nobody_asks_for_is_run_when_it_is_named(repository: Repository) -> None:
    stack = using(repository, "").plan("stores:\n  nats: {}\n").stack
    assert only(stack).kind == "nats"
    assert only(stack).why.because == "bayplan.yaml says so"
    assert stack.services[0].needs == ()


@pytest.mark.parametrize("kind", ["ipfs", "redis"])
def test_a_store_that_is_skipped_is_not_run(repository: Repository, kind: str) -> None:
    using(repository, "ioredis", "IPFS_API_URL")
    stack = repository.plan(f"stores:\n  {kind}: {{skip: true}}\n").stack
    assert [store.kind for store in stack.stores] == [each for each in ("ipfs", "redis") if each != kind]


def test_a_store_that_nobody_knows_is_refused_with_those_that_are_known(repository: Repository) -> None:
    with pytest.raises(UsageError, match="knows no store 'postgresql'") as refused:
        using(repository, "pg").plan("stores:\n  postgresql: {}\n")
    assert "postgres" in refused.value.remedy
    assert str(refused.value.at) == "bayplan.yaml:3"


@pytest.mark.parametrize(
    ("image", "package", "kind", "chosen"),
    [
        ("valkey/valkey:8.1-alpine", "ioredis", "valkey", "valkey/valkey:8.1-alpine"),
        ("valkey/valkey", "ioredis", "valkey", "valkey/valkey:8-alpine"),
        ("mariadb:10.11", "mysql2", "mariadb", "mariadb:10.11"),
        ("docker.io/library/postgres:16", "pg", "postgres", "docker.io/library/postgres:16"),
        ("postgres:latest", "pg", "postgres", "postgres:17-alpine"),
        ("pgvector/pgvector:pg16", "pg", "postgres", "pgvector/pgvector:pg16"),
        ("ipfs/kubo:v0.35.0", "left-pad", "ipfs", "ipfs/kubo:v0.35.0"),
    ],
)
def test_development_decides_between_stores_that_would_both_do(
    repository: Repository, image: str, package: str, kind: str, chosen: str
) -> None:
    repository.write("docker-compose.yml", f"services:\n  db:\n    image: {image}\n")
    names = ["IPFS_API_URL"] if kind == "ipfs" else ["REDIS_URL"] if kind == "valkey" else []
    store = only(using(repository, package, *names).plan().stack)
    assert (store.kind, store.image.value) == (kind, chosen)


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        ("valkey: {}", ["valkey"]),
        ("redis: {}", ["redis"]),
        ("redis: {}\n  valkey: {}", ["redis", "valkey"]),
        ("valkey: {skip: true}", []),
    ],
)
def test_bayplan_yaml_decides_between_stores_that_would_both_do(
    repository: Repository, settings: str, kinds: list[str]
) -> None:
    stack = using(repository, "ioredis", "REDIS_URL").plan(f"stores:\n  {settings}\n").stack
    assert [store.kind for store in stack.stores] == kinds


def test_code_with_clients_of_both_gets_the_one_that_speaks_for_both(repository: Repository) -> None:
    repository.app("api", server(4100), mysql2="1.0.0", mariadb="1.0.0")
    assert only(repository.plan().stack).kind == "mariadb"


def test_each_store_of_an_app_answers_to_its_own_variables(repository: Repository) -> None:
    repository.app(
        "api", server(4100, "f(process.env.DATABASE_URL!, process.env.MONGO_URL!);\n"), pg="1.0.0", mongodb="1.0.0"
    )
    stack = repository.plan().stack
    assert variable(stack, "MONGO_URL").startswith("mongodb://")
    assert [store.kind for store in stack.stores] == ["mongo", "postgres"]


@pytest.mark.parametrize(
    ("default", "expected"),
    [("'localhost'", "minio"), ("'http://localhost:9000'", "http://minio:9000")],
)
def test_the_default_in_the_code_shows_whether_a_host_or_an_address_is_meant(
    repository: Repository, default: str, expected: str
) -> None:
    repository.app("api", server(4100, f"f(process.env.MINIO_ENDPOINT ?? {default});\n"))
    assert variable(repository.plan().stack, "MINIO_ENDPOINT") == expected


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("drizzle/0000_start.sql", "CREATE EXTENSION IF NOT EXISTS vector;\n"),
        ("src/1-start.ts", "export const up = (q) => q.query('CREATE EXTENSION IF NOT EXISTS \"vector\"');\n"),
        (
            "src/schema.ts",
            "import { vector } from 'drizzle-orm/pg-core';\nexport const v = vector('v', { dimensions: 3 });\n",
        ),
        (
            "prisma/schema.prisma",
            'datasource db {\n  provider   = "postgresql"\n  extensions = [pgcrypto, vector]\n}\n',
        ),
    ],
)
def test_tables_with_vectors_need_an_image_that_has_the_extension(
    repository: Repository, file: str, content: str
) -> None:
    store = only(using(repository, "pg", "DATABASE_URL").write(f"apps/api/{file}", content).plan().stack)
    assert store.image.value == "pgvector/pgvector:pg17"
    assert store.data == "/var/lib/postgresql/data"
    assert store.image.why.at is not None
    assert store.image.why.at.file == f"apps/api/{file}"


def test_the_image_with_the_extension_is_of_the_major_that_development_runs(repository: Repository) -> None:
    repository.write("docker-compose.yml", "services:\n  db:\n    image: postgres:16.4-alpine\n")
    assert only(using(repository, "pgvector", "DATABASE_URL").plan().stack).image.value == "pgvector/pgvector:pg16"


@pytest.mark.parametrize(
    ("provider", "kinds"), [("postgresql", ["postgres"]), ("mysql", ["mysql"]), ("mongodb", ["mongo"]), ("sqlite", [])]
)
def test_the_schema_of_prisma_says_which_database_it_is_for(
    repository: Repository, provider: str, kinds: list[str]
) -> None:
    schema = f'datasource db {{\n  provider = "{provider}"\n  url      = env("MAIN_DB")\n}}\n'
    stack = using(repository, "@prisma/client").write("apps/api/prisma/schema.prisma", schema).plan().stack
    assert [store.kind for store in stack.stores] == kinds
    assert [each.name for each in stack.services[0].variables] == ["MAIN_DB"]


def test_what_bayplan_yaml_says_of_a_store_holds(repository: Repository) -> None:
    settings = (
        "stores:\n  mysql: {volume: rows, memory: 2GB, cpus: 2, variables: {TZ: Europe/Berlin, MYSQL_DATABASE: x}}\n"
    )
    store = only(using(repository, "mysql2", "MYSQL_URL").plan(settings).stack)
    assert (store.volume, store.limits) == ("rows", Limits(2000, 2.0, 512))
    given = {each.name: each.value for each in store.variables}
    assert (given["TZ"], given["MYSQL_DATABASE"]) == (Given("Europe/Berlin"), Given("x"))
    assert given["MYSQL_ROOT_PASSWORD"] == Asked("MYSQL_ROOT_PASSWORD")


def test_a_browser_app_talks_to_no_database(repository: Repository) -> None:
    repository.app("api", server(4100))
    repository.manifest(
        "apps/web",
        {"name": "web", "scripts": {"build": "vite build"}, "dependencies": {"meilisearch": "1.0.0", "vite": "1.0.0"}},
    )
    repository.write("apps/web/index.html", "<html></html>").write("apps/web/vite.config.ts", "export default {};\n")
    assert repository.plan().stack.stores == ()


def test_a_secret_of_a_store_is_marked_as_one_that_can_be_made_up(repository: Repository) -> None:
    store = only(using(repository, "amqplib", "AMQP_URL").plan().stack)
    (password,) = (each for each in store.variables if each.secret)
    assert password.made_up
    assert "`app`" in password.purpose


@pytest.mark.parametrize(
    "kind", ["mongo", "mysql", "postgres", "redis", "nats", "ipfs", "minio", "rabbitmq", "meilisearch"]
)
def test_what_is_written_for_a_store_draws_no_finding(repository: Repository, kind: str) -> None:
    from bayplan import pipeline

    planned = using(repository, "").plan(f"stores:\n  {kind}: {{}}\n")
    _, deployment, findings = pipeline.check_with(planned, planned.overlay)
    assert [finding.message for finding in findings] == []
    assert deployment.broken == ()


def test_needs_say_why(repository: Repository) -> None:
    stack = using(repository, "pg", "DATABASE_URL").plan().stack
    (need,) = stack.services[0].needs
    assert isinstance(need, Need)
    assert need.why.because == "api depends on pg"


def test_a_named_store_takes_no_address_from_one_that_the_code_needs(repository: Repository) -> None:
    using(repository, "pg", "DATABASE_URL")
    stack = repository.plan("stores:\n  mongo: {}\n  mysql: {}\n").stack
    assert variable(stack, "DATABASE_URL").startswith("postgresql://")
    assert [need.name for need in stack.services[0].needs] == ["postgres"]


@pytest.mark.parametrize(
    "settings",
    ["stores:\n  postgres: {volume: data}\n  redis: {volume: data}\n", "stores:\n  redis: {volume: postgres_data}\n"],
)
def test_two_stores_in_one_volume_are_refused(repository: Repository, settings: str) -> None:
    repository.app("api", server(4100), pg="8.0.0", ioredis="5.0.0")
    with pytest.raises(UsageError, match="postgres and redis would write into the same volume") as refused:
        repository.plan(settings)
    assert refused.value.at is not None
    assert refused.value.at.key == "stores.redis.volume"
