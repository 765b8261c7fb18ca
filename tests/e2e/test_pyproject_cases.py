"""``pyproject.toml`` itself: cases 12 to 15, and giving it back as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import tomli

from kit import BACKEND_KEY, PYPROJECT, Demo, DemoMaker, every_second, make_wheel

EXACT = '\n[tool.dyncachekeys]\nwatch = "digest"\n' + BACKEND_KEY
BY_TABLE = """
[tool.dyncachekeys]
defaults = false

[tool.dyncachekeys.keys.metadata]
resolver = "table"
tables = ["project", "build-system"]
"""
REQUIREMENT = '\n[tool.uv]\nfind-links = ["../beside/wheels"]\n'
ALL = pytest.mark.parametrize("config", [BACKEND_KEY, EXACT, BY_TABLE], ids=["auto", "exact", "table"])
BY_VALUE = pytest.mark.parametrize("config", [EXACT, BY_TABLE], ids=["exact", "table"])


def _cache_keys(demo: Demo) -> list[Mapping[str, str] | str]:
    data = tomli.loads((demo.root / "pyproject.toml").read_bytes().decode("utf-8-sig"))
    entries: list[Mapping[str, str] | str] = data["tool"]["uv"]["cache-keys"]
    return entries


def _edit_the_users_file(demo: Demo) -> None:
    demo.append("requirements.in", "more\n")


def _edit_the_pyproject(demo: Demo) -> None:
    demo.edit("pyproject.toml", 'version = "0.1"', 'version = "0.1"\ndescription = "New"')


def _edit_setup_cfg(demo: Demo) -> None:
    demo.append("setup.cfg", "\n[metadata]\n")


def _make_src(demo: Demo) -> None:
    (demo.root / "src").mkdir()


def _make_setup_py(demo: Demo) -> None:
    demo.write({"setup.py": ""})


USER_KEYS = '\n[tool.uv]\ncache-keys = [{ file = "requirements.in" }]\n'


@pytest.mark.parametrize(
    "edit", [_edit_the_users_file, _edit_the_pyproject, _edit_setup_cfg, _make_src, _make_setup_py]
)
def test_the_users_own_keys_do_not_cost_the_defaults(demo_maker: DemoMaker, edit: Callable[[Demo], None]) -> None:
    """Case 12: uv takes a list for the whole list (U10)."""
    demo = demo_maker(USER_KEYS + BACKEND_KEY, {"requirements.in": "one\n", "setup.cfg": ""})
    demo.settled()
    entries = _cache_keys(demo)
    defaults: list[Mapping[str, str] | str] = [
        {"file": "pyproject.toml"},
        {"file": "setup.py"},
        {"file": "setup.cfg"},
        {"dir": "src"},
    ]
    assert all(entries.count(one) == 1 for one in [*defaults, {"file": "requirements.in"}])
    edit(demo)
    assert demo.uv_sync() == 1
    assert demo.uv_sync() == 0


@pytest.mark.parametrize("edit", [_edit_the_pyproject, _edit_setup_cfg, _make_src, _make_setup_py])
def test_the_exact_profile_keeps_the_defaults_by_content(demo_maker: DemoMaker, edit: Callable[[Demo], None]) -> None:
    """Case 12."""
    demo = demo_maker(EXACT, {"setup.cfg": ""})
    demo.settled()
    edit(demo)
    assert demo.both() == 1
    assert demo.both() == 0


def test_an_entry_that_the_user_has_is_not_written_twice(demo_maker: DemoMaker) -> None:
    demo = demo_maker(
        '\n[tool.uv]\ncache-keys = ["pyproject.toml", { file = "build_backend/core.py" }]\n' + BACKEND_KEY
    )
    demo.settled()
    names = [entry if isinstance(entry, str) else entry.get("file") for entry in _cache_keys(demo)]
    assert names.count("pyproject.toml") == 1
    assert names.count("build_backend/core.py") == 1
    demo.append("build_backend/core.py", "\nEDITED = True\n")
    assert demo.uv_sync() == 1


def test_an_entry_that_uv_cannot_read_is_told(demo_maker: DemoMaker) -> None:
    """U11: it drops the whole list for it, ours included."""
    demo = demo_maker('\n[tool.uv]\ncache-keys = ["pyproject.toml", { file = "a", env = "B" }]\n' + BACKEND_KEY)
    (warning,) = demo.sync().warnings
    assert (warning.code, warning.where) == ("entry-unreadable", "pyproject.toml: tool.uv.cache-keys[1]")
    assert warning.message.startswith("an entry has one field, not `file`, `env`: uv drops the whole list for it")
    demo.edit("pyproject.toml", '{ file = "a", env = "B" }', '{ env = "B" }')
    assert demo.sync().warnings == ()


def test_a_table_that_the_build_does_not_read(demo_maker: DemoMaker) -> None:
    """Case 13."""
    demo = demo_maker(BY_TABLE + "\n[tool.ruff]\nline-length = 80\n")
    demo.settled()
    demo.edit("pyproject.toml", "line-length = 80", "line-length = 120")
    assert demo.both() == 0
    demo.append("pyproject.toml", '\n[tool.mypy]\nfiles = ["src"]\n')
    assert demo.both() == 0


@ALL
def test_a_script_is_added(demo_maker: DemoMaker, config: str) -> None:
    """Case 14."""
    demo = demo_maker(config)
    demo.settled()
    demo.append("pyproject.toml", '\n[project.scripts]\nhello = "demo:hello"\n')
    assert demo.both() == 1
    assert demo.both() == 0
    demo.append("pyproject.toml", 'goodbye = "demo:goodbye"\n')
    assert demo.both() == 1
    assert demo.both() == 0


@ALL
def test_the_build_requirements_change(demo_maker: DemoMaker, config: str) -> None:
    """Case 14."""
    demo = demo_maker(REQUIREMENT + config)
    make_wheel(demo.beside / "wheels", "demo_requirement")
    demo.settled()
    demo.edit("pyproject.toml", "requires = []", 'requires = ["demo_requirement"]')
    assert demo.both() == 1
    assert demo.both() == 0


def _comment(text: str) -> str:
    return "# first of all\n" + text.replace('version = "0.1"', 'version = "0.1"  # only the first')


def _spaces(text: str) -> str:
    return text.replace('version = "0.1"', "version   =    '0.1'").replace("[project]", "\n\n[ project ]", 1)


def _order_of_keys(text: str) -> str:
    return text.replace('name = "demo"\nversion = "0.1"', 'version = "0.1"\nname = "demo"')


def _order_of_tables(text: str) -> str:
    project, build = PYPROJECT.split("\n\n")
    return f"{build.rstrip()}\n\n{project}\n{text.removeprefix(PYPROJECT)}"


def _dotted(text: str) -> str:
    return (
        text.replace("[project]\n", "", 1)
        .replace('name = "demo"\nversion', 'project.name = "demo"\nproject.version')
        .replace("requires-python", "project.requires-python", 1)
    )


def _newlines(text: str) -> str:
    return text.replace("\n", "\r\n")


REFORMATS = pytest.mark.parametrize(
    "reformat", [_comment, _spaces, _order_of_keys, _order_of_tables, _dotted, _newlines]
)


@BY_VALUE
@REFORMATS
def test_the_same_values_in_another_layout(demo_maker: DemoMaker, config: str, reformat: Callable[[str], str]) -> None:
    """Case 15."""
    demo = demo_maker(config)
    demo.settled()
    path = demo.root / "pyproject.toml"
    text = path.read_bytes().decode()
    changed = reformat(text)
    assert changed != text
    assert tomli.loads(changed) == tomli.loads(text)
    path.write_bytes(changed.encode())
    assert demo.both() == 0
    assert demo.both() == 0


ORIGINALS = {
    "no-tool-uv": PYPROJECT + BACKEND_KEY,
    "with-tool-uv": PYPROJECT + "\n[tool.uv]\nfind-links = []  # none\n" + BACKEND_KEY,
    "tool-uv-last": PYPROJECT + BACKEND_KEY + "\n[tool.uv]\nfind-links = []",
    "own-keys": PYPROJECT + USER_KEYS + BACKEND_KEY,
    "own-keys-in-lines": PYPROJECT
    + '\n[tool.uv]\ncache-keys = [\n    { file = "a" },  # a\n    { env = "B" }\n]\n'
    + BACKEND_KEY,
    "empty-own-keys": PYPROJECT + "\n[tool.uv]\ncache-keys = []\n" + BACKEND_KEY,
    "dotted": f"tool.uv.find-links = []\n{PYPROJECT}{BACKEND_KEY}",
    "crlf": (PYPROJECT + USER_KEYS + BACKEND_KEY).replace("\n", "\r\n"),
    "bom": "\ufeff" + PYPROJECT + BACKEND_KEY,
    "no-final-newline": (PYPROJECT + BACKEND_KEY).rstrip("\n"),
    "comments": "# above\n" + PYPROJECT + BACKEND_KEY + "\n# below, and \u00fcber\n\n\n",
}


@pytest.mark.parametrize("at_once", [False, True], ids=["after-builds", "at-once"])
@pytest.mark.parametrize("name", every_second(ORIGINALS))
def test_clean_gives_back_the_original_bytes(demo_maker: DemoMaker, name: str, at_once: bool) -> None:
    demo = demo_maker()
    path, original = demo.root / "pyproject.toml", ORIGINALS[name].encode()
    path.write_bytes(original)
    demo.sync()
    assert path.read_bytes() != original
    if not at_once:
        assert demo.uv_sync() == 1
        demo.write({"build_backend/extra.py": ""})
        demo.append("build_backend/helper.py", "\nfrom build_backend import extra\n")
        assert demo.both() == 1  # the region has changed, too
    demo.cli("clean")
    assert path.read_bytes() == original
    assert not (demo.root / ".dyncachekeys").exists()
    demo.cli("clean")
    assert path.read_bytes() == original


def test_after_clean_everything_can_begin_again(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    demo.settled()
    written = (demo.root / "pyproject.toml").read_bytes()
    demo.cli("clean")
    demo.uv_sync()
    assert demo.uv_sync() == 0
    demo.settled()
    assert (demo.root / "pyproject.toml").read_bytes() == written


@ALL
def test_a_quiet_sync_does_not_write_the_pyproject(demo_maker: DemoMaker, config: str) -> None:
    """U21: where it is a file key, the same bytes written anew are a change."""
    demo = demo_maker(config, {"csrc/one.c": ""})
    demo.settled()
    before = (demo.root / "pyproject.toml").stat()
    assert demo.sync().written == ()
    assert demo.sync(GIT_DIR=".git").written == ()
    after = (demo.root / "pyproject.toml").stat()
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)
