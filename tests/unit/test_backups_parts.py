"""The parts of a backup: its inside, its manifest, its name, and which of them are kept."""

import gzip
import json
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.engines.backups.cipher import Gpg
from bayplan.engines.backups.destination import open_file
from bayplan.engines.backups.envelope import Packer, Unpacker
from bayplan.engines.backups.families import family
from bayplan.engines.backups.family import Inside
from bayplan.engines.backups.manifest import Contents, Manifest, Table, differences, from_json, to_json
from bayplan.engines.backups.names import Series, store_of
from bayplan.engines.backups.postgres import read
from bayplan.errors import BayplanError, BrokenFileError, UsageError
from bayplan.formats import postgres_sql
from bayplan.run import Local
from tests.unit.backing import CONTENTS, SERIES

MANIFEST = Manifest("shop", "production", "postgres", "postgres", "postgres:15", "2026-11-20", "15.3", CONTENTS)
NOW = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)


def packed(*pieces: bytes, manifest: str = '{"a":"\\u00e4"}') -> bytes:
    packer = Packer()
    return b"".join(packer.pack(piece) for piece in pieces) + packer.end(manifest)


@given(st.lists(st.binary(max_size=5000), max_size=5), st.integers(min_value=1, max_value=4000))
def test_what_was_packed_is_unpacked_whatever_pieces_it_comes_in(pieces: list[bytes], size: int) -> None:
    file = packed(*pieces)
    unpacker = Unpacker((file[at : at + size] for at in range(0, len(file), size)), "x")
    assert b"".join(unpacker) == b"".join(pieces)
    assert json.loads(unpacker.manifest) == {"a": "ä"}


def test_the_usual_tools_see_the_dump_and_nothing_else() -> None:
    file = packed(b"dump", manifest="{" + "x" * 100_000 + "}")
    assert gzip.decompress(file) == b"dump"
    assert subprocess.run(["gunzip"], input=file, capture_output=True, check=True).stdout == b"dump"


@given(st.data())
def test_a_file_that_was_cut_off_is_never_taken_for_a_backup(data: st.DataObject) -> None:
    file = packed(b"some dump " * 50)
    cut = data.draw(st.integers(min_value=0, max_value=len(file) - 1))
    with pytest.raises(BrokenFileError, match="is damaged, or no backup"):
        list(Unpacker([file[:cut]], "x"))


@given(st.data())
def test_a_flipped_bit_of_the_dump_is_noticed(data: st.DataObject) -> None:
    dump = b"some dump " * 50
    file = bytearray(packed(dump))
    file[data.draw(st.integers(min_value=10, max_value=len(file) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    unpacker = Unpacker([bytes(file)], "x")
    try:
        unpacked = b"".join(unpacker)
    except BrokenFileError:
        return
    assert unpacked == dump


@given(st.binary(max_size=300))
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenFileError):
        list(Unpacker([data], "x"))


def test_little_is_unpacked_at_a_time_however_much_it_becomes() -> None:
    file = packed(bytes(50_000_000))
    assert len(file) < 100_000
    assert max(len(piece) for piece in Unpacker([file], "x")) <= 1 << 20


def test_a_manifest_is_read_as_it_was_written() -> None:
    text = to_json(MANIFEST)
    assert from_json(text, "x") == MANIFEST
    text.encode("ascii")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", '{"format":1}', "[" * 100_000, to_json(MANIFEST).replace('"rows":3', '"rows":"three"'),
     to_json(MANIFEST).replace('"kind":"postgres"', '"kind":7'), '{"format":1,"contents":[]}'],
    ids=range(9),
)  # fmt: skip
def test_a_strange_manifest_is_a_damaged_file(text: str) -> None:
    with pytest.raises(BrokenFileError, match="damaged"):
        from_json(text, "x")


def test_a_manifest_of_a_later_format_says_so() -> None:
    with pytest.raises(BrokenFileError, match="newer bayplan"):
        from_json(to_json(MANIFEST).replace('"format":1', '"format":2'), "x")


def test_equal_contents_have_no_differences() -> None:
    assert list(differences(CONTENTS, CONTENTS)) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Contents(), "public.items is missing (3 rows in the backup)"),
        (Contents({"public.items": Table(2, "abc")}), "public.items has 2 rows instead of 3"),
        (Contents({"public.items": Table(3, "xyz")}), "public.items has 3 rows, as it should, but not the same ones"),
        (Contents({**CONTENTS.tables, "more": Table(0)}), "more is there and should not be"),
        (Contents(CONTENTS.tables), "the sequence public.items_id_seq is missing, or was never used"),
        (
            Contents(CONTENTS.tables, {"public.items_id_seq": 2}),
            "the sequence public.items_id_seq stands at 2 instead of 3",
        ),
        (Contents(CONTENTS.tables, CONTENTS.sequences), "the extension vector is missing"),
    ],
)
def test_every_difference_is_said(found: Contents, words: str) -> None:
    assert words in list(differences(CONTENTS, found))


