"""The proof catches an edit that changes anything but the list."""

from __future__ import annotations

import pytest

from dyncachekeys.errors import EditError
from dyncachekeys.pyproject.source import parse, prove

BEFORE = b"a = 1\nb = nan\n[tool.uv]\ncache-keys = ['x']\npackage = true\n"


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(BEFORE, id="list as it was"),
        pytest.param(BEFORE.replace(b"'x'", b"'y', 'z'"), id="other list"),
        pytest.param(b"a = 2\nb = nan\n[tool.uv]\ncache-keys = ['y']\npackage = true\n", id="other value"),
        pytest.param(b"a = 1.0\nb = nan\n[tool.uv]\ncache-keys = ['y']\npackage = true\n", id="other type"),
        pytest.param(b"b = nan\na = 1\n[tool.uv]\ncache-keys = ['y']\npackage = true\n", id="other order"),
        pytest.param(b"a = 1\nb = nan\n[tool.uv]\ncache-keys = ['y']\n", id="lost key"),
        pytest.param(b"a = 1\nb = nan\n[tool.uv]\ncache-keys = 'y'\npackage = true\n", id="no list"),
        pytest.param(b"a = 1\nb = ", id="not TOML"),
    ],
)
def test_not_proved(after: bytes) -> None:
    with pytest.raises(EditError) as raised:
        prove(parse(BEFORE), after, [["y"]])
    assert [problem.code for problem in raised.value.problems] == ["edit-not-proved"]
    assert str(raised.value) == (
        "tool.uv.cache-keys: the edit would change more than our entries, so the file was left as it was\n"
        "  write `cache-keys` as a plain list under `[tool.uv]`, nothing else between our markers"
    )


def test_proved() -> None:
    prove(parse(BEFORE), BEFORE.replace(b"'x'", b"'y'"), [["z"], ["y"]])
    prove(parse(BEFORE), b"a = 1\nb = nan\n[tool.uv]\npackage = true\n", [[]])
    prove({}, b"[tool.uv]\ncache-keys = ['y']\n", [["y"]])
