"""The line that makes uv's builds watched: wherever uv's settings stand, and however they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import tomli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyncachekeys.errors import EditError
from dyncachekeys.propose.set_up import with_set_up
from dyncachekeys.uv.build_variables import is_set_up

COMMENT = "# uv's own builds are watched: they show what they depend on.\n"
VALUE = '{ PYTHONPATH = ".dyncachekeys/watch" }'
LINE = f"extra-build-variables = {{ demo = {VALUE} }}\n"
PATH = 'PYTHONPATH = ".dyncachekeys/watch"\n'
REGION = "# >>> dyncachekeys: x\n[tool.uv]\ncache-keys = [\n    { dir = 'x' },\n]\n"
PROJECT = '[project]\nname = "demo"\n'

EDITS: dict[str, tuple[str, str]] = {
    "empty file": ("", f"[tool.uv]\n{COMMENT}{LINE}"),
    "no tool.uv": (PROJECT, f"{PROJECT}\n[tool.uv]\n{COMMENT}{LINE}"),
    "no newline at the end": (PROJECT.rstrip(), f"{PROJECT}\n[tool.uv]\n{COMMENT}{LINE}"),
    "tool.uv": (
        "[tool.uv]\npackage = true  # why\n\n# the linter\n[tool.ruff]\n",
        f"[tool.uv]\npackage = true  # why\n{COMMENT}{LINE}\n# the linter\n[tool.ruff]\n",
    ),
    "a key that is switched off": (
        "[tool.uv]\npackage = true\n# managed = false\n# for now\n\n[tool.ruff]\n",
        f"[tool.uv]\npackage = true\n# managed = false\n# for now\n{COMMENT}{LINE}\n[tool.ruff]\n",
    ),
    "a key that is switched off, at the end": (
        "[tool.uv]\npackage = true\n# managed = false\n",
        f"[tool.uv]\npackage = true\n# managed = false\n{COMMENT}{LINE}",
    ),
    "a comment above the next table": (
        "[tool.uv]\npackage = true\n# the linter\n[tool.ruff]\n",
        f"[tool.uv]\npackage = true\n{COMMENT}{LINE}# the linter\n[tool.ruff]\n",
    ),
    "tool.uv, empty": ("[tool.uv]\n[tool.ruff]\n", f"[tool.uv]\n{COMMENT}{LINE}[tool.ruff]\n"),
    "a list of several lines": (
        '[tool.uv]\ncache-keys = [\n    "a",  # [\n]\n',
        f'[tool.uv]\ncache-keys = [\n    "a",  # [\n]\n{COMMENT}{LINE}',
    ),
    "only a table below tool.uv": (
        "[tool.uv.sources]\na = { path = 'a' }\n\n[tool.ruff]\n",
        f"[tool.uv.sources]\na = {{ path = 'a' }}\n\n[tool.uv]\n{COMMENT}{LINE}\n[tool.ruff]\n",
    ),
    "an array of tables below tool.uv": (
        "[[tool.uv.index]]\nurl = 'x'\n",
        f"[[tool.uv.index]]\nurl = 'x'\n\n[tool.uv]\n{COMMENT}{LINE}",
    ),
    "a table": (
        '[tool.uv.extra-build-variables]\nother = { X = "1" }\n\n[z]\n',
        f'[tool.uv.extra-build-variables]\nother = {{ X = "1" }}\ndemo = {VALUE}\n\n[z]\n',
    ),
    "a table of another package": (
        '[tool.uv]\n[tool.uv.extra-build-variables.other]\nX = "1"\n',
        '[tool.uv]\n[tool.uv.extra-build-variables.other]\nX = "1"\n\n[tool.uv.extra-build-variables.demo]\n' + PATH,
    ),
    "a table of the package": (
        '[tool.uv.extra-build-variables.Demo]\nX = "1"\n',
        '[tool.uv.extra-build-variables.Demo]\nX = "1"\nPYTHONPATH = ".dyncachekeys/watch"\n',
    ),
    "an inline table with another package": (
        '[tool.uv]\nextra-build-variables = { other = { X = "1" } }  # why\n',
        f'[tool.uv]\nextra-build-variables = {{ other = {{ X = "1" }}, demo = {VALUE} }}  # why\n',
    ),
    "an empty inline table": (
        "[tool.uv]\nextra-build-variables = {}\n",
        f"[tool.uv]\nextra-build-variables = {{ demo = {VALUE} }}\n",
    ),
    "a blank inline table": (
        "[tool.uv]\nextra-build-variables = { demo = {  } }\n",
        f"[tool.uv]\nextra-build-variables = {{ demo = {VALUE} }}\n",
    ),
    "other variables of the package": (
        '[tool.uv]\nextra-build-variables = { "demo" = { X = "1" } }\n',
        '[tool.uv]\nextra-build-variables = { "demo" = { X = "1", PYTHONPATH = ".dyncachekeys/watch" } }\n',
    ),
    "dotted in an inline table": (
        '[tool.uv]\nextra-build-variables = { demo.X = "1" }\n',
        '[tool.uv]\nextra-build-variables = { demo.X = "1", demo.PYTHONPATH = ".dyncachekeys/watch" }\n',
    ),
    "PYTHONPATH": (
        "[tool.uv]\nextra-build-variables = { DEMO = { PYTHONPATH = 'their/path', X = \"1\" } }\n",
        '[tool.uv]\nextra-build-variables = { DEMO = { PYTHONPATH = "their/path:.dyncachekeys/watch", X = "1" } }\n',
    ),
    "PYTHONPATH, dotted": (
        "[tool.uv]\nextra-build-variables.demo.PYTHONPATH = ''  # none\n",
        '[tool.uv]\nextra-build-variables.demo.PYTHONPATH = ".dyncachekeys/watch"  # none\n',
    ),
    "dotted, of the package": (
        '[tool.uv]\nextra-build-variables.demo.X = "1"\npackage = true\n',
        f'[tool.uv]\nextra-build-variables.demo.X = "1"\nextra-build-variables.demo.{PATH}package = true\n',
    ),
    "dotted, of another package": (
        '[tool.uv]\nextra-build-variables.other.X = "1"\n',
        f'[tool.uv]\nextra-build-variables.other.X = "1"\nextra-build-variables.demo = {VALUE}\n',
    ),
    "dotted from the top": (
        "tool.uv.package = true\n[project]\n",
        f"tool.uv.package = true\ntool.uv.{LINE}[project]\n",
    ),
    "dotted in tool": ("[tool]\nuv.package = true\n", f"[tool]\nuv.package = true\nuv.{LINE}"),
    "inline from the top": (
        "tool = { uv = { package = true } }\n",
        f"tool = {{ uv = {{ package = true, {LINE[:-1]} }} }}\n",
    ),
    "there already": (f"[tool.uv]\n{LINE}", f"[tool.uv]\n{LINE}"),
    "there already, behind another": (
        '[tool.uv]\nextra-build-variables.Demo.PYTHONPATH = "x:./.dyncachekeys/watch/"\n',
        '[tool.uv]\nextra-build-variables.Demo.PYTHONPATH = "x:./.dyncachekeys/watch/"\n',
    ),
    "behind our markers, as they once stood": (
        f"{REGION}# <<< dyncachekeys\n",
        f"{REGION}# <<< dyncachekeys\n{COMMENT}{LINE}",
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_the_line_is_added_where_the_settings_are(case: str) -> None:
    before, after = EDITS[case]
    assert with_set_up(before.encode(), ["demo"]).decode() == after
    assert with_set_up(after.encode(), ["demo"]).decode() == after


@pytest.mark.parametrize("case", EDITS)
def test_newlines_and_byte_order_mark_stay(case: str) -> None:
    before, after = (b"\xef\xbb\xbf" + text.encode().replace(b"\n", b"\r\n") for text in EDITS[case])
    if b"\n" in before:
        assert with_set_up(before, ["demo"]) == after


def test_several_packages_get_a_table() -> None:
    text = '[project]\n\n[tool.uv]\npackage = false\n\n[tool.uv.workspace]\nmembers = ["a"]\n'
    after = with_set_up(text.encode(), ["a", "B.c"]).decode()
    table = f"\n[tool.uv.extra-build-variables]\n{COMMENT}a = {VALUE}\nb-c = {VALUE}\n"
    assert after == text + table
    assert with_set_up(b"tool.uv.package = true\n", ["a", "b"]).decode() == (
        f"tool.uv.package = true\ntool.uv.extra-build-variables = {{ a = {VALUE}, b = {VALUE} }}\n"
    )


def test_uv_toml() -> None:
    text = "offline = true\n\n[pip]\nstrict = true\n"
    after = with_set_up(text.encode(), ["a"], (), "uv.toml").decode()
    assert after == f"{text}\n[extra-build-variables]\n{COMMENT}a = {VALUE}\n"
    more = with_set_up(after.encode(), ["a", "b"], (), "uv.toml").decode()
    assert more == f"{after}b = {VALUE}\n"
    inline = b'extra-build-variables = { x = { Y = "1" } }\n[pip]\n'
    assert tomli.loads(with_set_up(inline, ["a"], (), "uv.toml").decode())["extra-build-variables"].keys() == {"x", "a"}


@pytest.mark.parametrize(
    "text",
    [
        "[tool]\nuv = 1\n",
        "[tool.uv]\nextra-build-variables = []\n",
        "[[tool.uv.extra-build-variables]]\n",
        '[tool.uv.extra-build-variables]\ndemo = "x"\n',
    ],
)
def test_what_is_no_table_is_left(text: str) -> None:
    with pytest.raises(EditError) as refused:
        with_set_up(text.encode(), ["demo"])
    (problem,) = refused.value.problems
    assert problem.where == "pyproject.toml: tool.uv.extra-build-variables"
    assert problem.remedy == f"add by hand: `{LINE[:-1]}`"


def _inline(table: dict[str, Any]) -> str:
    return f"{{ {', '.join(f'{name} = {_value(value)}' for name, value in table.items())} }}"


def _value(value: Any) -> str:
    return _inline(value) if isinstance(value, dict) else json.dumps(value)


def _dotted(table: dict[str, Any], before: str = "") -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _dotted(value, f"{before}{name}.")
        else:
            yield f"{before}{name} = {_value(value)}"


@st.composite
def _written(draw: st.DrawFn, table: dict[str, Any], path: str = "") -> tuple[list[str], list[str]]:
    """Return a table as lines that stand under its header, and lines with headers of their own, in any of TOML's forms."""
    under: list[str] = []
    apart: list[str] = []
    for name, value in table.items():
        form = draw(st.sampled_from(["inline", "dotted", "header"])) if isinstance(value, dict) else "inline"
        if form == "inline":
            under.append(f"{name} = {_value(value)}{draw(st.sampled_from(['', '  # why']))}")
        elif form == "dotted":
            under += _dotted({name: value})
        else:
            own, others = draw(_written(value, f"{path}{name}."))
            head = [f"[{path}{name}]"] if own or not others or draw(st.booleans()) else []
            apart += [*draw(st.sampled_from([[], ["", "# more"]])), *head, *own, *others]
    return under, apart


