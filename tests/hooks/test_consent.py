"""A hook runs no code of the tree that nobody has allowed by hand in this checkout."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import Demo, DemoMaker, make_wheel, tree_of

WHERE = "tool.dyncachekeys.keys.own"
KEYS = """
[tool.dyncachekeys.keys.own]
resolver = "tools.own:own"
roots = ["deps/*.txt"]

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/"]
"""
OWN = """\
from dyncachekeys import File, Value

from tools import helper


def own(context, roots):
    for path in context.files(roots):
        yield File(path)
    yield File("listed.txt", entry=True)
    yield Value("secret", helper.DATA)
"""
MARK = "open({!r}, 'a').write('ran ')\n"
FILES = {
    "deps/a.txt": "a\n",
    "listed.txt": "",
    "csrc/a.c": "",
    "tools/__init__.py": "",
    "tools/own.py": OWN,
    "tools/helper.py": "DATA = 'data'\n",
}


@pytest.fixture
def demo(demo_maker: DemoMaker) -> Demo:
    """Return a project, synced by hand; ``beside/ran`` tells how often its function was run."""
    demo = demo_maker(KEYS, FILES)
    demo.edit("tools/own.py", "    for path", f"    {MARK.format(str(demo.beside / 'ran'))}    for path")
    demo.cli("sync")
    assert ran(demo) == 1
    return demo


def ran(demo: Demo) -> int:
    """Return how often the function was run since this was asked the last time."""
    note = demo.beside / "ran"
    number = note.read_text(encoding="utf-8").count("ran") if note.exists() else 0
    note.unlink(missing_ok=True)
    return number


def hook(demo: Demo, command: str = "sync", code: int = 0, **environ: str) -> str:
    done = demo.cli(command, "--hook", check=False, **environ)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def stamp(demo: Demo) -> str:
    return (demo.root / ".dyncachekeys/current").readlink().as_posix()


def assert_held(demo: Demo, why: str) -> None:
    """Demand that no hook runs the function, that each says so, and that what was found before counts on."""
    before, document = stamp(demo), (demo.root / "pyproject.toml").read_bytes()
    for _ in range(2):
        said = hook(demo)
        assert f"{WHERE}: `tools.own:own` was not run, since {why}" in said
        assert "`dyncachekeys allow`" in said
        assert f"demo: whether it is in sync is not known: {WHERE} not run" in said
        assert "is in sync (" not in said
    said = hook(demo, "check", 1)
    assert "not run" in said
    assert "Run `dyncachekeys sync`" in said
    assert (ran(demo), stamp(demo)) == (0, before)
    assert (demo.root / "pyproject.toml").read_bytes() == document


def test_what_was_run_by_hand_a_hook_runs(demo: Demo) -> None:
    assert "demo is in sync" in hook(demo)
    assert ran(demo) == 1
    demo.append("deps/a.txt", "more\n")
    demo.write({"deps/b.txt": ""})
    assert "deps/b.txt" in hook(demo)
    hook(demo, "check")
    assert ran(demo) == 2


def _import(demo: Demo) -> None:
    demo.write({"evil.py": ""})
    demo.edit("tools/helper.py", "DATA", "import evil\nDATA")


CHANGES: dict[str, tuple[Callable[[Demo], object], str]] = {
    "its module": (lambda demo: demo.append("tools/own.py", "# more\n"), "tools/own.py has changed"),
    "what it imports": (lambda demo: demo.append("tools/helper.py", "# more\n"), "tools/helper.py has changed"),
    "two of them": (
        lambda demo: [path.write_text("#\n" + path.read_text()) for path in (demo.root / "tools").glob("[oh]*.py")],
        "tools/helper.py and 1 more have changed",
    ),
    "an option": (lambda demo: demo.edit("pyproject.toml", "deps/*.txt", "deps/*"), "its configuration has changed"),
    "requirements": (
        lambda demo: demo.edit("pyproject.toml", 'roots = ["d', 'with = ["x"]\nroots = ["d'),
        "its configuration has changed",
    ),
    "the search path": (
        lambda demo: demo.edit(
            "pyproject.toml",
            "[tool.dyncachekeys.keys.own]",
            '[tool.dyncachekeys]\nplugin-path = [".", "csrc"]\n\n[tool.dyncachekeys.keys.own]',
        ),
        "its configuration has changed",
    ),
    "a package in the place of a module": (
        lambda demo: demo.write({"tools/helper/__init__.py": "DATA = 'other'\n"}),
        "tools/helper/__init__.py is new",
    ),
    "what it imports now": (_import, "evil.py and 1 more have changed"),
    "an extension in the place of a module": (
        lambda demo: demo.write({f"tools/helper/__init__{_suffix()}": ""}),
        f"tools/helper/__init__{importlib.machinery.EXTENSION_SUFFIXES[0]} is new",
    ),
}


def _suffix() -> str:
    return importlib.machinery.EXTENSION_SUFFIXES[0]


@pytest.mark.parametrize("case", CHANGES)
def test_what_has_changed_no_hook_runs_until_somebody_has(case: str, demo: Demo) -> None:
    change, why = CHANGES[case]
    change(demo)
    assert_held(demo, why)
    if case not in {"requirements", "an extension in the place of a module"}:
        demo.cli("sync")
        assert ran(demo) == 1
        assert "demo is in sync" in hook(demo)
        assert ran(demo) == 1


def test_or_has_allowed_it(demo: Demo) -> None:
    demo.append("tools/own.py", "# more\n")
    assert_held(demo, "tools/own.py has changed")
    assert demo.cli("allow").stdout == f"Allowed {WHERE}\n"
    assert ran(demo) == 0
    hook(demo)
    assert ran(demo) == 1
    assert json.loads(demo.cli("allow", "--format", "json").stdout)["allowed"] == [WHERE]
    assert demo.cli("allow", "--quiet").stdout == ""


def test_back_at_what_was_allowed_it_is_run_again(demo: Demo) -> None:
    demo.append("tools/helper.py", "# more\n")
    hook(demo)
    demo.write({"tools/helper.py": FILES["tools/helper.py"]})
    assert "demo is in sync" in hook(demo)
    assert ran(demo) == 1


def test_other_keys_go_on_and_what_was_found_is_watched(demo: Demo) -> None:
    demo.append("tools/own.py", "# more\n")
    hook(demo)
    before = stamp(demo)
    demo.write({"csrc/b.c": ""})
    assert "csrc/b.c" in hook(demo)
    assert stamp(demo) != before
    before = stamp(demo)
    (demo.root / "deps/a.txt").unlink()
    assert "deps/a.txt deleted" in hook(demo)
    assert stamp(demo) != before
    assert ran(demo) == 0


def test_the_run_by_hand_that_comes_then_says_what_changed(demo: Demo) -> None:
    demo.edit("tools/helper.py", "'data'", "'other'")
    hook(demo)
    said = demo.cli("sync").stdout
    assert " ~ own " in said
    assert "secret changed" in said
    assert "Stamped demo" in said


def test_no_quick_answer_hides_it(demo: Demo) -> None:
    """By hand it is run at once, though no file has changed since the hook looked."""
    demo.append("tools/own.py", "# more\n")
    hook(demo)
    hook(demo)
    demo.cli("sync")
    assert ran(demo) == 1


def test_a_new_key_counts_as_nothing_and_its_entries_stay(demo: Demo) -> None:
    demo.append("pyproject.toml", '[tool.dyncachekeys.keys.new]\nresolver = "tools.new:own"\nroots = ["csrc/"]\n')
    demo.write({"tools/new.py": OWN.replace("listed.txt", "new.txt")})
    demo.cli("sync")
    document = (demo.root / "pyproject.toml").read_bytes()
    assert b"new.txt" in document
    shutil.rmtree(demo.root / ".dyncachekeys")
    said = hook(demo)
    assert "tool.dyncachekeys.keys.new: `tools.new:own` was not run, since it is new" in said
    assert "it counts as nothing" in said
    assert (demo.root / "pyproject.toml").read_bytes() == document


def test_a_fresh_clone_runs_nothing(demo: Demo, demo_maker: DemoMaker) -> None:
    shutil.rmtree(demo.root / ".dyncachekeys")
    hook(demo)
    hook(demo, "check", 1)
    assert ran(demo) == 0


def test_a_command_is_code_of_the_tree(demo: Demo) -> None:
    """It is a built-in resolver, but what it runs the tree says."""
    key = '[tool.dyncachekeys.keys.version]\nresolver = "command"\nargv = ["./version.sh", "x"]\n'
    demo.append("pyproject.toml", key)
    demo.write({"version.sh": f"#!/bin/sh\necho ran >> {demo.beside}/ran\necho 1\n"})
    (demo.root / "version.sh").chmod(0o755)
    assert "tool.dyncachekeys.keys.version: `command` was not run, since it is new" in hook(demo)
    ran(demo)
    demo.cli("sync")
    assert ran(demo) == 2
    hook(demo)
    assert ran(demo) == 2
    demo.append("version.sh", "echo 2\n")
    assert "version.sh has changed" in hook(demo)
    assert ran(demo) == 1


def test_a_resolver_of_an_installed_package_goes_on(demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.own]\nresolver = "found"\n')
    site = demo.beside / "site"
    make_wheel(site, "unused")
    (site / "installed.py").write_text(
        "from dyncachekeys import Value\n\ndef found(context):\n    yield Value('a', 1)\n"
    )
    info = site / "installed-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[dyncachekeys.resolvers]\nfound = installed:found\n", encoding="utf-8")
    assert "not run" not in hook(demo, PYTHONPATH=str(site))


def test_requirements_are_not_even_installed(demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.own]\nresolver = "found"\nwith = ["nothing-like-this"]\n')
    said = hook(demo, DYNCACHEKEYS_CACHE_DIR=str(demo.beside / "kept"))
    assert "`found` was not run, since it is new" in said
    assert not (demo.beside / "kept").exists()


def test_nor_those_of_another_index(demo_maker: DemoMaker) -> None:
    """Settings of uv say where requirements come from."""
    demo = demo_maker('[tool.dyncachekeys.keys.own]\nresolver = "keys:found"\nwith = ["helper-one"]\n')
    demo.write({"keys.py": "from dyncachekeys import Value\n\ndef found(context):\n    yield Value('a', 1)\n"})
    make_wheel(demo.beside / "links", "helper_one", {"helper_one.py": ""})
    demo.environ |= {"UV_FIND_LINKS": str(demo.beside / "links"), "DYNCACHEKEYS_CACHE_DIR": str(demo.beside / "kept")}
    demo.cli("sync")
    assert "demo is in sync" in hook(demo)
    demo.append("pyproject.toml", '[[tool.uv.index]]\nname = "evil"\nurl = "https://evil.invalid/simple"\n')
    assert "its configuration has changed" in hook(demo)


def test_code_of_a_package_that_is_used(demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.other]\nresolver = "package"\npath = "other"\n')
    for name, content in FILES.items():
        demo.write({f"other/{name}": content})
    demo.write({"other/pyproject.toml": '[project]\nname = "other"\nversion = "1"\n' + KEYS})
    mark = MARK.format(str(demo.beside / "ran"))
    demo.edit("other/tools/own.py", "    for path", f"    {mark}    for path")
    assert "was not run" in hook(demo)
    assert ran(demo) == 0
    demo.cli("sync")
    assert ran(demo) == 1
    assert "demo is in sync" in hook(demo)
    assert ran(demo) == 1
    before = stamp(demo)
    demo.append("other/tools/helper.py", "#\n")
    assert "tools/helper.py has changed" in hook(demo)
    assert (ran(demo), stamp(demo)) == (0, before)


def test_members_of_a_workspace(demo: Demo) -> None:
    demo.append("pyproject.toml", '[tool.uv.workspace]\nmembers = ["m"]\n')
    demo.write(
        {
            "m/pyproject.toml": '[project]\nname = "m"\nversion = "1"\n[tool.dyncachekeys.keys.own]\nresolver = "keys:own"\n'
        }
    )
    demo.write({"m/keys.py": f"def own(context):\n    {MARK.format(str(demo.beside / 'ran'))}    return []\n"})
    assert "m: tool.dyncachekeys.keys.own: `keys:own` was not run, since it is new" in hook(demo)
    assert ran(demo) == 1
    assert "m/tool.dyncachekeys.keys.own" in demo.cli("allow").stdout
    hook(demo)
    assert ran(demo) > 1


@pytest.mark.parametrize("how", ["tracked", "copied", "planted"])
def test_whose_memory_is_not_believed(how: str, demo: Demo) -> None:
    home = demo.root / ".dyncachekeys"
    if how == "tracked":
        demo.git("init", "--quiet")
        demo.git("add", "--force", ".dyncachekeys")
    elif how == "copied":
        shutil.copytree(home, demo.beside / "copy", symlinks=True)
        shutil.rmtree(home)
        shutil.copytree(demo.beside / "copy", home, symlinks=True)
    else:
        allowed = (home / "allowed.json").read_bytes()
        shutil.rmtree(home)
        home.mkdir()
        (home / ".gitignore").write_bytes(b"*\n")
        (home / "allowed.json").write_bytes(allowed)
    assert "was not run, since it is new" in hook(demo)
    assert ran(demo) == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format":4}', b'{"format":4,"here":[1,2],"keys":[]}'])
def test_a_damaged_memory_is_none(content: bytes, demo: Demo) -> None:
    (demo.root / ".dyncachekeys/allowed.json").write_bytes(content)
    assert "since it is new" in hook(demo)
    demo.cli("sync")
    assert "demo is in sync" in hook(demo)


def test_where_git_tracks_the_state_nothing_can_be_allowed(demo: Demo) -> None:
    demo.git("init", "--quiet")
    demo.git("add", "--force", ".dyncachekeys")
    done = demo.cli("allow", check=False)
    assert (done.returncode, "git tracks .dyncachekeys" in done.stderr) == (2, True)


def test_no_value_stands_in_the_memory(demo: Demo) -> None:
    from dyncachekeys.encoding import value_digest  # noqa: PLC0415

    text = (demo.root / ".dyncachekeys/allowed.json").read_text(encoding="utf-8")
    assert "secret" in text
    assert value_digest("data") not in text


def test_compiled_code_that_came_with_the_tree_is_not_run(demo: Demo) -> None:
    """It may say that it fits its source without a check (PEP 552)."""
    evil = demo.beside / "evil.py"
    evil.write_text(MARK.format(str(demo.beside / "ran")) + "DATA = 'data'\n", encoding="utf-8")
    import py_compile  # noqa: PLC0415

    cached = Path(importlib.util.cache_from_source(str(demo.root / "tools/helper.py")))
    cached.parent.mkdir(exist_ok=True)
    py_compile.compile(str(evil), str(cached), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    hook(demo)
    assert ran(demo) == 1  # the function itself, and nothing else


def test_nothing_to_allow_and_nothing_to_read(demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.backend]\nresolver = "backend"\n')
    before = tree_of(demo.root)
    assert demo.cli("allow").stdout == "Nothing to allow: no key runs code of the tree\n"
    assert tree_of(demo.root) == before
    demo.append("pyproject.toml", '[tool.dyncachekeys.keys.x]\nresolver = "files"\n[tool.dyncachekeys.key]\n')
    assert demo.cli("allow", check=False).returncode == 2


def test_quiet_hides_no_key_that_was_not_run(demo: Demo) -> None:
    os.utime(demo.root / "tools/own.py")
    demo.append("tools/own.py", "#\n")
    done = demo.cli("sync", "--hook", "--quiet")
    assert done.stdout == ""
    assert "was not run" in done.stderr
    (project,) = json.loads(demo.cli("sync", "--hook", "--format", "json").stdout)["projects"]
    assert project["held"] == [WHERE]
    assert [one["code"] for one in project["warnings"]] == ["not-allowed"]
