"""`bayplan.yaml`: everything that is wrong with it is said at once, and the schema says the same."""

import json
import string
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.errors import BrokenFileError, ConfigError
from bayplan.model.config import Config, ServiceConfig, StoreConfig, VariableConfig
from bayplan.readers.config import parse_config, read_config
from bayplan.readers.config_schema import json_schema
from bayplan.readers.config_types import keys
from bayplan.source import At
from bayplan.tree import Tree

FULL = """\
version: 1
name: forgestack
node: 22
platforms: [linux/amd64, linux/arm64]
services:
  api:
    package: apps/api
    role: web
    port: 4000
    publish: "127.0.0.1:8080"
    health: /api/health
    command: node dist/main.js
    build: build
    files: [templates, "a b/c"]
    writable: [/app/uploads]
    memory: 512MB
    cpus: 0.5
    grace: 30s
    budget: 100MB
    variables: {LOG_LEVEL: debug, EMPTY: ""}
  docs:
    skip: true
  admin:
    publish: false
stores:
  postgres:
    image: postgres:15-alpine
variables:
  STRIPE_KEY:
    purpose: Payments
    secret: true
    required: false
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    return [message for _, message in caught.value.problems]


def problem(line: str) -> str:
    """What is said about one line under `services.api`."""
    (only,) = problems(f"version: 1\nservices:\n  api:\n    {line}\n")
    return only.removeprefix("services.api.")


class TestReading:
    def test_no_file_changes_nothing(self, tmp_path: Path) -> None:
        assert read_config(Tree(tmp_path)) == Config()

    def test_every_key_arrives(self) -> None:
        config = parse_config(FULL)
        assert config.services["api"] == ServiceConfig(
            package="apps/api",
            role="web",
            port=4000,
            publish="127.0.0.1:8080",
            health="/api/health",
            command="node dist/main.js",
            build="build",
            files=("templates", "a b/c"),
            writable=("/app/uploads",),
            memory="512MB",
            cpus=0.5,
            grace="30s",
            budget="100MB",
            variables={"LOG_LEVEL": "debug", "EMPTY": ""},
        )
        assert config.services["docs"].skip
        assert config.services["admin"].publish is False
        assert config.stores == {"postgres": StoreConfig(image="postgres:15-alpine")}
        assert config.variables == {"STRIPE_KEY": VariableConfig(purpose="Payments", secret=True, required=False)}
        assert (config.name, config.node, config.platforms) == ("forgestack", 22, ("linux/amd64", "linux/arm64"))

    def test_every_key_has_its_place(self) -> None:
        config = parse_config(FULL)
        assert config.at("services", "api", "port") == At("bayplan.yaml", 9, 5, 4, "services.api.port")
        assert config.at("services", "api", "variables", "EMPTY").line == 20
        assert config.at("services", "web", "port") == At("bayplan.yaml")

    def test_an_empty_key_says_nothing(self) -> None:
        text = "version: 1\nname:\nplatforms:\nservices:\n  api:\n  web:\n    skip:\n    files: null\nstores:\n"
        config = parse_config(text)
        assert config.services == {"api": ServiceConfig(), "web": ServiceConfig()}
        assert config.name is None
        assert config.platforms == ()

    def test_the_other_spelling_of_the_name_works_alone(self, tmp_path: Path) -> None:
        (tmp_path / "bayplan.yml").write_text("version: 1\nname: x\n")
        assert read_config(Tree(tmp_path)).name == "x"
        (tmp_path / "bayplan.yaml").write_text("version: 1\n")
        with pytest.raises(ConfigError, match=r"both bayplan\.yaml and bayplan\.yml exist"):
            read_config(Tree(tmp_path))

    def test_a_file_that_leads_out_of_the_repository_is_refused(self, tmp_path: Path) -> None:
        root = tmp_path / "root"
        root.mkdir()
        (tmp_path / "secret").write_text("version: 1\n")
        (root / "bayplan.yaml").symlink_to(tmp_path / "secret")
        with pytest.raises(BrokenFileError):
            read_config(Tree(root))


class TestMistakes:
    def test_all_are_said_at_once_with_their_places(self) -> None:
        with pytest.raises(ConfigError) as caught:
            parse_config("version: 1\nservices:\n  api:\n    prot: 4000\n    memory: 512m\nnode: '20'\n")
        assert [(at.line, at.column, text) for at, text in caught.value.problems] == [
            (4, 5, "services.api.prot: there is no key `prot`; did you mean `port`?"),
            (
                5,
                13,
                'services.api.memory: expected a size such as `512MB` or `1GB`, found "512m"; did you mean "512MB"?',
            ),
            (6, 7, 'node: expected a whole number from 1 to 99, found "20"; did you mean 20?'),
        ]
        assert caught.value.exit_code == 2
        assert caught.value.at == caught.value.problems[0][0]

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("skip: yes", 'skip: expected `true` or `false`, found "yes"; did you mean true?'),
            ("role: wroker", 'did you mean "worker"?'),
            ("port: 0", "expected a whole number from 1 to 65535, found 0"),
            ("port: 4000.5", "expected a whole number"),
            ("port: true", "expected a whole number"),
            ("port: .nan", "expected a whole number"),
            ("port: '4000'", "did you mean 4000?"),
            ("port: [4000]", "found a list"),
            ("publish: 8080", 'did you mean "8080"?'),
            ("publish: true", "or `false`, found true"),
            ("publish: 22:22", 'did you mean "22"?'),
            ("publish: localhost:8080", 'did you mean "127.0.0.1:8080"?'),
            ("publish: 8080:4000", 'did you mean "8080"?'),
            ("publish: '70000'", "expected a port"),
            ("publish: ' 8080'", 'did you mean "8080"?'),
            ("health: api/health", 'did you mean "/api/health"?'),
            ("health: http://localhost/x", "expected a path"),
            ("files: templates", "did you mean `[templates]`?"),
            ("files: [../x]", "files[0]: expected a path inside the package"),
            ("files: [a, null]", "files[1]: expected"),
            ("package: /apps/api", 'did you mean "apps/api"?'),
            ("package: ./apps/api", 'did you mean "apps/api"?'),
            ("package: a/../../b", "expected a path inside the repository"),
            ("writable: [uploads]", 'did you mean "/uploads"?'),
            ("cpus: .inf", "expected a number from 0.01 to 1024"),
            ("cpus: '0.5'", "did you mean 0.5?"),
            ("grace: 30", 'did you mean "30s"?'),
            ("grace: 30 seconds", 'did you mean "30s"?'),
            ("budget: 100 mb", 'did you mean "100MB"?'),
            ("variables: {A: 1}", 'variables.A: expected text, found 1; did you mean "1"?'),
            ("variables: {A: true}", 'did you mean "true"?'),
            ("variables: {A: }", 'write "" for an empty text'),
            ("variables: {1A: x}", "a name is made of letters, digits and `_`"),
            ("variables: [A]", "expected keys with values, found a list"),
            ("command: ' '", "expected one line of text"),
            ("platforms: [linux/amd64]", "it belongs at the top of the file"),
            ("image: x", "it belongs under `stores.NAME`"),
            ("zzz: 1", "there is no key `zzz`; there are `package`, `dockerfile`"),
        ],
    )
    def test_each_says_what_was_expected_and_what_was_probably_meant(self, line: str, said: str) -> None:
        assert said in problem(line)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "version is missing: begin the file with `version: 1`"),
            ("name: x\n", "version is missing: begin the file with `version: 1`"),
            ("version:\n", "version: expected `1`, found nothing"),
            ("version: 2\n", "version: expected `1`, found 2"),
            ("version: '1'\n", 'version: expected `1`, found "1"; did you mean 1?'),
            ("version: true\n", "version: expected `1`, found true"),
            ("- a\n", "expected keys with values, found a list"),
            ("text\n", 'expected keys with values, found "text"'),
            ("version: 1\nversion: 1\n", "version is stated twice"),
            ("version: 1\nport: 3\n", "port: there is no key `port`; it belongs under `services.NAME`"),
            ("version: 1\nservices: [a]\n", "services: expected keys with values, found a list"),
            (
                "version: 1\nservices: {'a b': {}}\n",
                "services.a b: a name is made of letters, digits, `-`, `_` and `.`",
            ),
        ],
    )
    def test_of_the_file_as_a_whole(self, text: str, said: str) -> None:
        assert problems(text) == [said]

    def test_broken_yaml_is_a_mistake_with_a_place(self) -> None:
        with pytest.raises(ConfigError) as caught:
            parse_config("version: 1\nservices: [a\n")
        assert caught.value.at is not None
        assert caught.value.at.line >= 2
        assert caught.value.exit_code == 2

    def test_a_bomb_of_aliases_is_refused(self) -> None:
        bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
        with pytest.raises(ConfigError, match="aliases"):
            parse_config("version: 1\n" + bomb)

    @given(st.text(max_size=60))
    def test_no_text_is_a_bug(self, text: str) -> None:
        with suppress(ConfigError):
            parse_config("version: 1\n" + text)


WORDS = st.one_of(
    st.sampled_from(
        ["api", "web", "worker", "8080", "127.0.0.1:80", "512MB", "30s", "/api", "apps/api", "..", "linux/amd64"]
    ),
    st.text(string.ascii_letters + string.digits + "/.:-_ é", max_size=8),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 70000), st.floats(-2, 2000, allow_nan=False), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=5,
)


def section(kind: type, **better: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    optional = {key.name: better.get(key.name, VALUES) for key in keys(kind)}
    return st.one_of(
        st.fixed_dictionaries({}, optional=optional),
        st.dictionaries(st.sampled_from(sorted(optional)), st.one_of(WORDS, st.lists(WORDS, max_size=2)), max_size=2),
    )


def named(kind: type) -> st.SearchStrategy[Any]:
    return st.dictionaries(WORDS, st.one_of(st.none(), section(kind)), max_size=2)


DOCUMENTS = section(
    Config,
    version=st.sampled_from([1, 1, 1, 1.0, 2, "1", True, None]),
    services=named(ServiceConfig),
    stores=named(StoreConfig),
    variables=named(VariableConfig),
).map(lambda document: {"version": 1} | document)


def loads(document: object) -> bool:
    try:
        parse_config(json.dumps(document, ensure_ascii=False))
    except ConfigError:
        return False
    return True


class TestSchema:
    def test_it_is_one(self) -> None:
        jsonschema.Draft202012Validator.check_schema(json_schema())

    def test_every_key_is_described(self) -> None:
        schema = json_schema()
        sections = [schema, *schema["$defs"].values()]
        assert all(key["description"] for one in sections for key in one["properties"].values())

    @settings(max_examples=400, deadline=None)
    @given(DOCUMENTS)
    def test_it_accepts_what_the_loader_accepts_and_nothing_else(self, document: object) -> None:
        validator = jsonschema.Draft202012Validator(json_schema())
        assert validator.is_valid(document) == loads(document)

    @pytest.mark.parametrize("name", [key.name for key in keys(ServiceConfig)])
    @settings(max_examples=40, deadline=None)
    @given(value=VALUES)
    def test_they_agree_on_each_key_alone(self, name: str, value: object) -> None:
        document = {"version": 1, "services": {"api": {name: value}}}
        assert jsonschema.Draft202012Validator(json_schema()).is_valid(document) == loads(document)
