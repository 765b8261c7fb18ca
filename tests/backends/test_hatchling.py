"""What hatchling packs, against hatchling itself."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.plugin.interface import BuilderInterface
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from dyncachekeys.backends import packing
from dyncachekeys.backends.hatchling import Target
from dyncachekeys.files.tree import Files

TREE = (
    "acme/__init__.py",
    "acme/core.py",
    "acme/core.pyc",
    "acme/data/a.csv",
    "acme/data/b.json",
    "acme/.DS_Store",
    "acme/__pycache__/core.pyc",
    "src/acme/__init__.py",
    "src/acme/core.py",
    "src/acme/py.typed",
    "src/acme/built/made.js",
    "src/acme/built/deep/made.css",
    "src/other/mod.py",
    "acme.py",
    "docs/index.md",
    "docs/img/a.png",
    "dist/acme.whl",
    "tests/test_core.py",
    "tests/data/x.csv",
    "data/table.csv",
    ".venv/lib/site.py",
    "README.md",
    "LICENSE",
    "pyproject.toml",
)
HERE = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"


def made(root: Path, paths: tuple[str, ...] = TREE) -> Files:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path, encoding="utf-8")
    return Files(root)


def pyproject_of(build: dict[str, Any], name: str = "acme") -> dict[str, Any]:
    system = {"requires": ["hatchling"], "build-backend": "hatchling.build"}
    return {"build-system": system, "project": {"name": name, "version": "1"}, "tool": {"hatch": {"build": build}}}


def by_hatchling(root: Path, pyproject: dict[str, Any], kind: str) -> set[str] | None:
    """Return what hatchling itself takes in, without what it adds by itself (metadata); nothing if it fails."""
    manager = PluginManager()
    metadata = ProjectMetadata(os.fspath(root), manager, pyproject)
    of_kind: type[BuilderInterface[Any, Any]] = WheelBuilder if kind == "wheel" else SdistBuilder
    builder = of_kind(os.fspath(root), plugin_manager=manager, config=pyproject, metadata=metadata)
    try:
        found = {os.path.relpath(one.path, root) for one in builder.recurse_included_files()}
        if kind == "wheel":
            maps = (builder.config.shared_data, builder.config.shared_scripts, builder.config.extra_metadata)
            for one in maps:
                found |= {os.path.relpath(file.path, root) for file in builder.recurse_forced_files(one)}
    except (ValueError, FileNotFoundError):
        return None
    return found


WHEELS: list[dict[str, Any]] = [
    {},
    {"packages": ["src/acme"]},
    {"packages": ["src/acme", "src/other"], "exclude": ["*.css", "!deep/"]},
    {"packages": ["./src/acme/"], "exclude": ["built"]},
    {"packages": ["src/acme"], "exclude": ["built"], "artifacts": ["built/*.js", "!x"]},
    {"include": ["*.py", "!tests/**"]},
    {"include": ["/docs", "*.csv"], "exclude": ["/docs/img/", "/dist/*"]},
    {"include": ["/docs"], "packages": ["acme"]},
    {"only-include": ["src", "acme.py"]},
    {"only-include": ["."], "exclude": ["/tests", "/.venv"]},
    {"only-include": ["src"], "only-packages": True},
    {"only-packages": True, "include": ["*"]},
    {"include": ["*"], "exclude": ["docs/", "/tests/data"], "skip-excluded-dirs": True},
    {"force-include": {"docs/img": "acme/img", "README.md": "acme/README.md", "../beside.txt": "acme/beside.txt"}},
    {"packages": ["src/acme"], "force-include": {"data": "data"}, "shared-data": {"docs": "share/doc"}},
    {"packages": ["acme"], "ignore-vcs": True},
    {"packages": ["src/acme"], "shared-scripts": {"tests": "bin"}, "extra-metadata": {"LICENSE": "x"}},
    {"include": ["a[[:alpha:]]me/**", "\\#", "*.p?"]},
    {"sources": ["src"], "include": ["src/**/*.py"]},
]


@pytest.mark.filterwarnings("ignore:Possible :FutureWarning")  # pathspec's regular expressions, in hatchling
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize("at_target", [True, False], ids=["target", "build"])
@pytest.mark.parametrize("options", WHEELS, ids=str)
def test_it_packs_what_hatchling_packs(tmp_path: Path, options: dict[str, Any], kind: Any, at_target: bool) -> None:
    root = tmp_path / "project"
    files = made(root)
    (tmp_path / "beside.txt").write_text("beside", encoding="utf-8")
    (root / ".gitignore").write_text("/src/acme/built/\n*.csv\n!/data/*.csv\n", encoding="utf-8")
    pyproject = pyproject_of({"targets": {kind: options}} if at_target else options)
    wanted = by_hatchling(root, pyproject, kind)
    assert wanted is not None
    found = Target(kind, pyproject, files)
    # An sdist takes in some files in any case.
    always = {".gitignore", "README.md", "LICENSE", "pyproject.toml"} if kind == "sdist" else set()
    assert {*found.files()} - always == wanted - always


@pytest.mark.parametrize(
    "paths",
    [
        ("acme_core/__init__.py", "src/acme_core/__init__.py"),
        ("src/acme_core/__init__.py", "acme_core.py"),
        ("acme_core.py", "beside.py"),
        ("space/acme_core/__init__.py", "space/more.py", "beside.py"),
        ("one/acme_core/__init__.py", "two/acme_core/__init__.py"),
        ("Acme.Core/__init__.py", "acme_core/__init__.py"),
        ("beside.py",),
    ],
    ids=str,
)
def test_it_looks_for_the_package_as_hatchling_does(tmp_path: Path, paths: tuple[str, ...]) -> None:
    files = made(tmp_path, paths)
    pyproject = pyproject_of({}, "Acme.Core")
    assert {*Target("wheel", pyproject, files).files()} == (by_hatchling(tmp_path, pyproject, "wheel") or set())


def test_links_to_folders_are_followed(tmp_path: Path) -> None:
    files = made(tmp_path / "project", ("acme/__init__.py", "beside/a.csv"))
    (tmp_path / "project/acme/data").symlink_to("../beside")
    (tmp_path / "project/acme/again").symlink_to(".")
    pyproject = pyproject_of({"packages": ["acme"]})
    wanted = by_hatchling(tmp_path / "project", pyproject, "wheel")
    assert wanted is not None
    assert "acme/data/a.csv" in wanted
    assert {*Target("wheel", pyproject, files).files()} == wanted


PIECES = (
    "acme",
    "/acme",
    "src/",
    "*.py",
    "!*.py",
    "data",
    "**/data/*",
    "/docs/**",
    "*.c?v",
    "core.*",
    "!acme",
    "deep/",
)


@pytest.mark.parametrize("seed", range(40))
def test_any_settings(tmp_path: Path, seed: int) -> None:
    """Settings put together by chance."""
    chance = random.Random(seed)

    def patterns() -> list[str]:
        return [chance.choice(PIECES) for _ in range(chance.randint(1, 3))]

    options: dict[str, Any] = {
        name: patterns() for name in ("include", "exclude", "artifacts") if chance.random() < 0.5
    }
    if chance.random() < 0.3:
        options["packages"] = chance.sample(["acme", "src/acme", "tests", "nowhere"], 2)
    if chance.random() < 0.3:
        options["only-include"] = chance.sample(["acme", "src", "docs/index.md", "data", "nowhere"], 2)
    options |= {name: True for name in ("ignore-vcs", "skip-excluded-dirs", "only-packages") if chance.random() < 0.2}
    files = made(tmp_path)
    (tmp_path / ".gitignore").write_text("\n".join(patterns()), encoding="utf-8")
    for kind in ("wheel", "sdist"):
        split = chance.random() < 0.5 and len(options) > 1
        first = dict([*options.items()][:1]) if split else {}
        pyproject = pyproject_of({**first, "targets": {kind: options}})
        wanted = by_hatchling(tmp_path, pyproject, kind)
        if wanted is not None:
            always = {".gitignore", "README.md", "LICENSE", "pyproject.toml"} if kind == "sdist" else set()
            target = Target(kind, pyproject, files)
            assert {*target.files()} - always == wanted - always, (kind, options)


def test_takes_in_says_the_same_of_one_file(tmp_path: Path) -> None:
    files = made(tmp_path, (*TREE, ".dyncachekeys/state.json"))
    for options in WHEELS:
        pyproject = pyproject_of({"targets": {"sdist": options}})
        target = Target("sdist", pyproject, files)
        wanted = by_hatchling(tmp_path, pyproject, "sdist")
        if wanted is not None and "../beside.txt" not in str(options):
            assert target.takes_in(".dyncachekeys/state.json") == (".dyncachekeys/state.json" in wanted), options


def test_a_pattern_that_hatchling_refuses(tmp_path: Path) -> None:
    files = made(tmp_path)
    assert packing.wheel_files(pyproject_of({"packages": ["acme"], "exclude": ["!"]}), files, with_hooks=True) is None
    assert (
        packing.wheel_files({"build-system": {"build-backend": "setuptools.build_meta"}}, files, with_hooks=True)
        is None
    )


def test_what_a_hook_writes_is_no_input(tmp_path: Path) -> None:
    files = made(tmp_path)
    build = {"packages": ["src/acme"], "exclude": ["built"], "artifacts": ["*.js"]}
    with_hook = {**build, "hooks": {"custom": {}}}
    assert "src/acme/built/made.js" in (packing.wheel_files(pyproject_of(build), files, with_hooks=True) or ())
    assert "src/acme/built/made.js" not in (packing.wheel_files(pyproject_of(with_hook), files, with_hooks=True) or ())
