"""The `cmake` resolver with a real uv: when is there a build. In the tree, and from its wheel by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kit import Demo, DemoMaker

DISTRIBUTION = Path(__file__).parents[1]
BUILD = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
KEY = """
[tool.dyncachekeys]
plugin-path = ["plugins_src"]
watch = "{watch}"
[tool.dyncachekeys.keys.native]
resolver = "{resolver}"
"""
FILES = {
    "CMakeLists.txt": "",
    "src/one.c": "",
    "../common/shared.h": "",
    "../common/second.h": "",
    "../common/unused.h": "",
    "../.git/HEAD": "",
}


def project(demo_maker: DemoMaker, resolver: str, watch: str = "auto") -> Demo:
    demo = demo_maker(KEY.format(resolver=resolver, watch=watch), FILES)
    demo.append(".gitignore", "/build/\n")
    return demo


def compiled(demo: Demo, *headers: str) -> None:
    """Leave what a build leaves: an object, where headers were looked for, and the depfile."""
    named = " \\\n ".join(f"../../common/{name}" for name in headers)
    demo.write(
        {
            "build/CMakeCache.txt": "",
            "build/one.o": os.urandom(8),
            "build/flags.make": "C_INCLUDES = -I../../common\n",
            "build/one.o.d": f"one.o: ../src/one.c \\\n {named}\n",
        }
    )


@pytest.mark.parametrize("watch", ["auto", "digest"])
def test_builds_exactly_when_the_build_reads_a_change(demo_maker: DemoMaker, watch: str) -> None:
    demo = project(demo_maker, "dyncachekeys_cmake:cmake", watch)
    shutil.copytree(DISTRIBUTION / "src", demo.root / "plugins_src", ignore=shutil.ignore_patterns("__pycache__"))
    demo.settled()
    demo.append("src/one.c", "int one;\n")
    assert demo.both() == 1
    compiled(demo, "shared.h")
    # Named for the first time, and no pattern of sources covers it. By its time uv has built with it.
    assert demo.both() == (1 if watch == "digest" else 0)
    compiled(demo, "shared.h")
    assert demo.both() == 0  # every build writes the records again
    demo.append("../common/shared.h", "// edited\n")
    assert (demo.both(), demo.both()) == (1, 0)
    demo.append("../common/unused.h", "// edited\n")
    demo.write({"build/version.h": "made\n"})
    assert demo.both() == 0
    demo.append("CMakeLists.txt", "# edited\n")
    assert (demo.both(), demo.both()) == (1, 0)


def test_new_and_deleted_includes_cost_one_build(demo_maker: DemoMaker) -> None:
    demo = project(demo_maker, "dyncachekeys_cmake:cmake", "digest")
    shutil.copytree(DISTRIBUTION / "src", demo.root / "plugins_src", ignore=shutil.ignore_patterns("__pycache__"))
    compiled(demo, "shared.h")
    demo.settled()
    demo.append("src/one.c", '#include "second.h"\n')
    assert demo.both() == 1
    compiled(demo, "shared.h", "second.h")
    assert demo.both() == 0
    demo.append("../common/second.h", "// edited\n")
    assert demo.both() == 1
    (demo.root / "../common/shared.h").unlink()
    assert demo.both() == 1
    compiled(demo, "second.h")
    assert demo.both() == 0


def test_from_its_wheel_by_name(demo_maker: DemoMaker, tmp_path: Path) -> None:
    shutil.copytree(DISTRIBUTION, tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__", "tests"))
    subprocess.run(
        [sys.executable, "-c", BUILD, tmp_path], cwd=tmp_path / "source", check=True, stdout=subprocess.DEVNULL
    )
    (wheel,) = tmp_path.glob("*.whl")
    options = ["--isolated", "--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", tmp_path / "site", wheel], check=True)
    demo = project(demo_maker, "cmake")
    compiled(demo, "shared.h")
    site = os.fspath(tmp_path / "site")
    assert "../common/shared.h" in demo.cli("show", "native", PYTHONPATH=site).stdout
    demo.cli("sync", PYTHONPATH=site)
    assert demo.uv_sync() == 1
    demo.append("../common/shared.h", "// edited\n")
    demo.cli("sync", PYTHONPATH=site)
    assert demo.uv_sync() == 1
    assert "is in sync" in demo.cli("sync", PYTHONPATH=site).stdout
