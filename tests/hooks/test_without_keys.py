"""`--hook` where there is nothing for us: git calls its hooks on branches and in folders that know nothing of us, too."""

from __future__ import annotations

import json

import pytest

from kit import PYPROJECT, DemoMaker

PLACES = {
    "no project": {},
    "no table": {"pyproject.toml": PYPROJECT},
    "a table without keys": {"pyproject.toml": f"{PYPROJECT}[tool.dyncachekeys]\nwatch = 'digest'\n"},
    "a workspace": {
        "pyproject.toml": f"{PYPROJECT}[tool.uv.workspace]\nmembers = ['one']\n",
        "one/pyproject.toml": PYPROJECT.replace("demo", "one"),
    },
}
REPORTED = {
    "a region without keys": (
        f"{PYPROJECT}[tool.uv]\ncache-keys = [\n    # >>> dyncachekeys\n    {{ file = 'x' }},\n    # <<< dyncachekeys\n]\n",
        1,
        "there is a generated region, but no key",
    ),
    "not TOML": ("[project\n", 2, "pyproject.toml:1:"),
    "a typing error": (f"{PYPROJECT}[tool.dyncachekeys.key.x]\nresolver = 'env'\n", 2, "did you mean"),
}
COMMANDS = ["sync", "check"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", PLACES)
def test_silent_where_no_project_has_keys(demo_maker: DemoMaker, place: str, command: str) -> None:
    demo = demo_maker()
    (demo.root / "pyproject.toml").unlink()
    demo.write(PLACES[place])
    done = demo.cli(command, "--hook")
    assert (done.stdout, done.stderr) == ("", "")
    assert json.loads(demo.cli(command, "--hook", "--format", "json").stdout) == {"version": 1, "projects": []}
    assert demo.cli(command, check=False).returncode == 2  # whoever asks for it without need is told
    assert not (demo.root / ".dyncachekeys").exists()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", REPORTED)
def test_what_has_to_be_fixed_is_still_reported(demo_maker: DemoMaker, case: str, command: str) -> None:
    text, code, message = REPORTED[case]
    demo = demo_maker()
    demo.write({"pyproject.toml": text})
    done = demo.cli(command, "--hook", check=False)
    assert done.returncode == code
    assert message in done.stderr
