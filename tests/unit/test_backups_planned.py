"""Backups as `bayplan.yaml` asks for them, and the files that are written for them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bayplan import pipeline
from bayplan.catalog import stores
from bayplan.cli.backed import Stores
from bayplan.cli.main import main
from bayplan.engines.backups.families import FAMILIES
from bayplan.engines.backups.manifest import Contents, Manifest
from bayplan.errors import UsageError
from bayplan.model.stack import Stack
from bayplan.writers import by_hand
from tests.unit.backing import age_key
from tests.unit.planning import Repository

AGE = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
CODE = "import { createServer } from 'node:http'\ncreateServer().listen(3000)\n"


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path).app("api", CODE, pg="8.0.0", nats="2.0.0")
    repository.lock()
    return repository


def planned(repository: Repository, backups: str, more: str = "", environment: str | None = None) -> Stack:
    repository.write("bayplan.yaml", f"version: 1\nbackups: {backups}\n{more}")
    return pipeline.plan(repository.root, environment).stack


def test_nothing_is_backed_up_unless_it_is_asked_for(shop: Repository) -> None:
    found = pipeline.plan(shop.root)
    assert found.stack.backups is None
    assert not [path for path in found.files if "backup" in path]


def test_what_is_asked_for_is_done_to_every_store_that_can_be(shop: Repository) -> None:
    stack = planned(shop, f"{{ to: /var/backups/shop/, age: {AGE}, keep: 3, at: '04:15' }}")
    assert stack.backups is not None
    found = stack.backups
    assert (found.to, found.age, found.keep_days, found.at) == ("/var/backups/shop", AGE, 3, "04:15")
    assert found.stores == ("postgres",)
    (note,) = [note for note in stack.notes if note.about == "nats"]
    assert note.text.startswith("bayplan does not back it up. ")


def test_each_environment_has_its_own(shop: Repository) -> None:
    more = "environments:\n  staging: { backups: { to: 'rclone:s3:staging', keep: 2 } }\n  production: {}\n"
    stack = planned(shop, f"{{ to: /a, age: {AGE} }}", more, "staging")
    assert stack.backups is not None
    assert (stack.backups.to, stack.backups.keep_days, stack.backups.age) == ("rclone:s3:staging", 2, AGE)
    files = pipeline.plan(shop.root).files
    assert {"docs/backups.md", "docs/backups-staging.md"} <= files.keys()
    assert "bayplan backup --env staging" in files["deploy/systemd/shop-staging-backup@.service"].text


@pytest.mark.parametrize(
    ("backups", "message"),
    [
        (f"{{ age: {AGE} }}", "no place to go"),
        (f"{{ to: backups, age: {AGE} }}", "not a folder of the machine"),
        (f"{{ to: 'rclone:nothing', age: {AGE} }}", "names no remote"),
        (f"{{ to: 'rclone:', age: {AGE} }}", "names no remote"),
        (f"{{ to: 'rclone:-x:y', age: {AGE} }}", "names no remote"),
        (f"{{ to: 'rclone::s3,secret_access_key=x:y', age: {AGE} }}", "names no remote"),
        (f"{{ to: 'rclone:s3,secret_access_key=x:y', age: {AGE} }}", "names no remote"),
        ("{ to: /a }", "no key"),
        (f"{{ to: /a, age: {AGE}, gpg: me }}", "not with both"),
        ("{ to: /a, age: AGE-SECRET-KEY-1QQ }", "holds a secret key"),
        ("{ to: /a, gpg: --output=/etc/passwd }", "names no key"),
        (f"{{ to: /a, age: {AGE}, skip: [postgers] }}", "no store 'postgers'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(shop: Repository, backups: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as failure:
        planned(shop, backups)
    assert failure.value.at is not None
    assert failure.value.at.line == 2
    assert failure.value.remedy


def written(shop: Repository, to: str = "/var/backups/shop", key: str = f"age: {AGE}") -> dict[str, str]:
    shop.write("bayplan.yaml", f"version: 1\nbackups: {{ to: '{to}', {key} }}\n")
    return {path: file.text for path, file in pipeline.plan(shop.root).files.items()}


def test_the_timer_holds_no_path_of_any_machine(shop: Repository) -> None:
    files = written(shop)
    service = files["deploy/systemd/shop-backup@.service"]
    assert "WorkingDirectory=%f\nExecStart=bayplan backup --env production\n" in service
    timer = files["deploy/systemd/shop-backup@.timer"]
    assert "OnCalendar=*-*-* 03:30:00\n" in timer
    assert "Persistent=true\n" in timer
    assert "\n\n[Timer]\n" in timer


def test_systemd_takes_the_timer_and_the_service(shop: Repository, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    units = tmp_path / "units"
    units.mkdir()
    for path, text in written(shop).items():
        if path.startswith("deploy/systemd/"):
            (units / Path(path).name).write_text(text.replace("=bayplan ", "=/bin/true "))
    (notification,) = re.findall(r"```ini\n(.*?)```", written(shop)["docs/backups.md"], re.DOTALL)
    (units / "shop-backup@tmp.service.d").mkdir()
    (units / "shop-backup@tmp.service.d" / "override.conf").write_text(notification)
    names = [units / f"shop-backup@tmp.{kind}" for kind in ("service", "timer")]
    for name in names:
        shutil.copy(units / f"shop-backup@{name.suffix}", name)
    verified = subprocess.run(["systemd-analyze", "verify", *names], capture_output=True, text=True, check=False)
    said = [line for line in verified.stderr.splitlines() if "shop-backup" in line and "docker.service" not in line]
    assert said == []
    calendar = subprocess.run(["systemd-analyze", "calendar", "*-*-* 03:30:00"], capture_output=True, check=False)
    assert calendar.returncode == 0


def test_the_runbook_names_what_this_stack_has(shop: Repository) -> None:
    text = written(shop)["docs/backups.md"]
    assert "`shop.production.postgres.20261120T033000Z.pgdump.gz.age`" in text
    assert "docker exec -i shop-postgres-1 pg_restore --exit-on-error --username app --dbname shop_restored" in text
    assert 'age --decrypt --identity "$key" "$backup" | gunzip |' in text
    assert "### nats\n\nIts streams are one folder" in text
    assert "Copy it to another".lower() in text.lower()


def test_the_runbook_knows_remotes_and_gpg(shop: Repository) -> None:
    text = written(shop, "rclone:s3:a bucket", "gpg: me@example.com")["docs/backups.md"]
    assert "rclone copy 's3:a bucket' \"$folder\"" in text
    assert 'gpg --decrypt "$backup" | gunzip |' in text
    assert "--identity" not in text
    assert "age" not in text.replace("storage", "").split("## Restore without bayplan")[1].split("###")[0]


def test_what_is_not_backed_up_has_its_commands_though_nothing_else_is(shop: Repository) -> None:
    shop.write("bayplan.yaml", f"version: 1\nbackups: {{ to: /a, age: {AGE}, skip: [postgres] }}\n")
    files = pipeline.plan(shop.root).files
    assert not [path for path in files if "systemd" in path]
    text = files["docs/backups.md"].text
    assert text.startswith("# Backups of shop (production)\n\n## What is not in them\n")
    assert "- postgres: skipped in bayplan.yaml." in text
    assert "docker cp shop-nats-1:/data/. - | gzip | age --encrypt" in text
    assert "bayplan backup" not in text


def test_every_store_says_how_it_is_backed_up() -> None:
    for kind in stores.kinds():
        entry = stores.backup(kind)
        assert ("family" in entry) != ("by_hand" in entry), kind
        assert entry.get("family", "") in {"", *FAMILIES}, kind
        assert "dump" in entry or not {"family", "dumping", "loading"} & entry.keys(), kind
        assert ("dumping" in entry) == ("loading" in entry), kind
        assert "..." not in "".join(entry.values()), kind


def test_a_family_without_commands_of_its_own_can_be_read_by_hand(
    shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(by_hand.COMMANDS, "postgres")
    assert '"$backup" | gunzip > postgres.pgdump\n' in written(shop)["docs/backups.md"]


DOCKER = """#!/bin/sh
[ "$1" = exec ] || exit 9
while [ "$1" != sh ]; do shift; done
MONGO_INITDB_ROOT_USERNAME=app MONGO_INITDB_ROOT_PASSWORD='it is secret' exec "$@"
"""
MONGODUMP = """#!/bin/sh
[ "$*" = "--archive --username app --password it is secret --authenticationDatabase admin" ] || exit 8
echo all of it
exit "${BROKEN:-0}"
"""
MONGORESTORE = '#!/bin/sh\ncat > {to}\n[ "$2" = --drop ] && [ "$6" = \'it is secret\' ]\n'


def test_the_commands_for_mongodb_copy_it_and_bring_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public, secret = age_key(tmp_path)
    (tmp_path / "repo").mkdir()
    shop = Repository(tmp_path / "repo").app("api", CODE, mongodb="6.0.0")
    shop.lock()
    to = tmp_path / "it's to"
    text = written(shop, str(to).replace("'", "''"), f"age: {public}")["docs/backups.md"]
    copy, back = re.findall(r"```bash\n(.*?)```", text.split("### mongo")[1], re.DOTALL)
    (tmp_path / "bin").mkdir()
    restored = tmp_path / "restored"
    programs = {"docker": DOCKER, "mongodump": MONGODUMP, "mongorestore": MONGORESTORE.format(to=restored)}
    for name, script in programs.items():
        (tmp_path / "bin" / name).write_text(script)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")

    def bash(script: str, **more: str) -> int:
        environment = {**os.environ, **more}
        return subprocess.run(["bash"], input=script, text=True, cwd=tmp_path, env=environment, check=False).returncode

    assert bash(copy, BROKEN="3") == 3
    assert not to.exists()
    assert bash(copy) == 0
    assert [path.name.split(".")[:3] for path in to.iterdir()] == [["shop", "production", "mongo"]]
    back = back.replace("backup-key.txt", str(secret))
    assert bash(back) == 0
    assert restored.read_text() == "all of it\n"
    restored.unlink()
    (copied,) = to.iterdir()
    copied.write_bytes(copied.read_bytes()[:-5])
    assert bash(back) != 0
    assert not restored.exists(), "it is read before anything is changed"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["backup"], "asks for no backups"),
        (["restore", "x", "--yes"], "asks for no backups"),
        (["restore", "x"], "nobody can be asked"),
        (["backup", "--env", "nowhere"], "no environment 'nowhere'"),
    ],
)
def test_commands_say_what_is_missing(
    shop: Repository, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(shop.root), *words]) == 2
    assert message in capsys.readouterr().err


def test_commands_say_which_store_and_which_backup_there_is_not(
    shop: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    written(shop, str(shop.root / "to"))
    assert main(["-C", str(shop.root), "backup", "postgers"]) == 2
    assert "did you mean `postgres`?" in capsys.readouterr().err
    assert main(["-C", str(shop.root), "backup", "--list"]) == 0
    assert "there are none" in capsys.readouterr().out
    assert main(["-C", str(shop.root), "backup", "--verify"]) == 2
    assert "there is no backup of postgres" in capsys.readouterr().err
    assert not (shop.root / "to").exists()


def test_a_backup_of_elsewhere_is_refused(shop: Repository) -> None:
    there = Stores(planned(shop, f"{{ to: /a, age: {AGE} }}"), shop.root, None)
    name = there.stack.name

    def manifest(stack: str = name, environment: str = "production", store: str = "postgres") -> Manifest:
        return Manifest(stack, environment, store, "postgres", "postgres:15", "2026-11-20", "15.3", Contents())

    there.refuse_elsewhere(manifest(), "postgres")
    for other in (manifest(stack="other"), manifest(environment="staging"), manifest(store="more")):
        with pytest.raises(
            UsageError, match=rf"the backup is of .*, and this is postgres of {name} \(production\)"
        ) as no:
            there.refuse_elsewhere(other, "postgres")
        assert "nothing was changed; `--from-elsewhere`" in str(no.value.remedy)
