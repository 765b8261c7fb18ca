"""Workspaces: what `uv sync` there would build, one declaration for every member, nothing written if one fails."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from uv import find_uv_bin

from dyncachekeys.quick import check
from dyncachekeys.quick.snapshot import Snapshot
from kit import BACKEND, HELPER, Demo, make_demo, sees_links, tree_of

ROOT = """\
[tool.uv.workspace]
members = ["packages/*"]
exclude = ["packages/old"]

[tool.dyncachekeys]
{settings}

[tool.dyncachekeys.workspace.keys.sources]
resolver = "files"
patterns = ["src/*.c"]
"""
MEMBER = """\
[project]
name = "{name}"
version = "0.1"
requires-python = ">=3.10"

[build-system]
requires = []
build-backend = "build_backend.core"
backend-path = ["."]
"""


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    """Return a workspace of the members `one` and `two`, with a virtual root, each built by its own backend."""
    demo = make_demo(tmp_path)
    demo.write({"pyproject.toml": ROOT.format(settings=""), ".gitignore": ".dyncachekeys/\n.venv/\nuv.lock\n"})
    for name in ("one", "two", "old"):
        _add_member(demo, name)
    demo.git("init", "--quiet")
    return demo


def _add_member(demo: Demo, name: str, more: str = "") -> None:
    backend = BACKEND.replace('"build\\n"', f'"build {name}\\n"').replace("demo", name)
    demo.write(
        {
            f"packages/{name}/pyproject.toml": MEMBER.format(name=name) + more,
            f"packages/{name}/build_backend/core.py": backend,
            f"packages/{name}/build_backend/helper.py": HELPER,
            f"packages/{name}/src/a.c": "1\n",
        }
    )


def _built(demo: Demo, *arguments: str) -> list[str]:
    """Run `dyncachekeys run -- uv sync --all-packages`, and return who was built."""
    before = demo.log.read_text(encoding="utf-8").splitlines() if demo.log.exists() else []
    demo.cli("run", *arguments, "--", find_uv_bin(), "sync", "--all-packages")
    return sorted(line.split()[1] for line in demo.log.read_text(encoding="utf-8").splitlines()[len(before) :])


def _names(demo: Demo, *arguments: str) -> list[str]:
    done = demo.cli("sync", "--format=json", *arguments)
    return [project["name"] for project in json.loads(done.stdout)["projects"]]


def test_one_declaration_and_every_member_gets_its_keys(demo: Demo) -> None:
    """Case 32, with the builds counted."""
    assert _built(demo) == ["one", "two"]
    assert _built(demo) == []
    for name in ("one", "two"):
        text = (demo.root / f"packages/{name}/pyproject.toml").read_text(encoding="utf-8")
        assert '{ dir = ".dyncachekeys/current" }' in text
    assert "cache-keys" not in (demo.root / "packages/old/pyproject.toml").read_text(encoding="utf-8")
    assert "cache-keys" not in (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    demo.write({"packages/one/src/a.c": "2\n"})
    assert _built(demo) == ["one"]
    demo.write({"packages/one/src/a.c": "3\n", "packages/two/src/b.c": "new\n"})
    assert _built(demo) == ["one", "two"]
    demo.write({"packages/old/src/a.c": "2\n", "unrelated.c": ""})
    assert _built(demo) == []


def test_0_and_0_under_the_exact_profile(demo: Demo) -> None:
    for name in ("one", "two"):
        demo.append(f"packages/{name}/pyproject.toml", '\n[tool.dyncachekeys]\nwatch = "digest"\n')
    assert _built(demo) == ["one", "two"]
    (demo.root / "packages/one/src/a.c").touch()
    (demo.root / "packages/two/pyproject.toml").touch()
    assert _built(demo) == []
    (demo.root / "packages/two/src/a.c").unlink()
    assert _built(demo) == ["two"]


@pytest.mark.parametrize("where", [".", "packages/one", "packages/one/src"])
def test_the_scope_from_wherever_it_is_asked(demo: Demo, where: str) -> None:
    assert _names(demo, "--project", where) == ["one", "two"]


def test_only_the_named_packages(demo: Demo) -> None:
    assert _names(demo, "--package", "Two") == ["two"]
    assert not (demo.root / "packages/one/.dyncachekeys").exists()
    assert _names(demo, "--package", "two", "--package", "one") == ["one", "two"]
    done = demo.cli("sync", "--package", "tow", check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "error: --package: there is no package `tow` here\n  do: did you mean `two`?\n",
    )


def test_a_member_that_opts_out_and_one_with_a_key_of_the_same_name(demo: Demo) -> None:
    demo.append("packages/one/pyproject.toml", "\n[tool.dyncachekeys]\ninherit = false\n")
    demo.append(
        "packages/two/pyproject.toml",
        '\n[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["csrc/*.c"]\n',
    )
    demo.write({"packages/two/csrc/x.c": ""})
    assert _names(demo) == ["two"]
    shown = json.loads(demo.cli("show", "sources", "--format=json").stdout)["projects"]
    assert [one["subject"] for one in shown[0]["keys"][0]["found"]] == ["csrc/x.c"]


def test_path_sources_are_in_scope_each_once(demo: Demo) -> None:
    key = '\n[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["src/*.c"]\n'
    sources = '\n[tool.uv.sources]\nfar = { path = "../../../far", editable = true }\n'
    demo.append("packages/one/pyproject.toml", sources)
    demo.append("packages/two/pyproject.toml", sources)
    _add_member(demo, "far", key)
    (demo.root / "packages/far").rename(demo.root / "../far")
    demo.append("../far/pyproject.toml", '\n[tool.uv.sources]\none = { path = "../demo/packages/one" }\n')
    assert _names(demo) == ["one", "two", "far"]
    assert _names(demo, "--project", "../far") == ["far", "one"]


def test_one_failing_member_fails_the_run_before_anything_is_written(demo: Demo) -> None:
    demo.append("packages/two/pyproject.toml", '\n[tool.dyncachekeys.keys.bad]\nresolver = "fils"\n')
    before = tree_of(demo.root)
    done = demo.cli("sync", check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: packages/two/pyproject.toml: tool.dyncachekeys.keys.bad.resolver: there is no resolver `fils`"
    )
    assert tree_of(demo.root) == before


def test_a_bad_declaration_in_the_root_is_told_where_it_stands(demo: Demo) -> None:
    demo.edit("pyproject.toml", 'patterns = ["src/*.c"]', 'patterns = "src/*.c"')
    done = demo.cli("sync", check=False)
    assert done.returncode == 2
    assert "tool.dyncachekeys.workspace.keys.sources.patterns: must be a list" in done.stderr


def test_nobody_has_keys(demo: Demo) -> None:
    demo.write({"pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n'})
    done = demo.cli("sync", check=False)
    assert done.returncode == 2
    assert "the project declares no key" in done.stderr
    assert demo.cli("run", "--", "echo", "became").stdout == "became\n"


def test_resolvers_of_the_tree_are_the_members_own(demo: Demo) -> None:
    demo.append(
        "pyproject.toml", '\n[tool.dyncachekeys.workspace.keys.own]\nresolver = "keys:keys"\nwhen = 2026-01-02\n'
    )
    for name in ("one", "two"):
        source = f"from dyncachekeys import Value\ndef keys(context, when):\n    yield Value('{name}', when)\n"
        demo.write({f"packages/{name}/keys.py": source})
    shown = json.loads(demo.cli("show", "own", "--format=json").stdout)["projects"]
    assert [one["keys"][0]["found"][0]["subject"] for one in shown] == ["one", "two"]


def test_text_check_digest_and_clean(demo: Demo) -> None:
    assert demo.cli("check", check=False).stdout.splitlines() == [
        "one: pyproject.toml is not what `dyncachekeys sync` would write",
        "one: the stamp is stale",
        "two: pyproject.toml is not what `dyncachekeys sync` would write",
        "two: the stamp is stale",
        "Run `dyncachekeys sync`.",
    ]
    assert "Stamped two: uv will rebuild it" in demo.cli("sync").stdout.splitlines()
    assert demo.cli("check", "--stamp").stdout == "2 packages are in sync\n"
    assert [line.split("  ")[1] for line in demo.cli("digest").stdout.splitlines()] == ["one", "two"]
    before = {name: (demo.root / f"packages/{name}/pyproject.toml").read_bytes() for name in ("one", "two")}
    cleaned = demo.cli("clean").stdout
    assert "packages/one/pyproject.toml, packages/one/.dyncachekeys" in cleaned
    for name, data in before.items():
        assert (demo.root / f"packages/{name}/pyproject.toml").read_bytes() != data
    assert not list(demo.root.rglob(".dyncachekeys"))


@sees_links
def test_quiet_from_the_root_and_what_ends_it(demo: Demo) -> None:
    demo.cli("sync")
    time.sleep(2.1)
    demo.cli("sync")
    code = "import sys; from dyncachekeys.quick import answer as early; print(early.answer(['sync']).done, len(sys.modules) < 80)"
    quietly = ("2 packages are in sync", "True True")

    def said() -> tuple[str, str]:
        first, *_, last = demo.run(demo.environ["UV_PYTHON"], "-c", code).stdout.splitlines()
        return first.split(" (")[0], last

    assert said() == quietly
    demo.write({"packages/one/src/a.c": "other\n"})
    assert "one: uv sees the change by itself" in demo.cli("sync").stdout
    assert demo.cli("check", "--stamp").stdout == "2 packages are in sync\n"
    _add_member(demo, "three")
    assert "Stamped three: uv will rebuild it" in demo.cli("sync").stdout
    demo.edit("pyproject.toml", '"packages/old"', '"packages/old", "packages/three"')
    assert _names(demo) == ["one", "two"]
    time.sleep(2.1)
    demo.cli("sync")
    assert said() == quietly


@pytest.mark.thorough
@sees_links
def test_many_members_by_two_processes(demo: Demo) -> None:
    for number in range(9):
        _add_member(demo, f"m{number}")
    demo.cli("sync")
    time.sleep(2.1)
    demo.cli("sync")
    code = "from dyncachekeys.quick import answer as early; print(early.answer(['sync']).done)"
    for changed in ("one", "m0", "m8", "two", None):
        first, *_, last = demo.run(demo.environ["UV_PYTHON"], "-c", code).stdout.splitlines()
        assert (first.split(" in ")[0], last) == ("11 packages are", "True")
        assert "(22 keys, 55 inputs)" in first
        if changed is None:
            break
        demo.write({f"packages/{changed}/src/a.c": f"{changed}\n"})
        assert f"{changed}: uv sees the change by itself" in demo.cli("sync").stdout
        time.sleep(2.1)
        demo.cli("sync")


def _uses(demo: Demo, name: str, other: str) -> None:
    demo.append(f"packages/{name}/pyproject.toml", f'\n[tool.dyncachekeys.keys.uses]\nresolver = "package"\n{other}\n')


@pytest.mark.parametrize("other", ['name = "Two"', 'path = "../two"'])
def test_a_siblings_sources_used_at_build_time(demo: Demo, other: str) -> None:
    """Case 32: R for those that use it, - for the others."""
    _add_member(demo, "three")
    _uses(demo, "one", other)
    assert _built(demo) == ["one", "three", "two"]
    assert _built(demo) == []
    demo.write({"packages/two/src/a.c": "2\n"})
    assert _built(demo) == ["one", "two"]
    demo.write({"packages/three/src/a.c": "2\n"})
    assert _built(demo) == ["three"]
    demo.write({"packages/two/notes.txt": "no key names it"})
    assert _built(demo) == []
    (demo.root / "packages/two/src/a.c").unlink()
    assert _built(demo) == ["one", "two"]


def test_a_package_without_keys_counts_whole_but_for_what_git_ignores(demo: Demo) -> None:
    _uses(demo, "one", 'path = "../old"')
    _built(demo)
    demo.write({"packages/old/notes.txt": "1"})
    assert _built(demo) == ["one"]
    demo.write({"packages/old/.gitignore": "*.log\n"})
    assert _built(demo) == ["one"]
    demo.write({"packages/old/a.log": "1"})
    assert _built(demo) == []


def test_a_package_of_a_package(demo: Demo) -> None:
    _add_member(demo, "three")
    _uses(demo, "one", 'name = "two"')
    _uses(demo, "two", 'name = "three"')
    _built(demo)
    demo.write({"packages/three/src/a.c": "2\n"})
    assert _built(demo) == ["one", "three", "two"]
    shown = demo.cli("show", "uses", "--package", "one").stdout
    assert "two: three: matches src/*.c" in shown


def test_packages_that_use_each_other(demo: Demo) -> None:
    _uses(demo, "one", 'name = "two"')
    _uses(demo, "two", 'path = "../one"')
    done = demo.cli("sync", check=False)
    assert done.returncode == 2
    assert "packages use each other: one -> two -> one" in done.stderr
    assert "leave one of these keys out" in done.stderr


@pytest.mark.parametrize(
    ("other", "where", "message"),
    [
        ('name = "tow"', "name", "there is no package `tow` here"),
        ('path = "../nowhere"', "path", "there is no pyproject.toml in `../nowhere`"),
        ("", "", "needs either `name` or `path`"),
        ('name = "two"\npath = "../two"', "", "needs either `name` or `path`"),
        ('path = "/two"', "path", "is absolute"),
    ],
)
def test_what_is_no_package(demo: Demo, other: str, where: str, message: str) -> None:
    _uses(demo, "one", other)
    before = tree_of(demo.root)
    done = demo.cli("sync", check=False)
    assert done.returncode == 2
    place = "packages/one/pyproject.toml: tool.dyncachekeys.keys.uses" + (f".{where}" if where else "")
    assert done.stderr.startswith(f"error: {place}: ")
    assert message in done.stderr
    assert tree_of(demo.root) == before


def test_a_package_leaves_runs_quiet_until_it_changes(demo: Demo) -> None:
    _uses(demo, "one", 'name = "two"')
    demo.cli("sync", "--package", "one")
    time.sleep(2.1)
    demo.cli("sync", "--package", "one")
    root = str(demo.root / "packages/one")

    def places() -> list[int] | None:
        known = Snapshot.load(f"{root}/.dyncachekeys")
        assert known is not None
        try:
            return check.differences(root, known, demo.environ)
        except check.NotQuick:
            return None

    assert places() == []
    demo.write({"packages/two/src/new.c": ""})
    assert places() != []
    assert "src/new.c" in demo.cli("sync", "--package", "one").stdout