def test_a_sequence_may_be_ahead_for_it_counts_outside_transactions() -> None:
    ahead = Contents(CONTENTS.tables, {"public.items_id_seq": 900}, CONTENTS.extensions)
    assert list(differences(CONTENTS, ahead)) == []


def test_a_name_says_what_it_is_and_when_in_utc() -> None:
    name = SERIES.name(NOW, "age")
    assert name == "shop.production.postgres.20261120T033000Z.pgdump.gz.age"
    assert SERIES.moment(name) == NOW
    assert store_of(name) == "postgres"


@pytest.mark.parametrize(
    "name",
    [
        "shop.production.postgres.20261120T033000Z.pgdump.gz.age.part",
        "shop.production.postgres2.20261120T033000Z.pgdump.gz.age",
        "shop.staging.postgres.20261120T033000Z.pgdump.gz.age",
        "shop2.production.postgres.20261120T033000Z.pgdump.gz.age",
        "shop.production.postgres.20261320T033000Z.pgdump.gz.age",
        "shop.production.postgres.\u0662\u0660261120T033000Z.pgdump.gz.age",
        "shop.production.postgres.20261120T033000Z.rdb.gz.age",
        "shop.production.postgres.20261120T033000Z.pgdump.gz.zip",
        "shop.production.postgres.20261120T033000Z.pgdumpxgz.age",
        " shop.production.postgres.20261120T033000Z.pgdump.gz.age",
        "20261120T033000Z.pgdump.gz.age",
        "notes.txt",
    ],
)
def test_other_files_are_never_taken_for_backups_of_this_store(name: str) -> None:
    assert SERIES.among([name]) == ()
    assert SERIES.expired([name, SERIES.name(NOW, "age")], NOW + timedelta(days=9999), 1) == ()


def test_no_two_series_share_a_name_though_their_names_run_together() -> None:
    one, two = Series("shop", "a", "b-c", "rdb"), Series("shop", "a-b", "c", "rdb")
    assert one.among([two.name(NOW, "age")]) == ()
    assert Series("shop.a", "b", "c", "rdb").name(NOW, "age").startswith("shop-a.b.c.")


def test_those_older_than_the_limit_go_and_the_newest_never() -> None:
    names = [SERIES.name(NOW - timedelta(days=days), "age") for days in range(40)]
    expired = SERIES.expired(names, NOW, 14)
    assert len(expired) == 25
    assert set(SERIES.among(names)) - set(expired) == set(names[:15])
    assert SERIES.expired(names[39:], NOW, 1) == ()


def test_a_change_of_the_cipher_does_not_keep_the_old_ones_for_ever() -> None:
    old, new = SERIES.name(NOW - timedelta(days=30), "gpg"), SERIES.name(NOW, "age")
    assert SERIES.expired([old, new], NOW, 14) == (old,)


def test_unfinished_ones_of_this_store_are_known() -> None:
    name = SERIES.name(NOW, "age")
    assert SERIES.unfinished([f"{name}.part", name, "x.part", f"{name}.part.part"]) == (f"{name}.part",)


