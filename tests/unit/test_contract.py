"""Who reads which variable, who supplies it, and how that is documented."""

import re
from dataclasses import replace

import pytest

from bayplan.catalog.contract import contract
from bayplan.model.config import VariableConfig
from bayplan.model.contract import Term
from bayplan.model.front import Answer, Proxy, Site, Tls, TlsKind
from bayplan.model.image import Image, Run, Stage
from bayplan.model.parts import Asked, Binding, Composed, Given, Health, Limits, Variable
from bayplan.model.stack import Backups, Role, Service, Stack, Store
from bayplan.source import Fact, Why
from bayplan.writers import compose, env_example

WHY = Why("test", "by hand")
LIMITS = Limits(256, 1.0)
PASSWORD = Asked("POSTGRES_PASSWORD")
URL = Composed((Given("postgres://app:"), PASSWORD, Given("@postgres/app")))
PULLED = Composed((Given("ghcr.io/"), Asked("OWNER"), Given("/shop-api:"), Asked("TAG", default="latest")))


def service(name: str, *variables: Variable, **more: object) -> Service:
    image = Image(f"apps/{name}/Dockerfile", ".", (Stage("run", "node:20-alpine", (), WHY),))
    command: Fact[tuple[str, ...]] = Fact(("node", "main.js"), WHY)
    role = Fact(Role.WEB, WHY)
    return Service(name, f"apps/{name}", role, image, command, LIMITS, variables=variables, **more)  # type: ignore[arg-type]


def store(*variables: Variable, **more: object) -> Store:
    health = Health(WHY, command=("pg_isready",))
    image = Fact("postgres:15-alpine", WHY)
    return Store("postgres", "postgres", image, 5432, health, "/data", "data", LIMITS, WHY, variables=variables, **more)  # type: ignore[arg-type]


def proxy(**more: object) -> Proxy:
    site = Site(("*.${DOMAIN}", "${DOMAIN}"), WHY, (Answer("", "api", 4000),))
    tls = Tls(TlsKind.AUTOMATIC, WHY, dns="hetzner", token=Asked("HETZNER_API_TOKEN"))
    bindings = (Binding(443, Asked("PUBLIC_IP"), WHY),)
    base, health = Fact("caddy:2-alpine", WHY), Health(WHY, "/")
    return Proxy("caddy", base, (site,), tls, bindings, "Caddyfile", WHY, LIMITS, health, **more)  # type: ignore[arg-type]


def stack(*services: Service, stores: tuple[Store, ...] = (), **more: object) -> Stack:
    return Stack("shop", "production", Fact("20", WHY), services, stores, **more)  # type: ignore[arg-type]


def variable(name: str, *, required: bool = True, default: str | None = None, **more: object) -> Variable:
    return Variable(name, Asked(name, default, required), WHY, required, **more)  # type: ignore[arg-type]


def secret(name: str) -> Variable:
    return variable(name, secret=True, made_up=True)


def term(found: Stack, name: str) -> Term:
    one = contract(found).term(name)
    assert one is not None, name
    return one


def example(found: Stack) -> str:
    return env_example.write(found)[found.env_example].text


