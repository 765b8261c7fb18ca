"""Fixed vectors: if one of these fails, every digest in the world has changed, and `ALGORITHM` must with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyncachekeys.encoding import canonical, sealed, value_digest
from dyncachekeys.quick.digest import digest_of, file_state

OF_EACH_KIND = [
    ("directory", "src", "exists"),
    ("env", "CC", "unset"),
    ("file", "src/a.c", "file x 00"),
    ("git", "commit", "0"),
    ("value", "v", "1"),
]
TRIPLES = [("file", "src/a.c", "file - 00"), ("env", "CC", "unset"), ("file", "b\udcff.c", "missing")]


@pytest.mark.parametrize(
    ("triples", "expected"),
    [
        ([], "sha256-65477885b0e759334809c4eeffa21603af51012e45f221671258d91e0e2e957f"),
        (TRIPLES, "sha256-b5a3fa4f935b768bfe815bdebaaf9dfcaee3509fdbb0adb92c9d9b3b90cd7313"),
        (OF_EACH_KIND, "sha256-539c1ec82dfc403e5e9275a96fc60e26c31abbec68ec2b19958ffc14e5b1004a"),
    ],
)
def test_digest_vectors(triples: Iterable[tuple[str, str, str]], expected: str) -> None:
    assert digest_of(triples) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "f14e1cc80f11d379"),
        (True, "78ab9b7f2fdff22f"),
        (1, "830117280eda66c3"),
        (1.5, "0f262ac806a40bc7"),
        ("text", "a3b1d5aaa0af19fb"),
        (b"bytes", "251a0f0666a23513"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc), "8aac442fd18ea37f"),
        (dt.date(2026, 1, 2), "0bdee6cbbcf6cf89"),
        ([1, "a"], "89d0cc33de95709c"),
        ({"b": 1, "a": [None]}, "05095d70014cbdc3"),
    ],
)
def test_value_vectors(data: object, expected: str) -> None:
    assert value_digest(data)[:16] == expected


def test_state_of_a_file() -> None:
    assert file_state("00", executable=True) == "file x 00"
    assert file_state("00", executable=False) == "file - 00"


def test_order_and_repetition_do_not_count() -> None:
    assert digest_of([*reversed(TRIPLES), *TRIPLES]) == digest_of(TRIPLES)


def test_fields_are_framed() -> None:
    assert digest_of([("file", "ab", "c")]) != digest_of([("file", "a", "bc")])
    assert digest_of([("a", "b", "c"), ("d", "e", "f")]) != digest_of([("a", "b", "c" + "d"), ("", "e", "f")])


def test_types_that_python_takes_for_equal_differ() -> None:
    assert len({canonical(value) for value in (1, 1.0, True, "1", [1], {"1": 1}, None)}) == 7


def test_order_of_a_table_does_not_count_and_that_of_a_list_does() -> None:
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})
    assert canonical([1, 2]) != canonical([2, 1])


def test_what_is_no_plain_data_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="set is not plain data"):
        canonical({1, 2})
    with pytest.raises(TypeError, match="keys must be text"):
        canonical({1: 2})


def test_a_seal_needs_its_salt() -> None:
    assert sealed(b"one", digest_of(TRIPLES)) == sealed(b"one", digest_of(TRIPLES))
    assert sealed(b"one", digest_of(TRIPLES)) != sealed(b"two", digest_of(TRIPLES))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN, PLAIN)
def test_different_values_have_different_encodings(one: object, other: object) -> None:
    assert (repr(_sorted(one)) == repr(_sorted(other))) == (canonical(one) == canonical(other))


def _sorted(data: object) -> object:
    if isinstance(data, dict):
        return {key: _sorted(data[key]) for key in sorted(data)}
    return [_sorted(one) for one in data] if isinstance(data, list) else data
