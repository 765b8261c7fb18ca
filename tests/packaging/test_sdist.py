"""What a build of a user's project takes in of `.dyncachekeys`: nothing, or `sync` has said so (U26)."""

from __future__ import annotations

import sys
import tarfile
import zipfile

import pytest

from kit import Demo, DemoMaker

PROJECT = """
[project]
name = "demo"
version = "0.1"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["src/"]
"""
BUILD = "import sys; from hatchling.build import build_sdist, build_wheel; build_{}(sys.argv[1])"
LINE = "/.dyncachekeys/\n"
MESSAGE = "an sdist would take in .dyncachekeys: add the line `/.dyncachekeys/` to .gitignore"


@pytest.fixture
def hatch(demo_maker: DemoMaker) -> Demo:
    """Return a repository that builds with hatchling."""
    demo = demo_maker(files={"src/demo/__init__.py": "", "pyproject.toml": PROJECT, ".gitignore": LINE})
    demo.git("init")
    return demo


def built(demo: Demo, what: str) -> list[str]:
    """Build an sdist or a wheel, offline, and return the names in it."""
    folder = demo.beside / what
    demo.run(sys.executable, "-c", BUILD.format(what), str(folder))
    (archive,) = folder.iterdir()
    if what == "wheel":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.namelist()
    with tarfile.open(archive) as sdist:
        return [name.partition("/")[2] for name in sdist.getnames()]


@pytest.mark.parametrize("ignore", [LINE, ".dyncachekeys\n", "*.log\n.dyncachekeys/\n"], ids=repr)
@pytest.mark.parametrize("what", ["sdist", "wheel"])
def test_ignored_state_is_in_nothing(what: str, ignore: str, hatch: Demo) -> None:
    hatch.write({".gitignore": ignore})
    done = hatch.cli("sync")
    assert done.stderr == ""
    assert (hatch.root / ".dyncachekeys/state.json").is_file()
    names = built(hatch, what)
    assert any(name.endswith("demo/__init__.py") for name in names)
    assert [name for name in names if "dyncachekeys" in name] == []


@pytest.mark.parametrize("ignore", [None, "*.log\n", "/build/.dyncachekeys/\n"], ids=repr)
def test_state_that_an_sdist_takes_in_is_warned_of(ignore: str | None, hatch: Demo) -> None:
    (hatch.root / ".gitignore").unlink()
    if ignore is not None:
        hatch.write({".gitignore": ignore})
    report = hatch.sync()
    assert [(one.code, one.where, one.message) for one in report.warnings] == [
        ("sdist-takes-in-state", ".gitignore", MESSAGE)
    ]
    assert hatch.cli("check").stderr == f"warning: .gitignore: {MESSAGE}\n"
    assert ".dyncachekeys/state.json" in built(hatch, "sdist")


SETTINGS = {
    "sdist of one folder": ('targets.sdist.include = ["/demo"]', False, None),
    "all but ours": ('exclude = ["/.dyncachekeys"]', False, None),
    "wheel of all": ('targets = { sdist.include = ["/demo"], wheel.only-include = ["."] }', False, "wheel"),
    "what is ignored": ("targets.sdist.ignore-vcs = true", True, "sdist"),
    "what is ignored, but for ours": ('ignore-vcs = true\nexclude = ["/.dyncachekeys"]', True, None),
    "an artifact": ('artifacts = ["*.json"]', True, "sdist"),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_of_hatchling_decide(case: str, hatch: Demo) -> None:
    """DCK032, asked of pathspec: the warning and what is packed agree."""
    settings, is_ignored, wanted = SETTINGS[case]
    if not is_ignored:
        (hatch.root / ".gitignore").unlink()
    hatch.append("pyproject.toml", f"\n[tool.hatch.build]\n{settings}\n")
    (hatch.root / ".dyncachekeys").mkdir()
    hatch.write({".dyncachekeys/state.json": "{}"})
    warned = [(one.where, one.message) for one in hatch.sync().warnings if one.code == "sdist-takes-in-state"]
    remedy = "take out of tool.hatch.build what brings it back although .gitignore names it"
    told = f"{'a wheel' if wanted == 'wheel' else 'an sdist'} would take in .dyncachekeys: "
    back, line = (
        ("tool.hatch.build", told + remedy),
        (".gitignore", f"{told}add the line `/.dyncachekeys/` to .gitignore"),
    )
    assert warned == ([] if wanted is None else [back if is_ignored else line])
    for what in ("sdist", "wheel"):
        is_packed = any(name.endswith(".dyncachekeys/state.json") for name in built(hatch, what))
        assert is_packed == (what == wanted), what


def test_wheel_holds_no_state_in_any_case(hatch: Demo) -> None:
    (hatch.root / ".gitignore").unlink()
    hatch.sync()
    assert [name for name in built(hatch, "wheel") if "dyncachekeys" in name] == []


def test_sdist_of_a_synced_project_holds_the_region(hatch: Demo) -> None:
    """What is committed and shipped is the same for everybody."""
    hatch.sync()
    built(hatch, "sdist")
    (archive,) = (hatch.beside / "sdist").iterdir()
    with tarfile.open(archive) as sdist:
        member = sdist.extractfile("demo-0.1/pyproject.toml")
        assert member is not None
        shipped = member.read()
    assert shipped == (hatch.root / "pyproject.toml").read_bytes()
    assert b"# >>> dyncachekeys" in shipped


QUIET = {
    "setuptools": 'build-backend = "setuptools.build_meta"',
    "uv": 'build-backend = "uv_build"',
    "none": "",
}


@pytest.mark.parametrize("backend", QUIET)
def test_no_warning_where_no_sdist_takes_it_in(backend: str, hatch: Demo) -> None:
    (hatch.root / ".gitignore").unlink()
    hatch.edit("pyproject.toml", 'build-backend = "hatchling.build"', QUIET[backend])
    assert hatch.sync().warnings == ()


def test_ignore_file_of_a_folder_above_counts(hatch: Demo) -> None:
    """In a monorepo, hatchling takes the nearest `.gitignore` for the project's own."""
    (hatch.root / ".gitignore").unlink()
    (hatch.root / ".git").rename(hatch.root.parent / ".git")
    (hatch.root.parent / ".gitignore").write_text(".dyncachekeys/\n", encoding="utf-8")
    assert hatch.sync().warnings == ()
    assert [name for name in built(hatch, "sdist") if "dyncachekeys" in name] == []
    (hatch.root.parent / ".gitignore").write_text("*.log\n", encoding="utf-8")
    assert [one.code for one in hatch.sync().warnings] == ["sdist-takes-in-state"]
