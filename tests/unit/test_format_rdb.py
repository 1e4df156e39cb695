"""The head of a Redis dump."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.formats.rdb import Head, head

START = b"REDIS0011\xfa\x09redis-ver\x057.2.0\xfa\x0aredis-bits\xc0\x40\xfa\x05ctime\xc2\x01\x02\x03\x04"


@pytest.mark.parametrize(
    ("sizes", "keys"),
    [
        (b"\x03\x01", 3),
        (b"\x41\x00\x01", 256),
        (b"\x80\x00\x01\x00\x00\x01", 65536),
        (b"\x81" + bytes(7) + b"\x05\x01", 5),
    ],
)
def test_it_says_how_many_keys_there_were(sizes: bytes, keys: int) -> None:
    assert head(START + b"\xfe\x00\xfb" + sizes + b"\x00\x01a") == Head(0, keys, 1)


def test_the_first_database_need_not_be_number_0() -> None:
    assert head(START.replace(b"REDIS0011", b"VALKEY080") + b"\xfe\x07\xfb\x01\x00") == Head(7, 1, 0)


def test_an_empty_one_and_a_cut_one_say_nothing() -> None:
    assert head(START + b"\xff" + bytes(8)) is None
    assert all(head((START + b"\xfe\x00\xfb\x03")[:size]) is None for size in range(len(START) + 4))


@given(st.binary(max_size=60))
def test_nonsense_says_nothing_and_never_fails(data: bytes) -> None:
    found = head(b"REDIS0011" + data)
    assert found is None or found.keys >= 0
    assert head(data) is None
