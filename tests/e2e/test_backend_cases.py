"""The in-tree build backend and what it imports: cases 1, 2, 3, 8 and 9 of the collected situations."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest

from kit import BACKEND_KEY, Demo, DemoMaker, make_wheel

EXACT = '\n[tool.dyncachekeys]\nwatch = "digest"\n' + BACKEND_KEY
TRANSPORT = pytest.param(EXACT.replace('watch = "', 'transport = "'), id="transport", marks=pytest.mark.thorough)
WATCHES = pytest.mark.parametrize(
    "config", [pytest.param(BACKEND_KEY, id="auto"), pytest.param(EXACT, id="digest"), TRANSPORT]
)
HELPER = """\
import importlib

from build_backend import sub
from build_backend.deeper import third

literal = importlib.import_module("build_backend.by_name")
try:
    from build_backend import optional
except ImportError:
    optional = None


def dependencies():
    return []
"""
FILES = {
    "build_backend/helper.py": HELPER,
    "build_backend/deeper.py": "from . import third\n",
    "build_backend/third.py": "",
    "build_backend/by_name.py": "",
    "build_backend/sub/__init__.py": "from .inner import NAME\n",
    "build_backend/sub/inner.py": "NAME = 1\n",
    "build_backend/not_imported.py": "",
    "tool.py": "",
}
PATHS = {
    "the-backend": "build_backend/core.py",
    "its-package": "build_backend/__init__.py",
    "a-helper": "build_backend/helper.py",
    "what-a-helper-imports": "build_backend/third.py",
    "import_module": "build_backend/by_name.py",
    "init-of-a-subpackage": "build_backend/sub/__init__.py",
    "relative-import": "build_backend/sub/inner.py",
}
IMPORTED = pytest.mark.parametrize("edited", [pytest.param(path, id=name) for name, path in PATHS.items()])
NOT_IMPORTED = pytest.mark.parametrize("edited", ["build_backend/not_imported.py", "tool.py"])


@IMPORTED
def test_plain_uv_sees_an_edit_of_what_the_backend_imports(demo_maker: DemoMaker, edited: str) -> None:
    """Cases 1 and 2, with no dyncachekeys run between."""
    demo = demo_maker(BACKEND_KEY, FILES)
    assert demo.both() == 1
    demo.append(edited, "\nEDITED = True\n")
    assert demo.uv_sync() == 1
    assert demo.uv_sync() == 0
    assert demo.both() == 0


@WATCHES
@IMPORTED
def test_sync_sees_an_edit_of_what_the_backend_imports(demo_maker: DemoMaker, config: str, edited: str) -> None:
    """Cases 1 and 2."""
    demo = demo_maker(config, FILES)
    assert demo.both() == 1
    demo.append(edited, "\nEDITED = True\n")
    assert demo.both() == 1
    assert demo.both() == 0


@WATCHES
@NOT_IMPORTED
def test_what_the_backend_does_not_import_does_not_count(demo_maker: DemoMaker, config: str, edited: str) -> None:
    """Case 3."""
    demo = demo_maker(config, FILES)
    assert demo.both() == 1
    demo.append(edited, "\nEDITED = True\n")
    assert demo.uv_sync() == 0
    assert demo.both() == 0


def _add_what_is_imported_if_there(demo: Demo) -> None:
    demo.write({"build_backend/optional.py": ""})


def _add_what_shadows(demo: Demo) -> None:
    demo.write({"build_backend/third/__init__.py": "SHADOWS = True\n"})


@WATCHES
@pytest.mark.parametrize("add", [_add_what_is_imported_if_there, _add_what_shadows])
def test_an_added_module_is_built_once(demo_maker: DemoMaker, config: str, add: Callable[[Demo], None]) -> None:
    demo = demo_maker(config, FILES)
    demo.settled()
    add(demo)
    assert demo.both() == 1
    assert demo.both() == 0


@WATCHES
def test_a_deleted_module_that_is_not_the_newest_is_built_once(demo_maker: DemoMaker, config: str) -> None:
    demo = demo_maker(config)
    demo.write({"build_backend/optional.py": ""})
    demo.tick()
    demo.write(FILES)
    demo.settled()
    (demo.root / "build_backend/optional.py").unlink()
    assert demo.both() == 1
    assert demo.both() == 0


@WATCHES
def test_deleting_what_is_not_imported_does_not_count(demo_maker: DemoMaker, config: str) -> None:
    demo = demo_maker(config, FILES)
    demo.settled()
    (demo.root / "build_backend/not_imported.py").unlink()
    assert demo.both() == 0


@pytest.mark.parametrize(("config", "with_sync"), [(BACKEND_KEY, False), (BACKEND_KEY, True), (EXACT, True)])
@pytest.mark.parametrize("edited", ["build_backend/core.py", "build_backend/third.py"])
def test_the_error_of_a_broken_backend_reaches_the_user(
    demo_maker: DemoMaker, config: str, edited: str, with_sync: bool
) -> None:
    """Case 8: on the next ``uv sync`` and on each one after it, until it is mended."""
    demo = demo_maker(config, FILES)
    demo.settled()
    demo.append(edited, "\nraise RuntimeError('this must ' + 'reach the user')\n")
    for _ in range(2):
        if with_sync:
            demo.sync()
        failed = demo.uv("sync", check=False)
        assert failed.returncode != 0
        assert "this must reach the user" in failed.stderr
    demo.edit(edited, "\nraise RuntimeError('this must ' + 'reach the user')\n", "")
    if with_sync:
        demo.sync()
    # Under `digest` the installed build is of this very content, and uv may keep it.
    assert demo.uv_sync() == (0 if config == EXACT else 1)
    assert demo.both() == 0


@WATCHES
def test_a_backend_that_does_not_parse_is_built_and_its_error_shown(demo_maker: DemoMaker, config: str) -> None:
    """Case 8, where reading is of no help."""
    demo = demo_maker(config, FILES)
    demo.settled()
    demo.append("build_backend/third.py", "\ndef broken(:\n")
    demo.sync()
    failed = demo.uv("sync", check=False)
    assert failed.returncode != 0
    assert "SyntaxError" in failed.stderr
    demo.edit("build_backend/third.py", "\ndef broken(:\n", "\nMENDED = True\n")
    assert demo.both() == 1
    assert demo.both() == 0


@WATCHES
def test_a_build_requirement_that_is_not_installed_here(demo_maker: DemoMaker, config: str) -> None:
    """Case 9: nothing is imported, so what the backend imports from elsewhere need not be there."""
    assert importlib.util.find_spec("demo_requirement") is None
    demo = demo_maker(config)
    make_wheel(demo.beside / "wheels", "demo_requirement", {"demo_requirement.py": "NOTHING = []\n"})
    demo.edit("pyproject.toml", "requires = []", 'requires = ["demo_requirement"]')
    demo.append("pyproject.toml", '\n[tool.uv]\nfind-links = ["../beside/wheels"]\n')
    helper = "import demo_requirement\n\n\ndef dependencies():\n    return demo_requirement.NOTHING\n"
    demo.write({"build_backend/helper.py": helper})
    report = demo.sync()
    found = {one.subject for key in report.keys if key.name == "backend" for one in key.inputs}
    assert {"build_backend/core.py", "build_backend/helper.py"} <= found
    assert demo.uv_sync() == 1
    demo.append("build_backend/helper.py", "\nEDITED = True\n")
    assert demo.both() == 1
    assert demo.both() == 0
