"""The `cargo` resolver with a real uv: when is there a build. In the tree, and from its wheel by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kit import Demo, DemoMaker

DISTRIBUTION = Path(__file__).parents[1]
EXAMPLE = Path(__file__).with_name("example")
BUILD = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
KEY = """
[tool.dyncachekeys]
plugin-path = ["plugins_src"]
watch = "{watch}"
[tool.dyncachekeys.keys.rust]
resolver = "{resolver}"
manifest = "crates/app/Cargo.toml"
"""


def example(demo_maker: DemoMaker, resolver: str, watch: str = "auto") -> Demo:
    """Return the example's crates in a project that uv can build without Rust."""
    demo = demo_maker(KEY.format(resolver=resolver, watch=watch))
    for name in ("crates", "vendor", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"):
        source, target = EXAMPLE / name, demo.root / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
    return demo


@pytest.mark.parametrize("watch", ["auto", "digest"])
def test_builds_exactly_when_the_crate_would_change(demo_maker: DemoMaker, watch: str) -> None:
    demo = example(demo_maker, "dyncachekeys_cargo:cargo", watch)
    shutil.copytree(DISTRIBUTION / "src", demo.root / "plugins_src", ignore=shutil.ignore_patterns("__pycache__"))
    demo.settled()
    demo.append("crates/base/rust/inner.rs", "// two crates away\n")
    assert (demo.both(), demo.both()) == (1, 0)
    demo.append("crates/unrelated/src/lib.rs", "// not of this build\n")
    demo.append("crates/unrelated/Cargo.toml", "# not of this build\n")
    demo.append("crates/testing/src/lib.rs", "// only for tests\n")
    assert demo.both() == 0
    demo.append("crates/app/src/help.txt", "included\n")
    assert (demo.both(), demo.both()) == (1, 0)
    demo.write({"crates/core_of_it/src/new.rs": ""})
    assert (demo.both(), demo.both()) == (1, 0)
    demo.write({"crates/.cargo/config.toml": "[build]\n"})
    assert (demo.both(), demo.both()) == (1, 0)
    (demo.root / "Cargo.lock").unlink()
    assert (demo.both(), demo.both()) == (1, 0)
    assert demo.both(RUSTFLAGS="-Ctarget-cpu=native") == 1
    assert demo.both(RUSTFLAGS="-Ctarget-cpu=native") == 0
    assert demo.both() == 1


def test_from_its_wheel_by_name(demo_maker: DemoMaker, tmp_path: Path) -> None:
    shutil.copytree(DISTRIBUTION, tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__", "tests"))
    subprocess.run(
        [sys.executable, "-c", BUILD, tmp_path], cwd=tmp_path / "source", check=True, stdout=subprocess.DEVNULL
    )
    (wheel,) = tmp_path.glob("*.whl")
    options = ["--isolated", "--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", tmp_path / "site", wheel], check=True)
    demo = example(demo_maker, "cargo")
    site = os.fspath(tmp_path / "site")
    shown = demo.cli("show", "rust", PYTHONPATH=site)
    assert "crates/base/rust/inner.rs" in shown.stdout
    demo.cli("sync", PYTHONPATH=site)
    assert demo.uv_sync() == 1
    demo.append("crates/base/rust/inner.rs", "// edited\n")
    demo.cli("sync", PYTHONPATH=site)
    assert demo.uv_sync() == 1
    assert "is in sync" in demo.cli("sync", PYTHONPATH=site).stdout
