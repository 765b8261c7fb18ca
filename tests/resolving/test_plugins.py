"""Resolvers of third-party distributions, really built and installed, and those in the project's tree."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

import pytest
import tomli

from dyncachekeys.resolving import registry
from kit import Demo, DemoMaker, refused, told, tree_of

SOURCE = Path(__file__).with_name("dist")
PROJECT = Path(__file__).parents[2] / "pyproject.toml"
MANIFESTS_KEY = """
[tool.dyncachekeys.keys.addons]
resolver = "manifests"
roots = ["addons/*/manifest.toml"]
on-error = "skip"
"""
ADDONS = {
    "addons/one/manifest.toml": 'depends = ["a"]\nsummary = "first"\n',
    "addons/two/manifest.toml": 'depends = ["b"]\nsummary = "second"\n',
}
WHERE = "tool.dyncachekeys.keys.addons"
BUILD = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"


def install(wheel: Path, target: Path) -> Path:
    """Let pip install a wheel into a folder of its own, offline."""
    options = ["--isolated", "--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", target, wheel], check=True)
    return target


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which the distribution beside this file was built and installed."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-c", BUILD, folder], cwd=folder / "source", check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    return install(wheel, folder / "site")


def made(folder: Path, name: str, points: str, files: Mapping[str, str] | None = None, version: str = "1.0") -> Path:
    """Make a wheel by hand, install it, and return the folder that holds it."""
    folder.mkdir(exist_ok=True)
    wheel, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", f"[{registry.GROUP}]\n{points}\n")
        for path, text in (files or {}).items():
            archive.writestr(path, text)
        names = "".join(f"{one},,\n" for one in [*archive.namelist(), f"{info}/RECORD"])
        archive.writestr(f"{info}/RECORD", names)
    return install(wheel, folder / f"site-{name}-{version}")


class OnPath(TypedDict):
    PYTHONPATH: str


def on_path(*sites: Path) -> OnPath:
    return {"PYTHONPATH": os.pathsep.join(map(str, sites))}


def problems_of(demo: Demo, *sites: Path, **environ: str) -> list[dict[str, str]]:
    """Sync, demand that it is refused and writes nothing, and return the problems."""
    before = tree_of(demo.root)
    done = demo.cli("sync", "--format", "json", check=False, **on_path(*sites), **environ)
    assert done.returncode == 2, done.stderr
    assert tree_of(demo.root) == before
    errors: list[dict[str, str]] = json.loads(done.stdout)["errors"]
    return errors


def test_resolver_of_a_distribution_works_end_to_end(site: Path, demo_maker: DemoMaker) -> None:
    demo = demo_maker(MANIFESTS_KEY, ADDONS)

    def both() -> int:
        demo.cli("sync", **on_path(site))
        return demo.uv_sync()

    assert both() == 1
    assert both() == 0
    demo.edit("addons/one/manifest.toml", '"first"', '"a field that nobody reads"')
    assert both() == 0
    demo.edit("addons/one/manifest.toml", '["a"]', '["a", "c"]')
    assert both() == 1
    demo.write({"addons/three/manifest.toml": "depends = []\n"})
    assert both() == 1
    (demo.root / "addons/two/manifest.toml").unlink()
    assert both() == 1
    assert both() == 0
    assert demo.cli("check", "--stamp", **on_path(site)).returncode == 0


def test_show_tells_what_it_found(site: Path, demo_maker: DemoMaker) -> None:
    demo = demo_maker(MANIFESTS_KEY, ADDONS)
    shown = demo.cli("show", "addons", "--format", "json", **on_path(site))
    (key,) = json.loads(shown.stdout)["projects"][0]["keys"]
    assert (key["name"], key["resolver"], key["inputs"]) == ("addons", "manifests", 2)
    assert key["found"][0] == {
        "input": "value",
        "subject": "addons/one/manifest.toml",
        "reason": "manifest of one",
        "watched_by": "stamp",
        "absent": False,
    }


def test_its_warnings_reach_the_user(site: Path, demo_maker: DemoMaker) -> None:
    demo = demo_maker(MANIFESTS_KEY)
    warning = f"warning: {WHERE}: pattern `addons/*/manifest.toml` matches nothing: fix it, or take it out\n"
    assert demo.cli("sync", **on_path(site)).stderr == warning


def test_its_failure_names_it(site: Path, demo_maker: DemoMaker) -> None:
    demo = demo_maker(MANIFESTS_KEY.replace("skip", "fail"), {"addons/one/manifest.toml": "no TOML"})
    (problem,) = problems_of(demo, site)
    assert (problem["code"], problem["where"]) == ("resolver-failed", WHERE)
    assert problem["message"].startswith("the resolver `manifests` (demo-manifests 1.2) raised ")
    assert "TOMLDecodeError" in problem["message"]
    assert problem["remedy"] == "fix the resolver, or its options"


def test_its_options_are_checked_before_anything_runs(site: Path, demo_maker: DemoMaker) -> None:
    config = """
    [tool.dyncachekeys.keys.right]
    resolver = "manifests"
    roots = ["addons/*/manifest.toml"]

    [tool.dyncachekeys.keys.wrong]
    resolver = "manifests"
    root = ["addons/"]
    on-error = "ignore"
    limit = true
    fields = ["depends", 1]
    """
    demo = demo_maker(config, ADDONS)
    mark = demo.beside / "mark"
    where = "tool.dyncachekeys.keys.wrong"
    assert [
        (one["code"], one["where"], one["message"], one["remedy"])
        for one in problems_of(demo, site, DEMO_MARK=str(mark))
    ] == [
        ("missing-option", f"{where}.roots", "is missing", "add `roots = ...`"),
        ("unknown-option", f"{where}.root", "the resolver has no such option", "did you mean `roots`?"),
        ("wrong-type", f"{where}.on-error", 'must be one of "fail", "skip", not "ignore"', 'write it as `"fail"`'),
        ("wrong-type", f"{where}.limit", "must be a whole number, not true", "write it as `1`"),
        ("wrong-type", f"{where}.fields[1]", "must be text, not 1", 'write it as `"..."`'),
    ]
    assert not mark.exists()
    demo.edit("pyproject.toml", "root = [", "roots = [")
    for wrong, right in (('"ignore"', '"skip"'), ("limit = true", "limit = 2"), (", 1]", "]")):
        demo.edit("pyproject.toml", wrong, right)
    demo.cli("sync", DEMO_MARK=str(mark), **on_path(site))
    assert mark.read_text(encoding="utf-8") == "manifests ran\n" * 2


def test_option_spelled_in_both_ways_is_told(site: Path, demo_maker: DemoMaker) -> None:
    demo = demo_maker(MANIFESTS_KEY + 'on_error = "fail"\n', ADDONS)
    (problem,) = problems_of(demo, site)
    assert problem["where"] == f"{WHERE}.on_error"


def test_nearest_name_may_be_a_distributions(site: Path, demo_maker: DemoMaker) -> None:
    demo = demo_maker(MANIFESTS_KEY.replace('"manifests"', '"manifest"'), ADDONS)
    (problem,) = problems_of(demo, site)
    assert problem["message"] == "there is no resolver `manifest`"
    assert problem["remedy"].startswith("did you mean `manifests`?")


def test_not_installed(demo_maker: DemoMaker) -> None:
    demo = demo_maker(MANIFESTS_KEY, ADDONS)
    (problem,) = refused(demo.root, demo.environ)
    assert (problem.code, problem.where) == ("unknown-resolver", f"{WHERE}.resolver")
    assert problem.message == "there is no resolver `manifests`"
    assert problem.remedy.endswith("; if a package has it, install that beside dyncachekeys")


def test_it_can_be_named_by_its_function(site: Path, demo_maker: DemoMaker) -> None:
    demo = demo_maker(MANIFESTS_KEY, ADDONS)
    by_name = demo.cli("digest", **on_path(site)).stdout
    demo.edit("pyproject.toml", '"manifests"', '"demo_manifests:manifests"')
    demo.cli("sync", **on_path(site))
    shown = json.loads(demo.cli("show", "addons", "--format", "json", **on_path(site)).stdout)
    assert shown["projects"][0]["keys"][0]["inputs"] == 2
    assert by_name.startswith("sha256-")


def test_two_distributions_that_claim_one_name(site: Path, demo_maker: DemoMaker, tmp_path: Path) -> None:
    other = made(tmp_path / "other", "a_rival", "manifests = a_rival:f", {"a_rival.py": "def f(context): return []\n"})
    demo = demo_maker(MANIFESTS_KEY, ADDONS)
    for order in ((site, other), (other, site)):
        (problem,) = problems_of(demo, *order)
        assert problem == {
            "code": "ambiguous-resolver",
            "where": f"{WHERE}.resolver",
            "message": "`manifests` is claimed by more than one distribution: a_rival 1.0, demo-manifests 1.2",
            "remedy": "uninstall one of them, or name the function: `package.module:function`",
        }
    demo.edit("pyproject.toml", '"manifests"', '"demo_manifests:manifests"')
    demo.cli("sync", **on_path(site, other))


def test_second_version_of_one_distribution_is_no_rival(site: Path, demo_maker: DemoMaker, tmp_path: Path) -> None:
    """As for an import, the first on the path counts."""
    hidden = made(tmp_path / "old", "demo_manifests", "manifests = gone:f", version="1.1")
    demo = demo_maker(MANIFESTS_KEY, ADDONS)
    demo.cli("sync", **on_path(site, hidden))
    (problem,) = problems_of(demo, hidden, site)
    assert problem["message"].startswith("`gone:f` of demo_manifests 1.1 can't be loaded")


BROKEN = {
    "import": (
        "import not_installed\n",
        "ModuleNotFoundError: No module named 'not_installed'",
        "name the package of `not_installed` in `with`, or import it only where it is needed",
    ),
    "function": (
        "",
        "AttributeError: module 'broken_one' has no attribute 'f'",
        "check that the module defines `f`",
    ),
    "itself": ("1 / 0\n", "ZeroDivisionError: division by zero", "fix the module, or report it to whoever made it"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_distribution_is_blamed_and_other_problems_are_told(
    case: str, site: Path, demo_maker: DemoMaker, tmp_path: Path
) -> None:
    source, error, remedy = BROKEN[case]
    broken = made(tmp_path / "broken", "broken_one", "broken = broken_one:f", {"broken_one.py": source})
    key = '\n[tool.dyncachekeys.keys.bad]\nresolver = "broken"\n'
    demo = demo_maker(MANIFESTS_KEY + key + '\n[tool.dyncachekeys.keys.typo]\nresolver = "fiels"\n', ADDONS)
    problems = {one["where"]: one for one in problems_of(demo, site, broken)}
    assert set(problems) == {"tool.dyncachekeys.keys.bad.resolver", "tool.dyncachekeys.keys.typo.resolver"}
    assert problems["tool.dyncachekeys.keys.bad.resolver"] == {
        "code": "resolver-not-loaded",
        "where": "tool.dyncachekeys.keys.bad.resolver",
        "message": f"`broken_one:f` of broken_one 1.0 can't be loaded: {error}",
        "remedy": remedy,
    }


def test_module_that_a_distribution_promised_but_does_not_hold(demo_maker: DemoMaker, tmp_path: Path) -> None:
    """The remedy must not be the one for the project's own tree."""
    broken = made(tmp_path / "broken", "broken_one", "broken = broken_one:f")
    demo = demo_maker('[tool.dyncachekeys.keys.bad]\nresolver = "broken"\n')
    (problem,) = problems_of(demo, broken)
    assert "`broken_one:f` of broken_one 1.0 can't be loaded" in problem["message"]
    assert "plugin-path" not in problem["remedy"]


