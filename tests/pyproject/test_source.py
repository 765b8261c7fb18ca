"""Reading: what is wrong is said with its place."""

from __future__ import annotations

import pytest

from dyncachekeys.errors import ConfigurationError, EditError
from dyncachekeys.pyproject.insert import put
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import parse, user_entries

NOT_UTF_8 = "not valid UTF-8: byte 0xff\n  TOML must be UTF-8: save the file in that encoding"


def test_parse_reads_values_behind_a_byte_order_mark() -> None:
    assert parse(b"\xef\xbb\xbfa = 1\r\n[b]\r\nc = 'd'\r\n") == {"a": 1, "b": {"c": "d"}}


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (
            b"a = 1\nb = 'x\n",
            "invalid-toml",
            'x/pyproject.toml:3:1: not valid TOML: Expected "\'"\n  fix the syntax there, or just before',
        ),
        (
            b"\xef\xbb\xbfa = = 1",
            "invalid-toml",
            "x/pyproject.toml:1:5: not valid TOML: Invalid value\n  fix the syntax there, or just before",
        ),
        (
            b"a = '\xc3\xbc'\nb = '\xc3\xbc\xff'\n",
            "not-utf-8",
            f"x/pyproject.toml:2:7: {NOT_UTF_8}",
        ),
        (b"\xef\xbb\xbf\xff", "not-utf-8", f"x/pyproject.toml:1:1: {NOT_UTF_8}"),
        (
            "a = 1".encode("utf-16"),
            "not-utf-8",
            f"x/pyproject.toml:1:1: {NOT_UTF_8}",
        ),
    ],
)
def test_what_cant_be_read(data: bytes, code: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse(data, "x/pyproject.toml")
    assert str(raised.value) == message
    assert [problem.code for problem in raised.value.problems] == [code]
    with pytest.raises(ConfigurationError):
        cut(data)


@pytest.mark.parametrize("value", [b"9" * 5000, b"[" * 5000])
def test_what_is_beyond_the_parser(value: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"^pyproject\.toml: not valid TOML: .+"):
        parse(b"a = " + value)


def test_user_entries() -> None:
    assert user_entries(b"[tool.uv]\ncache-keys = ['a', { env = 'B' }]") == ["a", {"env": "B"}]
    assert user_entries(b"[tool.uv]\n") == user_entries(b"") == []


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_newlines_are_those_of_the_neighbour(bom: bytes, end: bytes) -> None:
    data = bom + b"[tool.uv]\ncache-keys = [\n  'a',\n]\n".replace(b"\n", end)
    edited = put(data, [{"file": "b"}])
    assert edited.replace(end, b"").count(b"\n") == 0
    assert edited.count(end) == data.count(end) + 3
    assert cut(edited).data != edited
    assert cut(data).data == data
    first = b"tool.uv.cache-keys = []\r\na = 1\n"
    assert put(first, [{"file": "b"}]).count(b"\r\n") == 5
    mixed = b"a = 1\r\n[tool.uv]\nb = 1\r\n"
    assert put(mixed, [{"file": "b"}]).replace(b"\r\n", b"").count(b"\n") == 6


def test_nothing_to_write_is_no_region() -> None:
    data = b"[tool.uv]\ncache-keys = ['a']\n"
    assert put(data, []) == put(data, [{"file": "a"}]) == data


def test_a_name_that_is_not_unicode() -> None:
    with pytest.raises(EditError) as raised:
        put(b"", [{"file": "a\udcff"}])
    assert str(raised.value) == (
        "tool.uv.cache-keys: 'a\\udcff' is not Unicode text\n"
        "  rename the file, or exclude it: TOML has no way to write this name"
    )


def test_other_types_are_a_bug_of_the_caller() -> None:
    with pytest.raises(TypeError, match="can't hold 1"):
        put(b"", [{"file": 1}])


def test_a_second_region_is_not_put_beside_the_first() -> None:
    """The proof of ``put``: what it made must come off again and leave what it was given."""
    once = put(b"[tool.uv]\ncache-keys = [\n]\n", [{"file": "a"}])
    with pytest.raises(EditError, match="edit would change more than our entries"):
        put(once, [{"file": "b"}])
