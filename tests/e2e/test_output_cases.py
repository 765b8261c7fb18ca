"""Products of the build that go missing (cases 30 and 44), counted with the real uv."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dyncachekeys
from kit import BACKEND, DIGEST_TRANSPORT, Demo, DemoMaker

WRITING = BACKEND.replace(
    "def _build(directory):\n",
    "def _build(directory):\n    for made in os.environ.get('MAKES', 'pkg/_version.py').split():\n"
    "        Path(made).parent.mkdir(exist_ok=True, parents=True)\n        Path(made).write_text('made')\n",
)
CONFIG = """
[tool.dyncachekeys]
watch = "{watch}"
[tool.dyncachekeys.keys.made]
resolver = "outputs"
patterns = {patterns}
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["pkg/*.c"]
"""
IGNORE = "/.dyncachekeys/\n/.venv/\n/uv.lock\n__pycache__/\n_version.py\n*.so\n"


def _demo(demo_maker: DemoMaker, watch: str, *patterns: str) -> Demo:
    config = CONFIG.format(watch=watch, patterns=list(patterns))
    files = {"build_backend/core.py": WRITING, "pkg/a.c": "a", ".gitignore": IGNORE}
    return demo_maker(config, files)


WATCH = pytest.mark.parametrize("watch", ["digest", "auto", DIGEST_TRANSPORT])


@WATCH
def test_a_missing_product_forces_one_build_each_time(demo_maker: DemoMaker, watch: str) -> None:
    """Case 30."""
    demo = _demo(demo_maker, watch, "pkg/_version.py")
    demo.settled()
    for _ in range(3):
        demo.tick()
        (demo.root / "pkg/_version.py").unlink()
        report = demo.sync()
        assert report.why == ("pkg/_version.py is missing, which a build makes",)
        assert demo.uv_sync() == 1
        assert (demo.root / "pkg/_version.py").exists()
        assert demo.both() == 0
        assert demo.both() == 0


@WATCH
def test_removed_again_with_no_sync_between(demo_maker: DemoMaker, watch: str) -> None:
    """Case 44: with `run`, the sync comes before the build that makes it."""
    demo = _demo(demo_maker, watch, "pkg/_version.py")
    demo.settled()
    for _ in range(3):
        demo.tick()
        (demo.root / "pkg/_version.py").unlink()
        assert demo.both() == 1
    assert demo.both() == 0


def test_asked_for_once_while_uv_has_not_built(demo_maker: DemoMaker) -> None:
    demo = _demo(demo_maker, "digest", "pkg/_version.py")
    demo.settled()
    (demo.root / "pkg/_version.py").unlink()
    assert demo.sync().move == "moved"
    assert [demo.sync().move for _ in range(3)] == ["kept"] * 3
    assert demo.uv_sync() == 1
    assert demo.both() == 0


def test_what_the_build_does_not_make_is_told_and_not_asked_for_again(demo_maker: DemoMaker) -> None:
    demo = _demo(demo_maker, "digest", "pkg/_version.py", "pkg/other.so")
    assert demo.both() == 1
    report = demo.sync()
    assert [(one.code, one.message) for one in report.warnings if one.code == "product-not-made"] == [
        (
            "product-not-made",
            "`pkg/other.so` is not there, and the last build did not make it: take it out of the key, if no build makes it",
        )
    ]
    assert demo.uv_sync() == 0
    for number in range(3):
        demo.write({"pkg/a.c": f"{number}"})
        assert demo.both() == 1
        assert demo.both() == 0
    demo.write({"pkg/other.so": ""})
    assert demo.sync().warnings == ()
    (demo.root / "pkg/other.so").unlink()
    assert demo.both() == 1
    assert demo.both() == 0


def test_a_glob_whose_products_get_other_names(demo_maker: DemoMaker) -> None:
    demo = _demo(demo_maker, "digest", "pkg/*.so")
    assert demo.both(MAKES="pkg/one.so") == 1
    assert demo.both() == 0
    demo.write({"pkg/a.c": "b"})
    (demo.root / "pkg/one.so").unlink()
    assert demo.both(MAKES="pkg/two.so") == 1
    report = demo.sync()
    assert (report.move, report.warnings) == ("kept", ())
    (demo.root / "pkg/two.so").unlink()
    assert demo.both(MAKES="pkg/two.so") == 1
    assert demo.both() == 0


def test_products_enter_no_digest(demo_maker: DemoMaker) -> None:
    demo = _demo(demo_maker, "digest", "pkg/_version.py")
    demo.settled()
    digest = demo.sync().digest
    demo.write({"pkg/_version.py": "other"})
    report = demo.sync()
    assert (report.digest, report.move) == (digest, "kept")
    (demo.root / "pkg/_version.py").unlink()
    assert demo.sync().digest == digest


def test_git_clean(demo_maker: DemoMaker) -> None:
    demo = _demo(demo_maker, "auto", "pkg/_version.py")
    demo.git("init", "--quiet")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message", "all")
    demo.settled()
    demo.git("clean", "--quiet", "-xd", "--force", "pkg")
    assert demo.both() == 1
    assert demo.both() == 0


def test_a_quiet_run_notices_a_missing_product(demo_maker: DemoMaker) -> None:
    demo = _demo(demo_maker, "digest", "pkg/_version.py")
    demo.settled()
    (demo.root / "pkg/_version.py").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "dyncachekeys", "sync"],
        *(),
        cwd=demo.root,
        env=demo.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert " ! pkg/_version.py is missing, which a build makes" in done.stdout.splitlines()
    assert not dyncachekeys.check(demo.root, demo.environ).changed
