"""What a backend reads besides code: manifests, pinned versions, hooks, sources beside the project (builds counted)."""

from __future__ import annotations

import pytest

from kit import DIGEST_TRANSPORT, Demo, DemoMaker

WATCH = pytest.mark.parametrize("watch", ["digest", "auto", DIGEST_TRANSPORT])
MANIFESTS = """
[tool.dyncachekeys.keys.addons]
resolver = "files"
patterns = ["addons/*/manifest.toml"]
"""
OWN = """
[tool.dyncachekeys.keys.own]
resolver = "build_tools.keys:keys"
"""
FIELDS = """\
import tomli
from dyncachekeys import Value, resolver


@resolver(tracked=True)
def keys(context):
    for path in context.files(["addons/*/manifest.toml"]):
        yield Value(path, tomli.loads(context.read_text(path)).get("depends", []))
"""
VERSION = """\
import ast
from dyncachekeys import Value, resolver


@resolver(tracked=True)
def keys(context):
    for node in ast.parse(context.read_text("src/pkg/__about__.py")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__version__":
            yield Value("version", ast.literal_eval(node.value))
"""


def _demo(demo_maker: DemoMaker, watch: str, keys: str, files: dict[str, str | bytes]) -> Demo:
    demo = demo_maker(f'[tool.dyncachekeys]\nwatch = "{watch}"\n' + keys, files)
    demo.settled()
    return demo


def _rebuilds(demo: Demo) -> None:
    assert demo.both() == 1
    assert demo.both() == 0


@WATCH
def test_manifests_found_at_run_time(demo_maker: DemoMaker, watch: str) -> None:
    """Case 4."""
    files: dict[str, str | bytes] = {f"addons/{name}/manifest.toml": f'depends = ["{name}"]\n' for name in "abc"}
    demo = _demo(demo_maker, watch, MANIFESTS, files)
    demo.write({"addons/b/manifest.toml": 'depends = ["x"]\n'})
    _rebuilds(demo)
    demo.write({"addons/d/manifest.toml": "depends = []\n"})
    _rebuilds(demo)
    (demo.root / "addons/a/manifest.toml").unlink()
    _rebuilds(demo)
    demo.write({"addons/d/readme.md": "not a manifest"})
    assert demo.both() == 0


@WATCH
def test_only_the_fields_that_are_read(demo_maker: DemoMaker, watch: str) -> None:
    """Case 5."""
    files: dict[str, str | bytes] = {
        "addons/a/manifest.toml": 'depends = ["x"]\nsummary = "one"\n',
        "build_tools/keys.py": FIELDS,
    }
    demo = _demo(demo_maker, watch, OWN, files)
    demo.write({"addons/a/manifest.toml": 'summary = "two"\ndepends = ["x"]\n'})
    assert demo.both() == 0
    demo.write({"addons/a/manifest.toml": 'depends = ["y"]\n'})
    _rebuilds(demo)


@WATCH
def test_what_setup_py_reads(demo_maker: DemoMaker, watch: str) -> None:
    """Case 6."""
    keys = '[tool.dyncachekeys.keys.backend]\nresolver = "backend"\n'
    keys += '[tool.dyncachekeys.keys.pinned]\nresolver = "files"\npatterns = ["pinned.txt"]\n'
    files: dict[str, str | bytes] = {
        "setup.py": "import versions\nopen('pinned.txt')\n",
        "versions.py": "A = 1\n",
        "pinned.txt": "one==1\n",
    }
    demo = _demo(demo_maker, watch, keys, files)
    for name in ("pinned.txt", "versions.py", "setup.py"):
        demo.append(name, "# more\n")
        _rebuilds(demo)


@WATCH
def test_a_hook_and_the_script_that_it_starts(demo_maker: DemoMaker, watch: str) -> None:
    """Case 7."""
    keys = '[tool.dyncachekeys.keys.backend]\nresolver = "backend"\n'
    keys += '[tool.dyncachekeys.keys.scripts]\nresolver = "files"\npatterns = ["tools/*.sh"]\n'
    keys += "[tool.hatch.build.hooks.custom]\n"
    files: dict[str, str | bytes] = {"hatch_build.py": "import helpers\n", "helpers.py": "", "tools/gen.sh": "true\n"}
    demo = _demo(demo_maker, watch, keys, files)
    for name in ("hatch_build.py", "helpers.py", "tools/gen.sh"):
        demo.append(name, "# more\n")
        _rebuilds(demo)


@WATCH
def test_the_value_of_a_version(demo_maker: DemoMaker, watch: str) -> None:
    """Case 11."""
    files: dict[str, str | bytes] = {"src/pkg/__about__.py": '__version__ = "1"\n', "build_tools/keys.py": VERSION}
    demo = _demo(demo_maker, watch, OWN, files)
    demo.write({"src/pkg/__about__.py": '# a comment\n__version__ = "1"\n'})
    assert demo.both() == 0
    demo.write({"src/pkg/__about__.py": '__version__ = "2"\n'})
    _rebuilds(demo)


@WATCH
def test_sources_beside_the_project(demo_maker: DemoMaker, watch: str) -> None:
    """Case 29."""
    keys = (
        '[tool.dyncachekeys.keys.out]\nresolver = "files"\npatterns = ["../crates/core/**/*.rs", "../proto/*.proto"]\n'
    )
    files: dict[str, str | bytes] = {"../crates/core/src/lib.rs": "1\n", "../proto/a.proto": "1\n"}
    demo = _demo(demo_maker, watch, keys, files)
    demo.append("../crates/core/src/lib.rs", "2\n")
    _rebuilds(demo)
    demo.write({"../proto/b.proto": "1\n"})
    _rebuilds(demo)
    (demo.root / "../proto/a.proto").unlink()
    _rebuilds(demo)
    demo.write({"../proto/readme.md": ""})
    assert demo.both() == 0


@WATCH
def test_flat_to_src_layout_and_back(demo_maker: DemoMaker, watch: str) -> None:
    """Case 31."""
    keys = '[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["pkg/", "src/pkg/"]\n'
    demo = _demo(demo_maker, watch, keys, {"pkg/__init__.py": ""})
    (demo.root / "src").mkdir()
    (demo.root / "pkg").rename(demo.root / "src/pkg")
    _rebuilds(demo)
    (demo.root / "src/pkg").rename(demo.root / "pkg")
    (demo.root / "src").rmdir()
    _rebuilds(demo)