class TestWhoReadsWhat:
    def test_what_is_secret_or_required_anywhere_is_so_everywhere(self) -> None:
        password = Variable("POSTGRES_PASSWORD", replace(PASSWORD, required=False), WHY, secret=True)
        one = term(
            stack(service("api", Variable("DATABASE_URL", URL, WHY)), stores=(store(password),)), "POSTGRES_PASSWORD"
        )
        assert one.required
        assert one.secret
        assert one.readers == ("postgres", "api")

    def test_a_variable_that_compose_fills_in_is_not_asked_for(self) -> None:
        one = term(stack(service("api", Variable("DATABASE_URL", URL, WHY))), "DATABASE_URL")
        assert not one.asked
        assert one.example == "postgres://app:PASSWORD@postgres/app"

    def test_the_codes_own_name_for_a_stores_password_is_known_too(self) -> None:
        found = stack(service("api", Variable("DB_PASSWORD", PASSWORD, WHY, secret=True)))
        assert term(found, "POSTGRES_PASSWORD").asked
        assert not term(found, "DB_PASSWORD").asked

    def test_a_password_that_becomes_part_of_an_address_is_known_as_such(self) -> None:
        assert term(stack(service("api", Variable("DATABASE_URL", URL, WHY))), "POSTGRES_PASSWORD").in_url

    def test_a_word_of_a_stores_command_is_a_secret_by_its_name(self) -> None:
        one = term(stack(stores=(store(command=("--requirepass", Asked("REDIS_PASSWORD"))),)), "REDIS_PASSWORD")
        assert one.secret
        assert one.required

    @pytest.mark.requirement("CB-11", "ES-20")
    def test_the_parts_of_an_images_name_are_asked_for(self) -> None:
        found = stack(service("api", pulled=PULLED))
        assert (term(found, "OWNER").kind, term(found, "OWNER").required) == ("image", True)
        assert (term(found, "TAG").kind, term(found, "TAG").default) == ("tag", "latest")
        assert {term(found, name).group for name in ("OWNER", "TAG")} == {"Images"}
        assert (term(found, "OWNER").example, term(found, "TAG").example) == ("acme-corp", "")

    def test_a_registry_is_no_owner(self) -> None:
        pulled = Composed((Asked("REGISTRY"), Given("/"), Asked("OWNER"), Given("/api:1")))
        found = stack(service("api", pulled=pulled))
        assert (term(found, "REGISTRY").example, term(found, "OWNER").example) == ("", "acme-corp")

    def test_what_only_the_build_reads_is_not_asked_for_where_images_are_pulled(self) -> None:
        public = variable("NEXT_PUBLIC_API_URL", at_build=True)
        assert contract(stack(service("web", public, pulled=PULLED))).term("NEXT_PUBLIC_API_URL") is None
        assert term(stack(service("web", public)), "NEXT_PUBLIC_API_URL").at_build

    @pytest.mark.requirement("ES-20")
    def test_the_proxys_address_its_domain_and_its_token_are_asked_for(self) -> None:
        found = stack(service("api"), proxy=proxy())
        kinds = {name: term(found, name).kind for name in ("PUBLIC_IP", "DOMAIN", "HETZNER_API_TOKEN")}
        assert kinds == {"PUBLIC_IP": "address", "DOMAIN": "host", "HETZNER_API_TOKEN": ""}
        assert term(found, "HETZNER_API_TOKEN").secret
        assert term(found, "HETZNER_API_TOKEN").origin == "Hetzner's console"
        assert {one.group for one in contract(found).terms} == {"DNS"}

    def test_what_a_backup_refers_to_is_asked_for(self) -> None:
        assert term(stack(backups=Backups("rclone:s3:${BUCKET_OF_BACKUPS}", WHY)), "BUCKET_OF_BACKUPS").required

    def test_a_token_that_builds_are_told_is_nobodys_to_make_up(self) -> None:
        install = Run(("pnpm", "install"), WHY, secrets=("NPM_TOKEN",))
        one = service("api")
        told = replace(one, image=replace(one.image, stages=(Stage("run", "node:20-alpine", (install,), WHY),)))
        found = stack(told, build_secrets=(variable("NPM_TOKEN", secret=True, at_build=True),))
        assert term(found, "NPM_TOKEN").only_theirs
        assert not term(found, "NPM_TOKEN").is_made

    def test_bayplan_yaml_has_the_last_word_also_on_what_no_code_reads(self) -> None:
        said = {"OWNER": VariableConfig(purpose="who we are", group="our things", example="acme", secret=True)}
        one = term(stack(service("api", pulled=PULLED), told=said), "OWNER")
        assert (one.purpose, one.group, one.example, one.secret) == ("who we are", "Our things", "acme", True)


