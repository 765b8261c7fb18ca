"""Real cargo, offline: its dep-info, its build scripts and its manifests say what counts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from native import SCRIPT, Watched, left, needs, project, watched

pytestmark = needs("cargo", "rustc")

FILES = {
    "Cargo.toml": """\
        [package]
        name = "demo-rs"
        version = "0.1.0"
        edition = "2021"
        [lib]
        crate-type = ["cdylib"]
        [dependencies]
        helper = { path = "crates/helper" }
        [workspace]
        members = ["crates/*"]
        """,
    "build.rs": """\
        fn main() {
            println!("cargo:rerun-if-changed=schema.txt");
            println!("cargo:rerun-if-changed=data");
            println!("cargo:rerun-if-changed=not-there.txt");
            println!("cargo::rerun-if-env-changed=DEMO_SCRIPT");
            println!("cargo:rerun-if-env-changed=TARGET");
            println!("cargo:rustc-env=DEMO_MADE=1");
        }
        """,
    "schema.txt": "x",
    "data/deep/one.txt": "x",
    "src/lib.rs": 'mod two;\npub const A: &str = include_str!("../text/in.txt");\npub const B: Option<&str> = option_env!("DEMO_RUST");\n'
    'pub const C: &str = env!("DEMO_MADE");\n',
    "src/two.rs": 'pub const N: &str = env!("CARGO_PKG_NAME");\npub use helper::h;\n',
    "text/in.txt": "x",
    "crates/helper/Cargo.toml": '[package]\nname = "helper"\nversion = "0.1.0"\nedition = "2021"\n',
    "crates/helper/src/lib.rs": "pub fn h() {}\n",
    "crates/helper/build.rs": "fn main() {}\n",
    "crates/helper/notes.txt": "without any word of cargo's, all counts",
    "crates/other/Cargo.toml": '[package]\nname = "other"\nversion = "0.1.0"\nedition = "2021"\n',
    "crates/other/src/lib.rs": "",
    ".cargo/config.toml": "[net]\noffline = true\n",
}
READ = {
    *("Cargo.toml", ".cargo/config.toml", "build.rs", "schema.txt", "data/deep/one.txt", "src/lib.rs"),
    *("src/two.rs", "text/in.txt"),
    *(f"crates/helper/{name}" for name in ("Cargo.toml", "src/lib.rs", "build.rs", "notes.txt")),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that has been built, as building takes a while."""
    root = project(tmp_path_factory.mktemp("cargo"), FILES)
    code = "import subprocess\nsubprocess.run(['cargo', 'build', '-q', '--release', '--offline'], check=True)\n"
    watched(root, code, strace=False)
    return root


def again(built: Path, folder: Path, code: str, *, check: bool = True) -> Watched:
    """Run a script in a copy of the project, with the times of its files."""
    shutil.copytree(built, folder / "project", symlinks=True)
    return watched((folder / "project").resolve(), code, strace=False, check=check)


def test_a_first_build(built: Path) -> None:
    facts = left(built)
    inside = {(fact.what, fact.subject.removeprefix(f"{built}/")) for fact in facts}
    assert {path for what, path in inside if what == "read"} == READ
    assert {path for what, path in inside if what == "updated"} == {"Cargo.lock"}
    assert {"data", "data/deep"} <= {path for what, path in inside if what == "listed"}
    assert {"not-there.txt", "rust-toolchain.toml"} <= {path for what, path in inside if what == "missing"}
    assert {path for what, path in inside if what == "written"} == {"target"}
    assert {fact.who for fact in facts if fact.what != "variable"} == {f"project:{SCRIPT}:2"}
    asked = {fact.subject: fact.who for fact in facts if fact.what == "variable"}
    assert asked == {"DEMO_RUST": "project:src/lib.rs:3", "DEMO_SCRIPT": "project:build.rs:5"}


def test_one_that_has_nothing_to_do(built: Path, tmp_path: Path) -> None:
    code = "import subprocess\nsubprocess.run('cargo build -q --release --offline'.split(), check=True)\n"
    found = again(built, tmp_path, code)
    assert found.paths("read") == READ
    assert found.askers("unseen") == {}
    assert found.askers("variable")["RUSTFLAGS"] == f"project:{SCRIPT}:2"


def test_a_target_that_is_removed(tmp_path: Path) -> None:
    code = """
        import os, subprocess, tempfile
        with tempfile.TemporaryDirectory() as folder:
            os.environ["DEMO_RUST"] = "x"
            words = ["cargo", "rustc", "-q", "--profile=dev", "--offline", "--manifest-path", "../project/Cargo.toml"]
            subprocess.run(words, env={**os.environ, "CARGO_TARGET_DIR": folder}, check=True, cwd="text")
        """
    found = watched(project(tmp_path, FILES), code.replace("../project", ".."), strace=False)
    assert found.paths("read") == READ
    assert {fact.subject for fact in found.left if fact.what == "variable"} == {"DEMO_SCRIPT"}


def test_another_profile_does_not_count(built: Path, tmp_path: Path) -> None:
    code = "import subprocess\nsubprocess.run('cargo build -q --offline --config nonsense'.split())\n"
    found = again(built, tmp_path, code)
    assert "src/lib.rs" not in found.paths("read")
    assert {"Cargo.toml", "crates/helper/Cargo.toml"} <= found.paths("read")


@pytest.mark.parametrize("size", [0, 1, 60])
def test_what_is_cut_off_or_broken_is_no_error(built: Path, tmp_path: Path, size: int) -> None:
    shutil.copytree(built.parent, tmp_path / "all", symlinks=True)
    root = (tmp_path / "all/project").resolve()
    for path in [*root.glob("target/release/**/*.d"), *root.glob("target/release/build/*/output")]:
        path.write_bytes(path.read_bytes()[:size] + b"\xff\x00\xfe")
    left(root)
    for path in root.rglob("Cargo.toml"):
        path.write_bytes(b"[broken")
    left(root)


def test_questions_leave_nothing(tmp_path: Path) -> None:
    root = project(tmp_path, {})
    code = "import subprocess\nfor word in ('-V', '--version', '-vV'):\n    subprocess.run(['cargo', word], check=True)\n    subprocess.run(['rustc', word], check=True)\n"
    found = watched(root, code, strace=False)
    assert (found.left, found.askers("unseen")) == ([], {})
