"""What is written for the example everyskill, as its description asks for it."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan import pipeline
from tests.unit.backing import needs

EXAMPLE = Path(__file__).parents[2] / "examples" / "everyskill" / "repo"
COMPOSE, VALUES = "docker/docker-compose.prod.yml", "docker/.env.example"


@pytest.fixture(scope="module")
def written() -> Mapping[str, str]:
    return pipeline.plan(EXAMPLE).overlay


@pytest.fixture(scope="module")
def compose(written: Mapping[str, str]) -> Any:
    return yaml.safe_load(written[COMPOSE])


@pytest.mark.requirement("ES-01")
def test_the_dockerfile_is_where_the_user_chose_and_runs_the_standalone_server(written: Mapping[str, str]) -> None:
    text = written["docker/Dockerfile"]
    last = text.rsplit("\nFROM ", 1)[1]
    assert "/app/apps/web/.next/standalone ./" in last
    assert "ENV NODE_ENV=production PORT=2000 HOSTNAME=0.0.0.0" in last
    assert re.search(r"^USER node$", last, re.MULTILINE)
    assert re.search(r"^EXPOSE 2000$", last, re.MULTILINE)
    assert "\nRUN " not in last
    assert 'CMD ["node", "server.js"]' in last


@pytest.mark.requirement("ES-01")
def test_next_traces_from_the_root_of_the_repository(written: Mapping[str, str]) -> None:
    config = written["apps/web/next.config.ts"]
    assert "output: 'standalone'" in config
    assert "outputFileTracingRoot: path.join(__dirname, '../..')" in config
    assert "transpilePackages: ['@everyskill/ui']" in config


@pytest.mark.requirement("ES-02")
def test_caddy_is_built_with_the_module_that_asks_hetzner(written: Mapping[str, str]) -> None:
    text = written["docker/Dockerfile.caddy"]
    assert "FROM --platform=$BUILDPLATFORM caddy:2-builder-alpine" in text, "Go is not compiled by an emulated machine"
    assert "GOARCH=$TARGETARCH xcaddy build --with github.com/caddy-dns/hetzner" in text
    assert "COPY --from=build /usr/bin/caddy /usr/bin/caddy" in text
    caddyfile = written["docker/Caddyfile"]
    assert "acme_dns hetzner {env.HETZNER_API_TOKEN}" in caddyfile
    assert "{$DOMAIN}, *.{$DOMAIN} {" in caddyfile
    assert "reverse_proxy web:2000" in caddyfile
    assert "header_up" not in caddyfile, "Caddy passes the Host on that was asked for, unless it is told otherwise"


@pytest.mark.requirement("ES-10", "ES-13")
def test_three_services_stay_and_wait_for_one_another(compose: Any) -> None:
    services = compose["services"]
    assert {name for name, each in services.items() if each["restart"] == "unless-stopped"} == {
        "caddy",
        "web",
        "postgres",
    }
    assert services["postgres"]["image"] == "pgvector/pgvector:pg17"
    assert {name: {of: need["condition"] for of, need in each["depends_on"].items()} for name, each in services.items()
            if "depends_on" in each} == {
        "caddy": {"web": "service_healthy"},
        "migrate": {"postgres": "service_healthy"},
        "web": {"postgres": "service_healthy", "migrate": "service_completed_successfully"},
    }  # fmt: skip
    test = services["postgres"]["healthcheck"]["test"]
    assert test[:2] == ["CMD", "pg_isready"]
    user, database = (services["postgres"]["environment"][name] for name in ("POSTGRES_USER", "POSTGRES_DB"))
    assert ["-U", user, "-d", database] == test[-4:]


@pytest.mark.requirement("ES-13")
def test_web_has_at_least_30_seconds_to_become_healthy(written: Mapping[str, str]) -> None:
    found = re.search(r"HEALTHCHECK .*--start-period=(\d+)s", written["docker/Dockerfile"])
    assert found
    assert int(found[1]) >= 30


@pytest.mark.requirement("ES-11", "ES-12")
def test_caddy_alone_publishes_and_only_on_the_address_that_is_given(compose: Any) -> None:
    ports = {name: each["ports"] for name, each in compose["services"].items() if "ports" in each}
    assert set(ports) == {"caddy"}
    address = r"\$\{PUBLIC_IP:\?[^}]+\}"
    assert all(re.fullmatch(rf"{address}:(80:80|443:443|443:443/udp)", each) for each in ports["caddy"])
    assert len(ports["caddy"]) == 3


@pytest.mark.requirement("ES-12")
def test_each_is_on_the_networks_it_needs_and_on_no_other(compose: Any) -> None:
    assert {name: set(each["networks"]) for name, each in compose["services"].items()} == {
        "caddy": {"public"},
        "migrate": {"internal"},
        "postgres": {"internal"},
        "web": {"internal", "public"},
    }
    assert compose["networks"]["internal"] == {"internal": True}
    assert not (compose["networks"]["public"] or {}).get("internal")


@pytest.mark.requirement("ES-14")
def test_what_must_last_is_in_volumes(compose: Any) -> None:
    assert set(compose["volumes"]) == {"postgres_data", "caddy_data", "caddy_config"}
    assert "./Caddyfile:/etc/caddy/Caddyfile:ro" in compose["services"]["caddy"]["volumes"]


@pytest.mark.requirement("ES-20")
def test_every_variable_of_the_compose_file_is_documented_in_six_groups(written: Mapping[str, str]) -> None:
    text = written[VALUES]
    groups = re.findall(r"^# (.+)\n# -+$", text, re.MULTILINE)
    assert groups == ["Database", "Auth", "DNS", "AI services", "Object storage", "Admin"]
    named = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))
    referred = set(re.findall(r"\$\{([A-Z0-9_]+)", written[COMPOSE]))
    passed_on = set(re.findall(r"^ {6}([A-Z0-9_]+):$", written[COMPOSE], re.MULTILINE))
    assert referred | passed_on <= named
    assert {"OPENAI_API_KEY", "PUBLIC_IP", "DOMAIN", "POSTGRES_PASSWORD"} <= referred | passed_on


@pytest.mark.requirement("ES-20")
def test_each_variable_says_what_it_is_and_each_secret_where_it_comes_from(written: Mapping[str, str]) -> None:
    paragraphs = written[VALUES].strip().split("\n\n")
    blocks = [block for block in paragraphs if re.search(r"^[A-Z0-9_]+=$", block, re.MULTILINE)]
    assert len(blocks) == 12
    for block in blocks:
        comment, _, name = block.rpartition("\n")
        assert len(comment.split("\n")) >= 2, name
        assert "Required" in comment, name
    secret = {block.rpartition("\n")[2].rstrip("="): block for block in blocks if "Secret" in block}
    made = {name for name, block in secret.items() if "Secret: openssl rand -hex 32" in block}
    assert made == {"POSTGRES_PASSWORD", "AUTH_SECRET", "ADMIN_TOKEN"}
    assert set(secret) - made == {"HETZNER_API_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert all("Secret, from " in secret[name] for name in set(secret) - made)


@pytest.mark.requirement("ES-30")
def test_the_runbook_names_this_stack_and_parts_of_it_that_there_are(written: Mapping[str, str], compose: Any) -> None:
    text = written["docs/backups.md"]
    container = f"{compose['name']}-postgres-1"
    assert set(re.findall(r"docker exec (?:-i )?(\S+)", text)) == {container}
    postgres = compose["services"]["postgres"]["environment"]
    assert set(re.findall(r"--username (\S+)", text)) == {postgres["POSTGRES_USER"]}
    assert f'RENAME TO "{postgres["POSTGRES_DB"]}"' in text
    for unit in ("everyskill-backup@.service", "everyskill-backup@.timer"):
        assert f"deploy/systemd/{unit}" in text
        assert f"deploy/systemd/{unit}" in written
    assert "30 days" in text
    assert "offsite:everyskill" in text
    assert "bayplan restore --env production" in text


@pytest.mark.requirement("ES-30")
def test_systemd_finds_nothing_wrong_with_the_units(written: Mapping[str, str], tmp_path: Path) -> None:
    needs("systemd-analyze")
    (tmp_path / "bayplan").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "bayplan").chmod(0o755)
    (tmp_path / "docker.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    paths = []
    for kind in ("service", "timer"):
        text = written[f"deploy/systemd/everyskill-backup@.{kind}"]
        path = tmp_path / f"everyskill-backup@srv-everyskill.{kind}"
        path.write_text(text.replace("ExecStart=bayplan", f"ExecStart={tmp_path}/bayplan"), encoding="utf-8")
        paths.append(path)
    done = subprocess.run(
        ["systemd-analyze", "verify", *paths],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if "everyskill" in line]
    assert said == []
    assert "OnCalendar=*-*-* 03:30:00" in paths[1].read_text(encoding="utf-8")


@pytest.mark.requirement("ES-01", "ES-02")
@pytest.mark.parametrize("path", ["docker/Dockerfile", "docker/Dockerfile.caddy", "packages/db/Dockerfile.migrate"])
def test_no_secret_is_kept_in_an_image(written: Mapping[str, str], path: str) -> None:
    last = written[path].rsplit("\nFROM ", 1)[1]
    kept = re.findall(r"^(?:ENV|ARG) (.*)$", last, re.MULTILINE)
    assert not [line for line in kept if re.search(r"SECRET|TOKEN|PASSWORD|KEY", line)]