def test_postgres_lines_become_contents() -> None:
    lines = [
        "00000003-0000001B-1",
        '{"is": "table", "name": "public.\\"odd\\nname\\"", "rows": "2", "hash": "-12"}',
        '{"is": "sequence", "name": "public.s", "value": "7"}',
        '{"is": "extension", "name": "vector"}',
        '{"is": "fact", "name": "others", "value": "[\\"second\\"]"}',
    ]
    found = read("\n".join(lines))
    assert found.tables == {'public."odd\nname"': Table(2, "-12")}
    assert (found.sequences, found.extensions) == ({"public.s": 7}, ("vector",))
    assert found.warnings == ("other databases of this server are not in the backup: second",)


def test_names_in_sql_are_quoted() -> None:
    facts = {"owner": 'o"w', "encoding": "UTF8", "collate": "C'", "ctype": "C", "roles": '["a\'b"]'}
    facts["settings"] = '["search_path=\\"$user\\", public", "work_mem=1\'MB"]'
    text = postgres_sql.create('x"y', facts)
    assert "(VALUES ('a''b'))" in text
    assert (
        """CREATE DATABASE "x""y" TEMPLATE template0 OWNER "o""w" ENCODING 'UTF8' LC_COLLATE 'C''' LC_CTYPE 'C';"""
        in text
    )
    assert 'SET "search_path" TO "$user", public;' in text
    assert """SET "work_mem" TO '1''MB';""" in text


def test_a_locale_of_another_provider_is_kept() -> None:
    facts = {"owner": "o", "encoding": "UTF8", "collate": "C", "ctype": "C", "roles": "[]", "settings": "[]"}
    assert "LOCALE_PROVIDER icu ICU_LOCALE 'de-AT'" in postgres_sql.create(
        "x", {**facts, "provider": "i", "locale": "de-AT"}
    )
    assert "LOCALE_PROVIDER" not in postgres_sql.create("x", {**facts, "provider": "c"})


def test_the_error_is_one_that_is_shown_without_a_traceback() -> None:
    assert issubclass(BrokenFileError, BayplanError)


DATABASE = {"owner": "a", "encoding": "UTF8", "collate": "C", "ctype": "C", "roles": "[]", "settings": "[]"}


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {**DATABASE, "size": "huge"},
        {**DATABASE, "size": "9" * 5000},
        {**DATABASE, "roles": "none"},
        {**DATABASE, "settings": "[1]"},
        {**DATABASE, "settings": "{}"},
        {"charset": "utf8mb4; DROP DATABASE shop", "collation": "x"},
    ],
)
@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_a_manifest_that_describes_no_database_is_refused_before_the_server_is_asked(
    kind: str, facts: dict[str, str]
) -> None:
    inside = Inside("there-is-no-such-container", Local())
    with pytest.raises(BrokenFileError, match="does not describe a database"):
        family(kind).load(inside, Contents(facts=facts), (), "new")


@pytest.mark.parametrize("kind", ["nats", "nonsense", "../postgres", "", "x" * 5000])
def test_a_kind_that_nobody_backs_up_is_refused_whatever_a_manifest_calls_it(kind: str) -> None:
    with pytest.raises(UsageError, match="makes no backups of") as failure:
        family(kind)
    assert "postgres, mysql" in str(failure.value.remedy)


def test_a_setting_is_a_list_only_where_it_looks_like_one() -> None:
    facts = {**DATABASE, "settings": json.dumps(['search_path="$user", public', "search_path=a; DROP DATABASE shop"])}
    made = postgres_sql.create("new", facts)
    assert 'SET "search_path" TO "$user", public;' in made
    assert "SET \"search_path\" TO 'a; DROP DATABASE shop';" in made


def test_a_manifest_cannot_reach_the_terminal() -> None:
    hostile = to_json(replace(MANIFEST, environment="\x1b[2J"))
    with pytest.raises(BrokenFileError, match="manifest cannot be read"):
        from_json(hostile, "x")


def test_what_is_no_file_is_no_backup(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is not a file"):
        open_file(tmp_path / "pipe")


def test_no_key_is_fetched_for_an_address_that_the_keyring_does_not_know() -> None:
    assert "--no-auto-key-locate" in Gpg("someone@example.com").encrypt().argv
