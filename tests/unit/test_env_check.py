"""A real env file held against what the stack asks for; nothing that is said about it holds a value."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.engines.env import file as env_file
from bayplan.engines.env.check import check
from bayplan.engines.env.file import InGit
from bayplan.engines.env.forms import wrong_form
from bayplan.engines.env.question import Question, hidden
from bayplan.errors import UsageError
from bayplan.formats import dotenv
from bayplan.formats.dotenv_values import trouble, values
from bayplan.model.contract import Contract, Term
from bayplan.model.finding import Finding
from bayplan.run import Local
from bayplan.source import At

RANDOM = "openssl rand -hex 32"
STRONG = "4f9d0c1ab27e63885a0e19d7c6b4f2a1"
OTHER = "b81f5d2ce07a4936fd10e8c2579ab364"
TERMS = (
    Term("JWT_SECRET", required=True, secret=True, command=RANDOM, purpose="signs tokens", readers=("api",)),
    Term("SESSION_SECRET", secret=True, command=RANDOM, readers=("api",)),
    Term("STRIPE_SECRET_KEY", secret=True, origin="Stripe's dashboard", readers=("api",)),
    Term("POSTGRES_PASSWORD", secret=True, command=RANDOM, in_url=True, readers=("postgres",)),
    Term("API_URL", kind="url", example="https://example.com", readers=("web",)),
    Term("BUCKET", required=True, example="my-files", readers=("api",)),
    Term("LOG_LEVEL", kind="enum:debug|info", fallback="info", example="info", readers=("api",)),
    Term("LIMIT", kind="number", fallback="5", example="5", readers=("api",)),
    Term("VERBOSE", kind="boolean", readers=("api",)),
    Term("CONTACT", kind="email", readers=("api",)),
    Term("DOMAIN", kind="host", readers=("caddy",)),
    Term("PUBLIC_IP", kind="address", readers=("caddy",)),
    Term("OWNER", kind="image", example="acme-corp", readers=("api",)),
    Term("TAG", kind="tag", default="latest", readers=("api",)),
    Term("DATABASE_URL", asked=False, readers=("api",)),
)
GOOD = f"JWT_SECRET={STRONG}\nBUCKET=shop-files\n"


def question(text: str, **more: object) -> Question:
    return replace(Question(Contract(TERMS), dotenv.parse(text, ".env"), "compose.yml"), **more)  # type: ignore[arg-type]


def found(text: str, **more: object) -> dict[str, Finding]:
    return {finding.rule: finding for finding in check(question(GOOD + text, **more))}


def rules(text: str, **more: object) -> list[str]:
    return [finding.rule for finding in check(question(text, **more))]


def said(finding: Finding) -> str:
    return f"{finding.message} {finding.consequence} {finding.help} {' '.join(place.label for place in finding.places)}"


class TestNames:
    def test_a_complete_file_draws_no_finding(self) -> None:
        text = f"# mine\nLOG_LEVEL=debug\nexport LIMIT='10'\nTAG=v1.2-RC\nOWNER=acme\nSESSION_SECRET={OTHER}\n"
        assert (
            found(text + "COMPOSE_PROJECT_NAME=x\nDOMAIN=shop.dev\nPUBLIC_IP=203.0.113.7\nAPI_URL=https://a.dev\n")
            == {}
        )

    def test_what_is_missing_is_named_with_its_purpose_and_the_command_that_makes_it(self) -> None:
        (missing,) = check(question("BUCKET=shop-files\n", remedy="bayplan env new --add"))
        assert missing.message == "JWT_SECRET is missing: signs tokens"
        assert missing.help == f"{RANDOM}; or `bayplan env new --add`, which adds one"
        assert missing.effect.fails

    @pytest.mark.parametrize("line", ["JWT_SECRET=", 'JWT_SECRET=""', "JWT_SECRET", "JWT_SECRET= ", "#JWT_SECRET=x"])
    def test_an_empty_or_commented_out_value_is_none(self, line: str) -> None:
        assert rules(f"BUCKET=shop-files\n{line}\n") == ["missing-value"]

    def test_a_misspelt_name_is_one_finding_and_says_what_was_meant(self) -> None:
        (finding,) = check(question(f"BUCKET=shop-files\nJWT_SECERT={STRONG}\n"))
        assert finding.rule == "missing-value"
        assert finding.places[0].at.line == 2
        assert finding.help == "did you mean JWT_SECRET where it says JWT_SECERT?"

    def test_names_differ_in_case(self) -> None:
        assert "did you mean JWT_SECRET" in check(question(f"BUCKET=shop-files\njwt_secret={STRONG}\n"))[0].help

    def test_a_misspelt_optional_name_is_unused_and_says_what_was_meant(self) -> None:
        assert found("LOG_LEVL=debug\n")["unused-value"].help == "did you mean LOG_LEVEL?"

    def test_what_nothing_reads_is_a_warning(self) -> None:
        finding = found("OLD_THING=1\n")["unused-value"]
        assert not finding.effect.fails
        assert finding.help == "take it out"

    def test_what_compose_sets_by_itself_changes_nothing(self) -> None:
        assert "compose.yml sets it by itself" in found("DATABASE_URL=postgres://x\n")["unused-value"].message

    def test_what_may_be_a_part_of_a_key_is_not_taken_for_a_name(self) -> None:
        text = f"{GOOD}MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\nAAAAB3NzaC==\nOLD=\n"
        asked = question(text)
        shown = hidden(asked) + "".join(said(finding) for finding in check(asked))
        assert "OLD" in shown
        assert not [part for part in ("MII", "b3B", "AAAAB3", STRONG) if part in shown]
        assert all(place.at.length <= 10 for finding in check(asked) for place in finding.places)

    def test_of_two_lines_with_one_name_the_last_counts(self) -> None:
        finding = found("LIMIT=1\nLIMIT=2\n")["duplicate-variable"]
        assert [place.at.line for place in finding.places] == [4, 3]

    @pytest.mark.parametrize("line", ["hello", "JBSWY3DPEHPK3PXP", "A B=c", "- x", "= x", "API_URL: https://a.dev"])
    def test_a_line_that_is_none_is_found(self, line: str) -> None:
        assert found(f"{line}\n")["malformed-line"].places[0].at.line == 3


class TestForms:
    @pytest.mark.parametrize(
        "line",
        [
            "API_URL=a.dev",
            "LIMIT=many",
            "LIMIT=5s",
            "VERBOSE=maybe",
            "CONTACT=nobody",
            "LOG_LEVEL=inof",
            "LOG_LEVEL=INFO",
            "DOMAIN=https://shop.dev",
            "DOMAIN=shop.dev/x",
            "DOMAIN=shop.dev:443",
            "DOMAIN=-x.dev",
            "PUBLIC_IP=198.51.100",
            "PUBLIC_IP=203.0.113.7:443",
            "OWNER=Acme",
            "OWNER=acme/",
            "TAG=a/b",
            f"POSTGRES_PASSWORD={STRONG}@x",
            f"POSTGRES_PASSWORD={STRONG}%41",
        ],
    )
    def test_a_wrong_form_is_found(self, line: str) -> None:
        finding = found(f"{line}\n")["malformed-value"]
        assert line.partition("=")[2] not in said(finding)

    @pytest.mark.parametrize(
        "line",
        [
            "API_URL=redis://cache:6379/0",
            "LIMIT=-1.5",
            "VERBOSE=TRUE",
            "CONTACT=me+you@shop.co.uk",
            "DOMAIN=*.shop.dev",
            "DOMAIN=shöp.de",
            "DOMAIN=localhost",
            "PUBLIC_IP=[2001:db8::1]",
            "OWNER=acme/team-x",
            "TAG=sha-1A2b",
            "LOG_LEVEL=debug",
            "LOG_LEVEL=",
            f"POSTGRES_PASSWORD={OTHER}",
        ],
    )
    def test_a_right_form_draws_nothing(self, line: str) -> None:
        assert found(f"{line}\n") == {}

    def test_a_capital_letter_in_the_owner_of_images_says_what_refuses_it_and_what_to_write(self) -> None:
        finding = found("OWNER=Acme\n")["malformed-value"]
        assert "lower case" in finding.message
        assert "registries refuse" in finding.message
        assert finding.help == "write it like acme-corp"

    def test_without_an_example_the_form_is_the_help(self) -> None:
        assert found("DOMAIN=https://shop.dev\n")["malformed-value"].help == "write a value of that form"

    @given(st.sampled_from(TERMS), st.text(max_size=40))
    def test_any_text_has_a_form_or_has_not(self, term: Term, text: str) -> None:
        assert isinstance(wrong_form(term, text), str)


class TestSecrets:
    @pytest.mark.parametrize(
        "value",
        [
            "changeme",
            "change-me-please",
            "xxx",
            "XXXXXXXX",
            "<secret>",
            "your-secret-here",
            "secret",
            "TODO",
            "password123",
        ],
    )
    def test_a_placeholder_is_no_secret(self, value: str) -> None:
        assert rules(f"BUCKET=shop-files\nJWT_SECRET={value}\n") == ["placeholder-value"]

    @pytest.mark.parametrize(
        "line",
        ["API_URL=https://example.com/x", "API_URL=https://your-domain.com", "BUCKET=my-files", "BUCKET=changeme"],
    )
    def test_the_examples_own_value_is_none(self, line: str) -> None:
        assert "placeholder-value" in rules(f"{GOOD}{line}\n")

    @pytest.mark.parametrize("line", ["LIMIT=5", "LOG_LEVEL=info", "TAG=latest"])
    def test_a_default_may_be_given(self, line: str) -> None:
        assert found(f"{line}\n") == {}

    @pytest.mark.parametrize("value", ["k3J9x", "0123456789abcd", "ababababababababababab"])
    def test_what_can_be_guessed_is_found_and_not_told(self, value: str) -> None:
        (finding,) = check(question(f"BUCKET=shop-files\nJWT_SECRET={value}\n"))
        assert finding.rule == "weak-secret"
        assert value not in said(finding)
        assert str(len(value)) not in finding.message

    def test_a_secret_that_somebody_else_gave_out_may_be_shorter_than_ours(self) -> None:
        assert found("STRIPE_SECRET_KEY=k3J9x0Lm\n") == {}

    def test_two_secrets_of_ours_that_are_the_same_are_found(self) -> None:
        finding = found(f"SESSION_SECRET={STRONG}\n")["shared-secret"]
        assert [place.at.line for place in finding.places] == [3, 1]

    def test_a_secret_from_the_repository_is_known_to_everybody(self) -> None:
        finding = found("", committed={STRONG: At("docs/.env.example", 7)})["published-secret"]
        assert "docs/.env.example:7" in finding.message
        assert {place.at.file for place in finding.places} == {".env"}

    @given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=3, max_size=60))
    def test_no_finding_ever_holds_a_value(self, value: str) -> None:
        marked = f"Zq{value}qZ"
        for finding in check(
            question(f"JWT_SECRET={marked}\nAPI_URL={marked}\nLIMIT={marked}\nXYZ={marked}\n{marked}\n")
        ):
            assert marked not in said(finding)


COMMANDS = (
    '"$(openssl rand -hex 32)"',
    "$(openssl rand -hex 32)",
    "'$(openssl rand -hex 32)'",
    "\"$( openssl rand -base64 48 | tr -d '=' )\"",
    '"shop-$(openssl rand -hex 32)"',
    '"$(cat $(which secret))"',
    "$(</run/secrets/jwt)",
    "`openssl rand -hex 32`",
    '"`openssl rand -hex 32`"',
    "`./make-a-secret`",
    "prefix-$(uuidgen)",
)


class TestCommands:
    @pytest.mark.parametrize("value", COMMANDS)
    def test_a_secret_that_is_a_command_is_known_to_everybody(self, value: str) -> None:
        (finding,) = check(question(f"BUCKET=shop-files\nJWT_SECRET={value}\n"))
        assert finding.effect.fails
        assert "compose runs none" in finding.message
        assert finding.help == "run it in a shell, and write what it prints behind JWT_SECRET="
        assert "openssl" not in said(finding)

    def test_what_is_no_secret_is_not_run_either(self) -> None:
        assert "caddy cannot use it" in found("PUBLIC_IP=$(curl -s icanhazip.com)\n")["unrun-command"].consequence

    @pytest.mark.parametrize(
        "value", ["'k3J$(9x0Lm!qZ7w2E'", "'k3`J9x0Lm`qZ7w2E!'", "'a$)b(cD3fGh1jKlMn)'", "'(k3J9x0Lm) qZ7w2'"]
    )
    def test_signs_that_a_generator_of_passwords_draws_are_no_command(self, value: str) -> None:
        assert found(f"JWT_SECRET={value}\n".replace("JWT", "SESSION")) == {}


class TestWhatComposeMakesOfIt:
    @pytest.mark.parametrize(
        ("line", "what"),
        [
            ("BUCKET=a$b", "takes the `$`"),
            ('BUCKET="a$b"', "takes the `$`"),
            ("BUCKET=a${LOST}b", "takes the `$`"),
            ("BUCKET=abc #def", "cuts it off"),
            ('BUCKET="abc', "not closed"),
            ("BUCKET='abc", "not closed"),
            ('BUCKET="abc"def', "second quote"),
            ("BUCKET='it''s'", "second quote"),
            ("BUCKET='abc\\'", "not closed"),
            ("BUCKET=#abc", "at its beginning"),
        ],
    )
    def test_a_value_that_is_not_what_it_looks_like_is_found(self, line: str, what: str) -> None:
        text = f"JWT_SECRET={STRONG}\n{line}\n"
        (finding,) = (each for each in check(question(text)) if each.rule == "misread-value")
        assert what in finding.message

    def test_a_secret_that_is_cut_off_is_an_error(self) -> None:
        (finding,) = check(question(f"BUCKET=shop-files\nJWT_SECRET={STRONG} #{OTHER}\n"))
        assert (finding.rule, finding.effect.fails) == ("misread-value", True)

    def test_a_comment_behind_a_value_is_one(self) -> None:
        assert found("LIMIT=5 # of them\n") == {}

    @pytest.mark.parametrize(
        "line",
        [
            "BUCKET='a$b #c'",
            "BUCKET=a#b",
            'BUCKET="a\\$b"',
            "BUCKET=a$$b",
            "BUCKET=x${OWNER}y\nOWNER=acme",
            "BUCKET=a$1b",
        ],
    )
    def test_a_value_that_is_read_as_it_stands_draws_nothing(self, line: str) -> None:
        assert "misread-value" not in rules(f"{GOOD}{line}\n")

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("A=x$D", "xd"),
            ("A=x${D}y", "xdy"),
            ('A="x${D}\\$D"', "xd$D"),
            ("A='x${D}'", "x${D}"),
            ("A=x$$D", "x$D"),
            ("A=${LOST:-y}", "y"),
            ("A=${D:+y}", "y"),
            ("A=${LOST}z", "z"),
            ("A=$1x", "$1x"),
            ("A=${OUT}", "shell"),
        ],
    )
    def test_values_are_read_as_compose_reads_them(self, text: str, value: str) -> None:
        assert values(dotenv.parse(f"D=d\n{text}\n", ".env"), {"OUT": "shell"})["A"] == value

    @given(st.text(max_size=80))
    def test_no_text_breaks_the_reader(self, text: str) -> None:
        file = dotenv.parse(text, ".env")
        assert set(values(file, {})) == {line.name for line in file.lines if not line.documented_only}
        for line in file.lines:
            trouble(line, frozenset())


class TestTheFile:
    def test_others_may_not_read_it(self) -> None:
        finding = found("", mode=0o640)["readable-env-file"]
        assert finding.help == "chmod 600 .env"
        assert found("", mode=0o400) == {}

    def test_it_may_not_be_in_git(self) -> None:
        assert found("", in_git=InGit.COMMITTED)["committed-env-file"].effect.fails
        assert not found("", in_git=InGit.NEXT)["committed-env-file"].effect.fails

    def test_git_is_asked(self, tmp_path: Path) -> None:
        for name in (".env", ".env.a", "[x]", "x"):
            (tmp_path / name).write_text("A=1\n")
        (tmp_path / ".gitignore").write_text(".env.a\n")
        assert env_file.in_git(tmp_path / ".env", Local()) is InGit.UNSEEN
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
        subprocess.run(["git", "-C", str(tmp_path), "add", ".env"], check=True)
        asked = {name: env_file.in_git(tmp_path / name, Local()) for name in (".env", ".env.a", "[x]")}
        assert asked == {".env": InGit.COMMITTED, ".env.a": InGit.UNSEEN, "[x]": InGit.NEXT}

    def test_nothing_there_is_nothing_read(self, tmp_path: Path) -> None:
        assert env_file.read(tmp_path / ".env", ".env") is None

    @pytest.mark.parametrize(
        ("content", "what"), [(b"\xff\xfeA=1", "UTF-8"), (b"A=\0", "not text"), (b"A=" + b"x" * 1_100_000, "large")]
    )
    def test_what_is_no_env_file_is_refused(self, tmp_path: Path, content: bytes, what: str) -> None:
        (tmp_path / ".env").write_bytes(content)
        with pytest.raises(UsageError, match=what) as refused:
            env_file.read(tmp_path / ".env", ".env")
        assert refused.value.remedy

    def test_far_too_many_lines_are_refused_at_once(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("a=1\n" * 80_000)
        with pytest.raises(UsageError, match="too large"):
            env_file.read(tmp_path / ".env", ".env")

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / ".env")
        with pytest.raises(UsageError, match="not a file"):
            env_file.read(tmp_path / ".env", ".env")

    def test_a_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / ".env").mkdir()
        with pytest.raises(UsageError, match="not a file"):
            env_file.read(tmp_path / ".env", ".env")

    def test_a_link_to_itself_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / ".env").symlink_to(".env")
        with pytest.raises(UsageError, match="cannot be read"):
            env_file.read(tmp_path / ".env", ".env")

    def test_a_link_is_followed_and_its_targets_mode_counts(self, tmp_path: Path) -> None:
        (tmp_path / "real").write_text("A=1\n")
        (tmp_path / "real").chmod(0o644)
        (tmp_path / ".env").symlink_to("real")
        held = env_file.read(tmp_path / ".env", ".env")
        assert held is not None
        assert held.mode == 0o644

    def test_a_new_file_is_private_whatever_the_umask_and_never_replaces_one(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            env_file.create(tmp_path / ".env", "A=1\n", ".env")
        finally:
            os.umask(before)
        assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
        with pytest.raises(UsageError, match="already there"):
            env_file.create(tmp_path / ".env", "A=2\n", ".env")
        assert (tmp_path / ".env").read_text() == "A=1\n"
        assert [path.name for path in tmp_path.iterdir()] == [".env"]

    def test_a_dangling_link_is_not_written_through(self, tmp_path: Path) -> None:
        (tmp_path / ".env").symlink_to("elsewhere")
        with pytest.raises(UsageError, match="already there"):
            env_file.create(tmp_path / ".env", "A=1\n", ".env")
        assert not (tmp_path / "elsewhere").exists()

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no folder"):
            env_file.create(tmp_path / "x" / ".env", "A=1\n", "x/.env")