class TestGroups:
    @pytest.mark.parametrize(
        ("name", "group"),
        [
            ("DATABASE_URL", "Database"),
            ("REDIS_PASSWORD", "Database"),
            ("PGHOST", "Database"),
            ("JWT_SECRET", "Auth"),
            ("GOOGLE_CLIENT_ID", "Auth"),
            ("WEBHOOK_SECRET", "Auth"),
            ("COOKIE_DOMAIN", "Auth"),
            ("HETZNER_API_TOKEN", "DNS"),
            ("ACME_EMAIL", "DNS"),
            ("ACME_TOKEN", "Other"),
            ("OPENAI_API_KEY", "AI services"),
            ("S3_SECRET_ACCESS_KEY", "Object storage"),
            ("ADMIN_EMAIL", "Admin"),
            ("SMTP_AUTH_SECRET", "Mail"),
            ("NEXT_PUBLIC_STRIPE_KEY", "Payments"),
            ("STRIPE_WEBHOOK_SECRET", "Payments"),
            ("NEXT_PUBLIC_API_URL", "Addresses"),
            ("CORS_ORIGIN", "Addresses"),
            ("VITE_SENTRY_DSN", "Observability"),
            ("LOG_LEVEL", "Observability"),
            ("IMAGE_TAG", "Images"),
            ("BACKUP_BUCKET", "Backups"),
            ("WORKER_CONCURRENCY", "Other"),
            ("PUBLIC_IP", "DNS"),
        ],
    )
    def test_a_name_tells_the_subject(self, name: str, group: str) -> None:
        assert term(stack(service("api", variable(name))), name).group == group

    def test_a_heading_of_ones_own_comes_before_the_rest(self) -> None:
        mine = variable("A", group="zoo")
        assert contract(stack(service("api", mine, variable("B"), variable("JWT_KEY")))).groups == (
            "Auth",
            "Zoo",
            "Other",
        )

    def test_a_usual_heading_is_found_however_it_is_written(self) -> None:
        assert term(stack(service("api", variable("A", group="object  STORAGE"))), "A").group == "Object storage"

    @pytest.mark.requirement("ES-20")
    def test_six_subjects_are_told_apart(self) -> None:
        names = ("POSTGRES_PASSWORD", "AUTH_SECRET", "HETZNER_API_TOKEN", "OPENAI_API_KEY", "S3_BUCKET", "ADMIN_EMAIL")
        text = example(stack(service("web", *(variable(name) for name in names))))
        headings = re.findall(r"^# (.+)\n# -+$", text, re.MULTILINE)
        assert headings == ["Database", "Auth", "DNS", "AI services", "Object storage", "Admin"]