_VARIABLES = st.dictionaries(
    st.sampled_from(["X", "Y", "PYTHONPATH"]), st.sampled_from(["", "a", "a#b", ".dyncachekeys/watch"])
)
_SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "package": st.booleans(),
        "cache-keys": st.lists(st.sampled_from(["a", "b]#"])),
        "sources": st.just({"x": {"path": "x"}}),
        "extra-build-variables": st.dictionaries(st.sampled_from(["demo", "Other"]), _VARIABLES),
    },
)


@given(st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_form_the_line_is_added_or_refused(data: st.DataObject) -> None:
    of_uv = data.draw(_SETTINGS)
    others: dict[str, Any] = data.draw(st.sampled_from([{}, {"ruff": {"x": 1}}]))
    document = {"tool": {**others, "uv": of_uv}, "z": {}}
    under, apart = data.draw(_written(document))
    text = "\n".join([*under, *apart])
    before = tomli.loads(text)
    names = data.draw(st.lists(st.sampled_from(["demo", "other", "third"]), unique=True))
    after = tomli.loads(with_set_up(text.encode(), names).decode())
    of_uv = after["tool"].get("uv", {})
    assert all(is_set_up(of_uv, name) for name in names)
    added = of_uv.get("extra-build-variables", {})
    for name, variables in before["tool"].get("uv", {}).get("extra-build-variables", {}).items():
        assert added[name].items() >= {key: value for key, value in variables.items() if key != "PYTHONPATH"}.items()
        assert added[name].get("PYTHONPATH", "").startswith(variables.get("PYTHONPATH", ""))