def test_broken_distribution_that_no_key_names_does_no_harm(site: Path, demo_maker: DemoMaker, tmp_path: Path) -> None:
    broken = made(tmp_path / "broken", "broken_one", "broken = broken_one:f", {"broken_one.py": "1 / 0\n"})
    demo = demo_maker(MANIFESTS_KEY, ADDONS)
    assert "Stamped demo" in demo.cli("sync", **on_path(broken, site)).stdout


@pytest.mark.parametrize(
    "files",
    [
        {"entry_points.txt": "[dyncachekeys.resolvers]\nno point at all\n", "METADATA": "Name: half\nVersion: 1\n"},
        {"entry_points.txt": "[dyncachekeys.resolvers]\nhalf = half:f\n"},
        {"METADATA": ""},
        {},
    ],
    ids=["invalid entry points", "no metadata", "empty metadata", "nothing"],
)
def test_half_removed_distribution_does_no_harm(
    files: Mapping[str, str], site: Path, demo_maker: DemoMaker, tmp_path: Path
) -> None:
    """An uninstall that was cut short leaves such a folder."""
    info = tmp_path / "half" / "half-1.dist-info"
    info.mkdir(parents=True)
    for name, text in files.items():
        (info / name).write_text(text, encoding="utf-8")
    demo = demo_maker(MANIFESTS_KEY, ADDONS)
    done = demo.cli("sync", check=False, **on_path(tmp_path / "half", site))
    assert done.returncode == 0, done.stderr
    assert "Stamped demo" in done.stdout