class TestExample:
    def test_what_is_required_is_empty_and_all_else_is_commented_out(self) -> None:
        plan = stack(
            service(
                "api",
                secret("JWT_SECRET"),
                variable("API_URL", example="https://example.com", kind="url"),
                variable("LOG_LEVEL", required=False, fallback="info", example="info"),
                Variable("DATABASE_URL", URL, WHY),
            )
        )
        lines = [line for line in example(plan).splitlines() if "=" in line]
        assert lines == [
            "POSTGRES_PASSWORD=",
            "# DATABASE_URL=postgres://app:PASSWORD@postgres/app",
            "JWT_SECRET=",
            "API_URL=",
            "# LOG_LEVEL=info",
        ]

    def test_each_says_what_happens_without_it_and_what_makes_it(self) -> None:
        plan = stack(
            service(
                "api",
                secret("JWT_SECRET"),
                variable("STRIPE_SECRET_KEY", secret=True),
                variable("API_URL", example="https://example.com"),
                variable("LIMIT", required=False, fallback="5", example="5"),
                variable("CORS_ORIGIN", default="http://localhost:3000", for_browsers=True),
            )
        )
        text = example(plan)
        assert "# Required. Read by api at run time. Secret: openssl rand -hex 32\nJWT_SECRET=\n" in text
        assert "# Required. Read by api at run time. Secret, from Stripe's dashboard.\nSTRIPE_SECRET_KEY=\n" in text
        assert "# Required, such as https://example.com. Read by api at run time.\nAPI_URL=\n" in text
        assert "# Optional; this is the default. Read by api at run time.\n# LIMIT=5\n" in text
        assert "# Needed on a server: this one is right on one machine only." in text

    def test_what_compose_sets_alike_shares_one_line(self) -> None:
        parts = (Variable("DB_HOST", Given("postgres"), WHY), Variable("DB_PORT", Given("5432"), WHY))
        expected = "# Set by docker-compose.prod.yml for api.\n# DB_HOST=postgres\n# DB_PORT=5432\n"
        assert expected in example(stack(service("api", *parts)))

    def test_a_secret_never_gets_an_example(self) -> None:
        text = example(stack(service("api", variable("API_TOKEN", secret=True, required=False, example="hunter2"))))
        assert "hunter2" not in text

    @pytest.mark.requirement("CB-17")
    def test_another_files_name_is_in_every_command(self) -> None:
        plan = stack(
            service("api", secret("A"), pulled=PULLED),
            env_file=".env.staging",
            compose="docker/docker-compose.staging.yml",
        )
        text = example(plan)
        assert plan.env_example == ".env.staging.example"
        assert "# cp .env.staging.example .env.staging && chmod 600 .env.staging\n" in text
        assert "# docker compose -f docker/docker-compose.staging.yml --env-file .env.staging up -d\n" in text

    @pytest.mark.requirement("ES-20")
    def test_a_file_beside_the_compose_file_is_found_without_being_named(self) -> None:
        text = example(stack(service("api", secret("A")), env_file="docker/.env", compose="docker/compose.yml"))
        assert "# cp docker/.env.example docker/.env && chmod 600 docker/.env\n" in text
        assert "# docker compose -f docker/compose.yml up --build -d\n" in text

    def test_names_of_files_are_quoted_for_the_shell(self) -> None:
        text = example(stack(service("api", secret("A")), env_file="my env; x"))
        assert "cp 'my env; x.example' 'my env; x'" in text

    @pytest.mark.parametrize(
        ("name", "command"), [("production", "bayplan env new\n"), ("staging", "bayplan env new --env staging\n")]
    )
    def test_the_command_that_makes_the_file_is_named(self, name: str, command: str) -> None:
        plan = replace(stack(service("api", secret("A"))), environment=name)
        assert f"\n# Or let this make it, with fresh secrets: {command}" in example(plan)

    def test_where_nothing_is_asked_nobody_is_told_to_copy_it(self) -> None:
        text = example(stack(service("api", Variable("DB_HOST", Given("postgres"), WHY))))
        assert "cp " not in text
        assert "Nothing has to be filled in" in text

    def test_a_stack_without_variables_has_no_example(self) -> None:
        assert env_example.write(stack(service("api"))) == {}

    @pytest.mark.requirement("ES-20", "WA-20")
    def test_every_variable_that_the_compose_file_refers_to_is_documented(self) -> None:
        plan = stack(
            service("api", secret("JWT_SECRET"), Variable("DATABASE_URL", URL, WHY), pulled=PULLED),
            stores=(store(secret("POSTGRES_PASSWORD"), command=("x", Asked("REDIS_PASSWORD"))),),
            proxy=proxy(variables=(variable("DOMAIN"), variable("HETZNER_API_TOKEN", secret=True))),
        )
        text = compose.write(plan)[plan.compose].text
        names = set(re.findall(r"\$\{(\w+)", text))
        assert {"JWT_SECRET", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "OWNER", "TAG", "PUBLIC_IP", "DOMAIN"} <= names
        documented = set(re.findall(r"^(?:# )?([A-Z_]+)=", example(plan), re.MULTILINE))
        assert names <= documented
