"""The values of a run: the user's own, and made ones for a trial where there is no env file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from bayplan.engines import environment
from bayplan.engines.env.new import completed, draw
from bayplan.engines.env.trial import elsewhere, made_for
from bayplan.engines.environment import RunEnvironment, fresh, ours, settle
from bayplan.errors import MissingValueError, UsageError
from bayplan.formats import dotenv
from bayplan.model.contract import Contract, Term
from bayplan.model.front import Site, Tls, TlsKind
from bayplan.model.parts import Asked, Composed, Given, Variable
from bayplan.model.stack import Stack
from tests.unit.test_contract import WHY, proxy, secret, service, stack

RANDOM = "openssl rand -hex 32"


def settled(
    theirs: dict[str, str] | None,
    outside: dict[str, str] | None = None,
    made: dict[str, str] | None = None,
    refuses: Callable[[Term], bool] = lambda _: True,
    plan: Stack | None = None,
) -> tuple[RunEnvironment, dict[str, str]]:
    api = service("api", *(Variable(name, Asked(name), WHY, secret=True) for name in "ABCD"))
    return settle(
        plan or stack(api),
        outside=outside or {},
        theirs=theirs,
        made=made or {},
        token=lambda: "fresh",
        refuses=refuses,
    )


@pytest.fixture
def jwt(monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.delenv("JWT_SECRET", raising=False)
    return stack(service("api", secret("JWT_SECRET")))


class TestWithoutAnEnvFile:
    def test_the_shell_wins_over_what_was_made_and_the_rest_is_made(self) -> None:
        values, kept = settled(None, {"A": "shell"}, {"A": "made", "C": "made"})
        assert values.values == {"A": "shell", "B": "fresh", "C": "made", "D": "fresh"}
        assert kept == {"B": "fresh", "C": "made", "D": "fresh"}
        assert values.made == ("B", "D")
        assert values.files == (".bayplan/run.env",)

    def test_made_values_are_private_and_stay_the_same(self, tmp_path: Path, jwt: Stack) -> None:
        first = environment.prepare(jwt, tmp_path)
        file = tmp_path / ".bayplan" / "run.env"
        assert file.stat().st_mode & 0o777 == 0o600
        assert first.values["JWT_SECRET"] in file.read_text()
        again = environment.prepare(jwt, tmp_path)
        assert again.values == first.values
        assert again.made == ()

    def test_each_environment_has_values_of_its_own(self, tmp_path: Path, jwt: Stack) -> None:
        staging = replace(jwt, environment="staging", env_file=".env.staging")
        first, second = environment.prepare(jwt, tmp_path), environment.prepare(staging, tmp_path)
        assert first.values["JWT_SECRET"] != second.values["JWT_SECRET"]
        assert (first.files, second.files) == ((".bayplan/run.env",), (".bayplan/run.staging.env",))
        assert ours(staging) == ".bayplan/run.staging.env"

    def test_nobodys_env_file_is_read_instead(self) -> None:
        plan = replace(stack(service("api")), environment="staging", env_file=".env.staging")
        assert settled(None, plan=plan)[0].files == ("/dev/null",)
        assert settled(None, plan=stack(service("api")))[0].files == ()

    def test_where_images_are_pulled_nothing_is_made_up(self) -> None:
        pulled = Composed((Given("ghcr.io/"), Asked("OWNER"), Given("/shop:"), Asked("TAG")))
        plan = replace(stack(service("api", pulled=pulled)), environment="staging", env_file=".env.staging")
        with pytest.raises(
            MissingValueError, match=r"there is no \.env\.staging, which gives 2 values(.|\n)*OWNER"
        ) as missing:
            settled(None, plan=plan)
        assert "`bayplan env new --env staging`" in missing.value.remedy
        with pytest.raises(MissingValueError, match="none is made up, for its images are pulled"):
            settled(None, {"OWNER": "acme"}, plan=plan)
        given = {"OWNER": "acme", "TAG": "latest"}
        assert settled(None, given, plan=plan)[0].values == given

    @pytest.mark.requirement("CB-11")
    @pytest.mark.parametrize(
        ("owner", "tag", "said"), [("Acme", "1", "OWNER must be in lower"), ("acme", "a b", "TAG")]
    )
    def test_what_no_registry_takes_is_refused_before_anything_is_changed(
        self, owner: str, tag: str, said: str
    ) -> None:
        pulled = Composed((Given("ghcr.io/"), Asked("OWNER"), Given("/shop:"), Asked("TAG")))
        plan = stack(service("api", pulled=pulled))
        given = {"OWNER": owner, "TAG": tag}
        with pytest.raises(MissingValueError, match=said):
            settled(None, given, plan=plan)
        with pytest.raises(MissingValueError, match=said):
            settled(given, plan=plan)
        assert settled(given, plan=plan, refuses=lambda _: False)[0].values == given

    def test_what_the_proxy_asks_for_is_made_up_as_what_it_is(self) -> None:
        values, _ = settled(None, plan=stack(service("api"), proxy=replace(proxy(), tls=Tls(TlsKind.INTERNAL, WHY))))
        assert values.values["PUBLIC_IP"] == "127.0.0.1"
        assert values.values["DOMAIN"] == "localhost"

    @pytest.mark.parametrize(
        ("form", "example", "value"),
        [
            ("secret", "", "token"),
            ("secret", "change-me", "token"),
            ("secret", "https://key@sentry.example.com/1", "https://key@sentry.example.com/1"),
            ("plain", "eu-central-1", "eu-central-1"),
            ("plain", "", "development"),
        ],
    )
    def test_fresh_values_keep_their_form_and_secrets_are_random(self, form: str, example: str, value: str) -> None:
        assert fresh(Term("X", required=True, secret=form == "secret", example=example), lambda: "token") == value

    def test_hostile_examples_survive_the_way_through_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        odd = 'it\'s $HOME `id` "quoted" #no comment\nEVIL=1'
        monkeypatch.delenv("ODD", raising=False)
        plan = stack(service("api", Variable("ODD", Asked("ODD"), WHY, example=odd)))
        environment.prepare(plan, tmp_path)
        assert environment.prepare(plan, tmp_path).values == {"ODD": odd}


class TestWhatTheWorldReaches:
    """Without an env file: a database keeps the first password it gets, so none is made up for production."""

    PLAN = stack(service("api", secret("JWT_SECRET")), proxy=proxy())
    GIVEN: ClassVar = {"PUBLIC_IP": "203.0.113.7", "HETZNER_API_TOKEN": "token"}

    def test_nothing_is_made_up_and_all_that_lacks_is_named(self) -> None:
        with pytest.raises(MissingValueError) as missing:
            settled(None, plan=self.PLAN)
        assert "there is no .env, which gives 4 values" in missing.value.message
        assert "none is made up, for caddy answers for *.${DOMAIN}" in missing.value.message
        for name in ("DOMAIN", "HETZNER_API_TOKEN", "JWT_SECRET", "PUBLIC_IP"):
            assert f"\n  {name}" in missing.value.message

    def test_not_even_what_an_earlier_trial_made_is_taken(self) -> None:
        with pytest.raises(MissingValueError, match="JWT_SECRET"):
            settled(None, self.GIVEN | {"DOMAIN": "shop.dev"}, {"JWT_SECRET": "made"}, plan=self.PLAN)

    def test_what_the_shell_gives_is_enough(self) -> None:
        given = self.GIVEN | {"DOMAIN": "shop.dev", "JWT_SECRET": "strong"}
        assert settled(None, given, plan=self.PLAN)[0].values == given

    @pytest.mark.parametrize("domain", ["localhost", "shop.localhost", "Shop.LOCALHOST."])
    def test_a_name_that_leads_nowhere_else_makes_it_a_trial(self, domain: str) -> None:
        values, kept = settled(None, self.GIVEN | {"DOMAIN": domain}, plan=self.PLAN)
        assert kept == {"JWT_SECRET": "fresh"}
        assert values.values["DOMAIN"] == domain

    @pytest.mark.parametrize(
        "domain", ["shop.dev", "localhost.shop.dev", "notlocalhost", "203.0.113.7", "127.shop.dev"]
    )
    def test_any_other_does_not(self, domain: str) -> None:
        with pytest.raises(MissingValueError, match="JWT_SECRET"):
            settled(None, self.GIVEN | {"DOMAIN": domain}, plan=self.PLAN)

    @pytest.mark.parametrize(
        ("kind", "hosts", "said"),
        [
            (TlsKind.AUTOMATIC, ("shop.dev",), "caddy answers for shop.dev"),
            (TlsKind.FILES, ("shop.dev",), "caddy answers for shop.dev"),
            (TlsKind.FILES, ("shop.localhost", "shop.dev"), "caddy answers for shop.dev"),
            (TlsKind.FILES, ("127.0.0.1",), ""),
            (TlsKind.INTERNAL, ("shop.dev",), ""),
            (TlsKind.OFF, ("localhost",), ""),
        ],
    )
    def test_certificates_and_host_names_tell_what_is_for_the_world(
        self, kind: TlsKind, hosts: tuple[str, ...], said: str
    ) -> None:
        front = replace(proxy(), tls=Tls(kind, WHY), sites=(Site(hosts, WHY),))
        assert made_for(stack(service("api"), proxy=front), {}) == said

    def test_what_takes_the_stack_down_needs_nothing(self) -> None:
        assert "JWT_SECRET" in settled(None, refuses=lambda _: False, plan=self.PLAN)[0].values

    @pytest.mark.parametrize(
        ("there", "said"), [(".env", "there is a .env in the root"), ("deploy/.env", "there is a deploy/.env")]
    )
    def test_a_file_that_lies_elsewhere_is_named_and_nothing_is_changed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, said: str
    ) -> None:
        monkeypatch.delenv("JWT_SECRET", raising=False)
        (tmp_path / "deploy").mkdir()
        (tmp_path / there).write_text("JWT_SECRET=mine\n")
        plan = replace(self.PLAN, env_file="docker/.env", compose="deploy/compose.yml")
        with pytest.raises(MissingValueError) as missing:
            environment.prepare(plan, tmp_path)
        assert missing.value.remedy.startswith(
            f"{said}; this environment reads docker/.env: move it there, or `bayplan"
        )
        assert not (tmp_path / ".bayplan").exists()

    def test_a_folder_of_that_name_is_no_file(self, tmp_path: Path) -> None:
        (tmp_path / ".env").mkdir()
        assert elsewhere(replace(self.PLAN, env_file="docker/.env"), tmp_path) == ""

    def test_a_trial_is_told_of_the_file_that_it_does_not_read(self, tmp_path: Path, jwt: Stack) -> None:
        (tmp_path / ".env").write_text("JWT_SECRET=mine\n")
        made = environment.prepare(replace(jwt, env_file="docker/.env"), tmp_path)
        assert made.made == ("JWT_SECRET",)
        assert made.unread == "there is a .env in the root; this environment reads docker/.env"


class TestWithAnEnvFile:
    def test_a_complete_one_is_used_alone(self) -> None:
        values, kept = settled(dict.fromkeys("ABCD", "x"), made={"A": "made"})
        assert values.files == (".env",)
        assert kept == {}

    @pytest.mark.requirement("CB-17")
    def test_what_it_lacks_is_an_error_with_purpose_and_command_before_anything_is_changed(
        self, tmp_path: Path, jwt: Stack
    ) -> None:
        (tmp_path / ".env.staging").write_text("OTHER=1\n")
        plan = replace(jwt, environment="staging", env_file=".env.staging")
        with pytest.raises(MissingValueError) as missing:
            environment.prepare(plan, tmp_path)
        assert ".env.staging lacks a value" in missing.value.message
        assert "JWT_SECRET: signs and checks the tokens" in missing.value.message
        assert RANDOM in missing.value.message
        assert "`bayplan env new --add --env staging`" in missing.value.remedy
        assert not (tmp_path / ".bayplan").exists()

    def test_an_empty_value_is_none_also_where_one_was_made_for_a_trial(self) -> None:
        with pytest.raises(MissingValueError, match="2 values"):
            settled({"A": "", "B": "x", "C": "x"}, made={"A": "made"})

    def test_the_shell_may_give_what_it_lacks(self) -> None:
        values, _ = settled({"A": "file", "B": "x", "C": "x"}, {"D": "shell", "A": "shell"})
        assert values.values == {"A": "shell", "B": "x", "C": "x", "D": "shell"}

    def test_a_dry_run_says_so_too(self, tmp_path: Path, jwt: Stack) -> None:
        (tmp_path / ".env").write_text("")
        with pytest.raises(MissingValueError, match="JWT_SECRET"):
            environment.preview(jwt, tmp_path)

    def test_what_takes_the_stack_down_needs_nothing(self, tmp_path: Path, jwt: Stack) -> None:
        (tmp_path / ".env").write_text("")
        assert environment.prepare(jwt, tmp_path, lambda _: False).values["JWT_SECRET"]

    def test_it_is_read_and_never_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("A", raising=False)
        theirs = "# mine\nexport A='one $two # three'\n"
        (tmp_path / ".env").write_text(theirs)
        result = environment.prepare(stack(service("api", Variable("A", Asked("A"), WHY))), tmp_path)
        assert result.values == {"A": "one $two # three"}
        assert (tmp_path / ".env").read_text() == theirs
        assert not (tmp_path / ".bayplan").exists()

    def test_its_values_are_read_as_compose_reads_them(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("DOMAIN", "URL"):
            monkeypatch.delenv(name, raising=False)
        (tmp_path / ".env").write_text("DOMAIN=shop.dev\nURL=https://api.${DOMAIN}\n")
        plan = stack(service("web", Variable("URL", Asked("URL"), WHY, at_build=True)))
        assert environment.prepare(plan, tmp_path).values == {"URL": "https://api.shop.dev"}

    def test_one_that_is_no_text_is_refused_with_a_remedy(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_bytes(b"\xff\xfeA=1")
        with pytest.raises(UsageError, match="cannot be read"):
            environment.prepare(stack(service("api")), tmp_path)


class TestDrawing:
    TERMS = Contract(
        (
            Term("JWT_SECRET", required=True, secret=True, command=RANDOM),
            Term("PUSH_KEY", required=True, secret=True, command="npx web-push generate-vapid-keys"),
            Term("STRIPE_KEY", required=True, secret=True),
            Term("SALT", secret=True, command=RANDOM),
            Term("NAME", required=True),
        )
    )

    def test_only_required_secrets_that_may_be_random_are_made(self) -> None:
        drawn = draw(self.TERMS, {}, {}, lambda: "fresh")
        assert drawn.values == {"JWT_SECRET": "fresh"}
        assert [term.name for term in drawn.open] == ["PUSH_KEY", "STRIPE_KEY", "NAME"]

    def test_what_is_there_is_left_and_what_a_trial_made_is_kept(self) -> None:
        assert draw(self.TERMS, {"JWT_SECRET": "x"}, {}, lambda: "fresh").values == {}
        assert draw(self.TERMS, {}, {"JWT_SECRET": "trial"}, lambda: "fresh").values == {"JWT_SECRET": "trial"}

    def test_nothing_is_made_where_a_misspelt_line_is_meant(self) -> None:
        assert draw(self.TERMS, {}, {}, lambda: "fresh", {"JWT_SECRET"}).values == {}

    @pytest.mark.parametrize(
        ("text", "after"),
        [
            ("A=\nB=2", "A=new\nB=2"),
            ("A=1\nA=\n", "A=1\nA=new\n"),
            ("export A= \r\nB=2\r\n", "export A=new \r\nB=2\r\n"),
            ("# A=\nA=\n", "# A=\nA=new\n"),
            ("\ufeffA=\n", "\ufeffA=new\n"),
        ],
    )
    def test_an_empty_value_is_filled_in_where_it_stands(self, text: str, after: str) -> None:
        assert completed(text, dotenv.parse(text, ".env"), {"A": "new"}) == (after, frozenset({"A"}))

    @pytest.mark.parametrize("text", ["A=1\n", 'A=""\n', "A\n", "", "# A=\n"])
    def test_nothing_else_is_touched(self, text: str) -> None:
        assert completed(text, dotenv.parse(text, ".env"), {"A": "new"}) == (text, frozenset())