def test_name_of_a_built_in_cannot_be_taken(demo_maker: DemoMaker, tmp_path: Path) -> None:
    rival = made(tmp_path / "rival", "a_rival", "files = a_rival:f", {"a_rival.py": "1 / 0\n"})
    demo = demo_maker('[tool.dyncachekeys.keys.x]\nresolver = "files"\npatterns = ["build_backend/"]\n')
    assert "Stamped demo" in demo.cli("sync", **on_path(rival)).stdout


def test_built_ins_are_registered_like_a_strangers() -> None:
    installed = importlib.metadata.distribution("dyncachekeys").entry_points.select(group=registry.GROUP)
    assert {point.name: point.value for point in installed} == registry.BUILT_IN
    declared = tomli.loads(PROJECT.read_text(encoding="utf-8"))["project"]["entry-points"][registry.GROUP]
    assert declared == registry.BUILT_IN


@pytest.mark.parametrize("name", sorted(registry.BUILT_IN))
def test_built_in_is_found_and_loaded_by_its_entry_point(name: str) -> None:
    reference = registry.find(name, "tool.dyncachekeys.keys.x")
    (point,) = importlib.metadata.entry_points(group=registry.GROUP, name=name)
    assert (reference.origin, registry.load(reference, "x")) == ("built in", point.load())


