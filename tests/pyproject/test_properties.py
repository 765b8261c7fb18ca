"""Properties that hold for every document, shown on random ones."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given
from hypothesis import strategies as st

from dyncachekeys.pyproject.insert import put
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import as_entry, parse, user_entries

if TYPE_CHECKING:
    from collections.abc import Sequence

ELEMENTS = [
    '{ file = "a" }',
    '"b"',
    "{file='c'}",
    "{ git = { commit = true, tags = true } }",
    "'# >>> dyncachekeys'",
    '{ file = """[{,#\\"""" }',
]
OTHERS = [
    "",
    "# cache-keys = [",
    "  # >>> not ours, [tool.uv]",
    'x{} = "# <<< dyncachekeys"  # ]',
    "x{} = '''\n# >>> dyncachekeys\n[tool.uv]\ncache-keys = [\n# <<< dyncachekeys'''",
    'x{} = """\\\n]\\""""""',
    "x{} = [ # [\n  1, [nan, 'ü'], # ]\n]",
    "x{} = '''''a'''''",
    "\tx{} = 1979-05-27 07:32:00",
    "x{}.y = { a = [{ b = '}' }], 'c d' = 1.0 }",
]
HEADERS = ["[t{}]", "[[t{}]] # it's", ' [ t{} . "a.b" ]', "[tool.other{}]", "[tool.uv.s{}]"]


@st.composite
def lists(draw: st.DrawFn) -> str:
    """Return an array of user's entries in some layout."""
    elements = draw(st.lists(st.sampled_from(ELEMENTS), max_size=4))
    blank = st.sampled_from(["", " ", "\n", "\n    ", " # c, ]\n", "\n\n\t# d\n  "])
    text = "[" + "".join(f"{draw(blank)}{element}{draw(blank)}," for element in elements)
    return (text if draw(st.booleans()) else text.removesuffix(",")) + draw(blank) + "]"


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Return a valid document without a region."""
    count = iter(range(1000))

    def some(lines: list[str], size: int) -> list[str]:
        chosen = draw(st.lists(st.sampled_from(lines), max_size=size))
        return [line.replace("{}", str(next(count)), 1) for line in chosen]

    def tables(size: int) -> list[str]:
        return [line for header in some(HEADERS, size) for line in [header, *some(OTHERS, 2)]]

    key = draw(st.sampled_from(["cache-keys", '"cache-keys"', "'cache-keys' ", '"cache\\u002dkeys"']))
    pair = draw(st.one_of(st.just(""), lists().map(lambda text: f"{key} = {text}")))
    own = [*some(OTHERS, 2), pair, *some(OTHERS, 2)]
    form = draw(st.sampled_from(["none", "header", "root", "tool", "inline"]))
    root, middle = some(OTHERS, 3), []
    if form == "header":
        middle = [draw(st.sampled_from(["[tool.uv]", '[ tool . "uv" ] # it'])), *own]
    elif form == "root":
        root += ["tool.uv.package = true", f"tool.'uv' . {pair}" if pair else "", *some(OTHERS, 1)]
    elif form == "tool":
        middle = ["[tool]", *some(OTHERS, 1), "uv.package = true", f"uv.{pair}" if pair else ""]
    elif form == "inline" and pair:
        middle = ["[tool]", *some(OTHERS, 1), f"uv = {{ package = true, {pair} }}"]
    front = [] if form in ("tool", "inline") else tables(2)
    behind = tables(2)
    if form == "inline":
        front, behind = [], [line for line in behind if not line.startswith("[tool.")]
    text = "\n".join([*root, *front, *middle, *behind]) + draw(st.sampled_from(["", "\n", "\n\n", "\n  "]))
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\n", "\r\n"]]))
    lines = text.split("\n")
    text = lines[0] + "".join(draw(st.sampled_from(ends)) + line for line in lines[1:])
    data = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()
    parse(data)
    return data


VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.sampled_from(["a", "c", "# >>> dyncachekeys", "# <<< dyncachekeys\n]"]),
)
ENTRIES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"file": VALUES}),
        st.fixed_dictionaries({"dir": VALUES}),
        st.just({"git": {"commit": True}}),
    ),
    max_size=4,
)
Entries = list[dict[str, Any]]


@given(documents(), ENTRIES)
def test_cut_takes_back_what_put_made(data: bytes, entries: Entries) -> None:
    users = user_entries(data)
    ours = [entry for entry in entries if entry not in map(as_entry, users)]
    edited = put(data, entries)
    assert user_entries(edited) in (users + ours, ours + users)
    assert (cut(edited).data != edited) == bool(ours)
    assert cut(data).data == data
    found = cut(edited, ours)
    assert (found.data, found.entries, found.marked) == (data, ours, bool(ours))
    assert put(found.data, entries) == edited


@given(documents(), ENTRIES)
def test_one_stretch_is_inserted_and_nothing_else(data: bytes, entries: Entries) -> None:
    """But for the layout of the user's own list: a comma behind its last entry, a line for each."""
    edited = put(data, entries)
    if b"(before: one line" in edited or b"(before: no comma" in edited:
        data, edited = (re.sub(rb"[\s,]", b"", one) for one in (data, edited))
    front = _common(data, edited)
    back = _common(data[::-1], edited[::-1])
    assert front + back >= len(data)


@given(documents(), ENTRIES, st.sampled_from(["both", "start", "end"]))
def test_without_markers_what_equals_an_owned_entry_goes(data: bytes, entries: Entries, lost: str) -> None:
    users = user_entries(data)
    edited = put(data, entries)
    assume(edited != data)
    if lost != "end":
        edited = edited.replace(b"# >>> dyncachekeys: generated", b"# generated")
    if lost != "start":
        edited = re.sub(rb"# <<< dyncachekeys(?=\s|\Z)", b"# ends", edited)
    found = cut(edited, entries)
    assert not found.marked
    assert user_entries(found.data) == [element for element in users if as_entry(element) not in entries]
    assert b"# >>> dyncachekeys: generated" not in found.data


@given(documents(), ENTRIES, ENTRIES, st.sampled_from(["merge", "diff3"]))
def test_a_conflict_in_the_region_is_settled(data: bytes, ours: Entries, theirs: Entries, style: str) -> None:
    left, right = (put(data, entries).splitlines(keepends=True) for entries in (ours, theirs))
    front = _common(left, right)
    back = _common(left[front:][::-1], right[front:][::-1])
    mine, other = left[front : len(left) - back], right[front : len(right) - back]
    assume(mine != other and all(line.endswith(b"\n") for line in mine + other))
    middle = [b"||||||| base\n", *mine[1:]] if style == "diff3" else []
    tail = left[len(left) - back :]
    lines = [
        *left[:front],
        b"<<<<<<< HEAD\n",
        *mine,
        *middle,
        b"=======\n",
        *other,
        b">>>>>>> topic\n",
        *tail,
    ]
    found = cut(b"".join(lines))
    assert found.conflict
    assert found.data == data
    assert all(entry in found.entries for entry in cut(b"".join(left)).entries)


def _common(left: Sequence[object], right: Sequence[object]) -> int:
    """Return how many items both begin with."""
    return sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(left, right, strict=False)))