def test_no_metadata_is_scanned_for_a_built_in(demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.x]\nresolver = "env"\nnames = ["CC"]\n')
    program = "import sys, dyncachekeys as d; d.sync('.'); print(*{one.partition('.')[0] for one in sys.modules})"
    loaded = demo.run(sys.executable, "-c", program).stdout.split()
    assert "dyncachekeys" in loaded
    assert "importlib_metadata" not in loaded


IN_TREE = {
    "at the root, which is the default": ("", "keys.py", "keys:found"),
    "in a package": ("", "build_tools/keys.py", "build_tools.keys:found"),
    "below plugin-path": ('[tool.dyncachekeys]\nplugin-path = ["tools"]\n', "tools/keys.py", "keys:found"),
    "second of plugin-path": ('[tool.dyncachekeys]\nplugin-path = ["no", "tools"]\n', "tools/keys.py", "keys:found"),
    "outside the project": ('[tool.dyncachekeys]\nplugin-path = ["../beside"]\n', "../beside/keys.py", "keys:found"),
    "attribute of a class": ("", "keys.py", "keys:Keys.found"),
}


@pytest.mark.parametrize("case", IN_TREE)
def test_function_in_the_tree(case: str, demo_maker: DemoMaker) -> None:
    table, path, resolver = IN_TREE[case]
    function = "def found(context, *, suffix='.c'):\n    yield from map(File, context.files([f'src/*{suffix}']))\n"
    source = "from dyncachekeys import File\n" + function + "class Keys:\n    found = staticmethod(found)\n"
    demo = demo_maker(
        f'{table}\n[tool.dyncachekeys.keys.own]\nresolver = "{resolver}"\nwatch = "digest"\nsuffix = ".pyx"\n',
        {path: source, "src/a.c": "", "src/b.pyx": ""},
    )
    first = demo.sync()
    assert [one.subject for one in first.keys[1].inputs] == ["src/b.pyx"]
    demo.write({"src/a.c": "int a;\n"})
    assert demo.sync().move == "kept"
    demo.write({"src/b.pyx": "changed = 1\n"})
    assert demo.sync().move == "moved"
    assert list(demo.root.rglob("*.pyc")) == []


def test_edit_right_before_a_sync_is_built_once(demo_maker: DemoMaker) -> None:
    """Also if it came within one tick of the clock, as in `generate && dyncachekeys run -- uv sync`."""
    source = "from dyncachekeys import File\ndef found(context):\n    yield File('data.txt')\n"
    demo = demo_maker('[tool.dyncachekeys.keys.own]\nresolver = "keys:found"\n', {"keys.py": source, "data.txt": "1"})
    demo.settled()
    demo.write({"data.txt": "2"})
    demo.sync()
    assert demo.uv_sync() == 1
    assert demo.both() == 0


def test_function_outside_plugin_path_is_not_found(demo_maker: DemoMaker) -> None:
    demo = demo_maker(
        '[tool.dyncachekeys]\nplugin-path = []\n[tool.dyncachekeys.keys.own]\nresolver = "keys:found"\n',
        {"tools/keys.py": "def found(context):\n    return []\n"},
    )
    assert told(refused(demo.root, demo.environ)) == (
        "[resolver-not-loaded] tool.dyncachekeys.keys.own.resolver\n"
        "  `keys:found` of the project's own tree can't be loaded: ModuleNotFoundError: No module named 'keys'\n"
        "  do: check the name, and that `plugin-path` names the folder that holds it\n"
    )
