"""The `cargo` resolver: each rule on a small tree, and a Rust-shaped example whose right answer is written down."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys_cargo.scan import named_in, rerun_in
from kit import Demo, DemoMaker, refused
from native import needs

SOURCE = Path(__file__).parents[1] / "src" / "dyncachekeys_cargo"
EXAMPLE = Path(__file__).with_name("example")
CONFIG = """
[tool.dyncachekeys]
defaults = false
plugin-path = ["plugins_src"]
[tool.dyncachekeys.keys.rust]
resolver = "dyncachekeys_cargo:cargo"
"""
CRATE = '[package]\nname = "it"\n'
Rust = Callable[..., Demo]
Found = dict[str, str]


def copied(folder: Path) -> None:
    """Put the package where the example's and the demos' plugin path finds it."""
    shutil.copytree(SOURCE, folder / "plugins_src" / SOURCE.name, ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture
def rust(demo_maker: DemoMaker) -> Rust:
    def make(files: Mapping[str, str], more: str = "") -> Demo:
        demo = demo_maker(CONFIG + more, files)
        copied(demo.root)
        (demo.root / ".git").mkdir()  # the repository ends here, wherever the tests run
        return demo

    return make


def inputs(root: Path, environ: Mapping[str, str]) -> Found:
    (key,) = dyncachekeys.resolve(root, environ).keys
    return {f"{one.kind} {one.subject}": one.reason for one in key.inputs if one.state != "missing"}


def found(demo: Demo, **environ: str) -> Found:
    """Return the files that are there, with their reasons."""
    every = inputs(demo.root, {**demo.environ, **environ})
    return {subject.removeprefix("file "): why for subject, why in every.items() if subject.startswith("file ")}


def said(demo: Demo) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in dyncachekeys.resolve(demo.root, demo.environ).notices]


def crate(name: str, rest: str = "") -> dict[str, str]:
    return {f"{name}/Cargo.toml": CRATE + rest, f"{name}/src/lib.rs": ""}


def test_the_example(tmp_path: Path) -> None:
    root = tmp_path / "example"
    shutil.copytree(EXAMPLE, root)
    copied(root)
    (root / ".git").mkdir()
    (key,) = dyncachekeys.resolve(root, {}).keys
    lines = [
        f"{one.kind} {one.subject} | {one.reason}{' (not there)' if one.state in {'missing', 'unset'} else ''}"
        for one in key.inputs
    ]
    assert lines == (EXAMPLE / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert not key.runs_each_time


@needs("cargo")
def test_the_example_against_cargo_itself(tmp_path: Path) -> None:
    root, target = tmp_path / "example", tmp_path / "target"
    shutil.copytree(EXAMPLE, root)
    (root / "rust-toolchain.toml").unlink()  # no toolchain is to be installed for a test
    command = [
        "cargo",
        "build",
        "--offline",
        "--manifest-path",
        "crates/app/Cargo.toml",
        "--target-dir",
        os.fspath(target),
    ]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    named = {word for one in target.rglob("*.d") for word in re.split(r":?\s", one.read_text(encoding="utf-8"))}
    read = {os.path.relpath(root / word, root) for word in named if word and (root / word).is_file()}
    read = {path for path in read if not path.startswith("..")}
    copied(root)
    (root / ".git").mkdir()
    ours = {subject.removeprefix("file ") for subject in inputs(root, {}) if subject.startswith("file ")}
    assert read <= ours
    manifests = {path for path in ours if path.endswith(("Cargo.toml", "Cargo.lock", "config.toml"))}
    assert ours - read == manifests


def test_a_lone_crate(rust: Rust) -> None:
    demo = rust({"Cargo.toml": CRATE, "Cargo.lock": "", "build.rs": "", "src/lib.rs": "", "src/a/b.rs": "", "x.rs": ""})
    assert found(demo) == {
        "Cargo.toml": "the crate that is built",
        "Cargo.lock": "chooses the versions of dependencies",
        "build.rs": "build script",
        "src/lib.rs": "matches src/**/*.rs",
        "src/a/b.rs": "matches src/**/*.rs",
    }


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ('[dependencies]\nother = { path = "other" }', "path dependency of Cargo.toml"),
        ('[dependencies.other]\npath = "./other/"\noptional = true', "path dependency of Cargo.toml"),
        ('[build-dependencies]\nother = { path = "other" }', "build dependency of Cargo.toml"),
        ("[target.'cfg(windows)'.dependencies]\nother = { path = \"other\" }", "path dependency of Cargo.toml"),
        ('[target.x86_64-pc-windows-gnu.build-dependencies.other]\npath = "other"', "build dependency of Cargo.toml"),
        ('[patch.crates-io]\nother = { path = "other" }', "patch of Cargo.toml"),
        ('[patch."https://example.org/x"]\nother = { path = "other" }', "patch of Cargo.toml"),
        ('[replace]\n"other:0.1.0" = { path = "other" }', "replace of Cargo.toml"),
        ('[dev-dependencies]\nother = { path = "other" }', None),
        ('[dependencies]\nother = "1"', None),
        ('[dependencies]\nother = { git = "https://example.org/x" }', None),
        ('[workspace]\nmembers = ["other"]', None),
    ],
)
def test_what_leads_to_another_crate(rust: Rust, rest: str, reason: str | None) -> None:
    demo = rust({"Cargo.toml": CRATE + rest, **crate("other")})
    assert found(demo).get("other/Cargo.toml") == reason
    assert ("other/src/lib.rs" in found(demo)) == (reason is not None)


def test_dependencies_of_dependencies_beside_the_project_and_in_a_circle(rust: Rust) -> None:
    one = '[dependencies]\ntwo = { path = "../two" }\n'
    two = '[dependencies]\nhome = { path = "../demo" }\n'
    start = '[dependencies]\none = { path = "../one" }\n'
    demo = rust({"Cargo.toml": CRATE + start, **crate("../one", one), **crate("../two", two)})
    assert set(found(demo)) == {
        "Cargo.toml",
        *("../one/Cargo.toml", "../one/src/lib.rs", "../two/Cargo.toml", "../two/src/lib.rs"),
    }


def test_inherited_from_the_workspace_above(rust: Rust) -> None:
    root = '[workspace]\nmembers = ["demo"]\n[workspace.dependencies]\nother = { path = "libs/other" }\n'
    demo = rust(
        {
            "Cargo.toml": CRATE + "[dependencies]\nother.workspace = true\n",
            "../Cargo.toml": root,
            "../Cargo.lock": "",
            **crate("../libs/other"),
        }
    )
    every = found(demo)
    assert every["../Cargo.toml"] == "workspace of Cargo.toml"
    assert every["../Cargo.lock"] == "chooses the versions of dependencies"
    assert every["../libs/other/Cargo.toml"] == "path dependency of Cargo.toml"


def test_workspace_that_a_crate_names(rust: Rust) -> None:
    demo = rust({"Cargo.toml": CRATE + 'workspace = "../far"\n', "../far/Cargo.toml": "[workspace]\n"})
    assert "../far/Cargo.toml" in found(demo)


def test_workspace_that_excludes_a_crate(rust: Rust) -> None:
    demo = rust(
        {"rust/Cargo.toml": CRATE, "Cargo.toml": '[workspace]\nexclude = ["rust"]\n'}, 'manifest = "rust/Cargo.toml"'
    )
    assert set(found(demo)) == {"rust/Cargo.toml"}


def test_an_overridden_crate_only_counts_in_the_workspace_that_is_built(rust: Rust) -> None:
    patch = '[patch.crates-io]\nthird = { path = "../third" }\n[workspace]\n'
    start = '[dependencies]\nother = { path = "../other" }\n'
    demo = rust({"Cargo.toml": CRATE + start, **crate("../other", patch), **crate("../third")})
    assert "../third/Cargo.toml" not in found(demo)


def test_a_manifest_without_a_package_stands_for_its_members(rust: Rust) -> None:
    demo = rust({"Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n', **crate("crates/a"), **crate("crates/b")})
    assert found(demo)["crates/b/Cargo.toml"] == "member of Cargo.toml"
    demo.write({"Cargo.toml": '[workspace]\nmembers = ["crates/*"]\ndefault-members = ["./crates/a/"]\n'})
    assert set(found(demo)) == {"Cargo.toml", "crates/a/Cargo.toml", "crates/a/src/lib.rs"}


@pytest.mark.parametrize(
    ("rest", "chosen"),
    [
        ('build = "tools/make.rs"', {"tools/make.rs", "tools/help.rs"}),
        ("build = false", set()),
        ("build = true", {"build.rs"}),
        ('[lib]\npath = "tools/make.rs"', {"build.rs", "tools/make.rs", "tools/help.rs"}),
        ('[[bin]]\nname = "x"\npath = "tools/make.rs"', {"build.rs", "tools/make.rs", "tools/help.rs"}),
        ('[lib]\npath = "entry.rs"', {"build.rs", "entry.rs", "side.rs", "side/deep.rs"}),
        ('[[example]]\nname = "x"\npath = "tools/make.rs"', {"build.rs"}),
    ],
)
def test_where_sources_are(rust: Rust, rest: str, chosen: set[str]) -> None:
    names = ("build.rs", "tools/make.rs", "tools/help.rs", "tests/all.rs", "other.rs", "side/deep.rs")
    sources = {**dict.fromkeys(names, ""), "entry.rs": "mod side;\nmod gone;", "side.rs": "pub mod deep;"}
    assert set(found(rust({"Cargo.toml": CRATE + rest, **sources}))) == {"Cargo.toml", *chosen}


def test_ignored_sources(rust: Rust) -> None:
    files = {"Cargo.toml": CRATE, "src/lib.rs": "", "src/made.rs": "", "src/.gitignore": "made.rs\n"}
    demo = rust(files)
    assert "src/made.rs" not in found(demo)
    demo.append("pyproject.toml", "gitignore = false\n")
    assert found(demo)["src/made.rs"] == "matches src/**/*.rs"


def test_folder_with_a_name_like_a_pattern(rust: Rust) -> None:
    files = {**crate("a[b]*"), **crate("#c"), "ab/src/lib.rs": ""}
    rest = '[dependencies]\nx = { path = "a[b]*" }\ny = { path = "#c" }\n'
    demo = rust({"Cargo.toml": CRATE + rest, **files})
    assert set(found(demo)) == {"Cargo.toml", "a[b]*/Cargo.toml", "a[b]*/src/lib.rs", "#c/Cargo.toml", "#c/src/lib.rs"}


SCANNED = {
    'include_str!("a.txt")': [("file", "a.txt")],
    'include_bytes! ( "../a" )': [("file", "../a")],
    'include!["a.rs"]': [("file", "a.rs")],
    'std::include_str!(r"a.txt")': [("file", "a.txt")],
    '#![doc = include_str!("../README.md")]': [("file", "../README.md")],
    'include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/a"))': [("crate-file", "/a")],
    'include!(concat!(env!("OUT_DIR"), "/made.rs"))': [],
    "include_str!($path)": [],
    'include_dir!("$CARGO_MANIFEST_DIR/assets")': [("folder", "assets")],
    '#[path = "x/y.rs"]\nmod y;': [("file", "x/y.rs"), ("module", "y")],
    '#[cfg_attr(unix, path = "u.rs")]': [("file", "u.rs")],
    "pub(crate) mod r#type;": [("module", "type")],
    "mod here { }": [],
    'env!("FLAVOUR")': [("variable", "FLAVOUR")],
    'option_env!("FLAVOUR")': [("variable", "FLAVOUR")],
    'env!("CARGO_PKG_VERSION")': [],
    '// include_str!("a")': [],
    '/* include_str!("a")\n*/ include_str!("b")': [("file", "b")],
    '"include_str!(\\"a\\")"': [],
    'r#"include_str!("a")"#': [],
    'let c = \'"\'; include_str!("a")': [("file", "a")],
    "fn f<'a>(x: &'a str) { include_str!(\"a\") }": [("file", "a")],
    '"http://x"; include_str!("a")': [("file", "a")],
}


@pytest.mark.parametrize("text", SCANNED)
def test_what_a_source_names(text: str) -> None:
    assert list(named_in(text)) == SCANNED[text]


def test_what_a_build_script_names() -> None:
    text = """
    println!("cargo:rerun-if-changed=a b.h");
    println!("cargo::rerun-if-env-changed=CC");
    println!("cargo:rerun-if-changed={}", name);
    println!("cargo:rerun-if-changed={name}");
    print!("cargo:rerun-if-env-changed=TARGET\\n");
    """
    assert list(rerun_in(text)) == [("crate-file", "a b.h"), ("variable", "CC")]


def test_named_files_need_not_be_there_and_folders_count_whole(rust: Rust) -> None:
    script = 'println!("cargo:rerun-if-changed=proto");'
    files = {"Cargo.toml": CRATE, "src/lib.rs": 'include_str!("later.txt")', "build.rs": script, "proto/a/b.proto": ""}
    demo = rust(files)
    assert found(demo)["proto/a/b.proto"] == "matches proto/**"
    (key,) = dyncachekeys.resolve(demo.root, demo.environ).keys
    assert [one.state for one in key.inputs if one.subject == "src/later.txt"] == ["missing"]


def test_variables(rust: Rust) -> None:
    demo = rust({"Cargo.toml": CRATE, "src/lib.rs": 'env!("FLAVOUR")'})
    more = {"CARGO_PROFILE_RELEASE_LTO": "fat", "CARGO_TARGET_DIR": "x", "CARGO_TARGET_A_B_LINKER": "lld"}
    every = inputs(demo.root, {**demo.environ, **more})
    assert {one.removeprefix("env ") for one in every if one.startswith("env ")} == {
        *("CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS", "RUSTC", "RUSTFLAGS"),
        *("RUSTUP_TOOLCHAIN", "CARGO_PROFILE_RELEASE_LTO", "CARGO_TARGET_A_B_LINKER", "FLAVOUR"),
    }


def test_settings_upwards_to_the_repository(rust: Rust) -> None:
    names = ("../.cargo/config.toml", ".cargo/config.toml", "a/rust-toolchain", "a/b/.cargo/config")
    demo = rust({**crate("a/b"), **dict.fromkeys(names, "")}, 'manifest = "a/b/Cargo.toml"')
    assert set(found(demo)) == {"a/b/Cargo.toml", "a/b/src/lib.rs", *names[1:]}


def test_what_the_backend_is_told(rust: Rust) -> None:
    demo = rust({**crate("one"), **crate("two")})
    extensions = '[[tool.setuptools-rust.ext-modules]]\ntarget = "x"\npath = "one/Cargo.toml"\n'
    demo.append("pyproject.toml", extensions + '[[tool.setuptools-rust.bins]]\npath = "two/Cargo.toml"\n')
    assert {"one/Cargo.toml", "two/Cargo.toml"} <= set(found(demo))
    demo.edit("pyproject.toml", 'build-backend = "build_backend.core"', 'build-backend = "maturin"')
    demo.append("pyproject.toml", '[tool.maturin]\nmanifest-path = "two/Cargo.toml"\n')
    assert {path for path in found(demo) if path.endswith(".toml")} == {"two/Cargo.toml"}


def test_missing_manifests_are_states_and_warnings(rust: Rust) -> None:
    demo = rust({})
    message = "there is no `Cargo.toml`; name the crate's Cargo.toml with `manifest`"
    assert said(demo) == [("manifest-missing", message)]
    demo.write({"Cargo.toml": CRATE + '[dependencies]\nx = { path = "x" }\n'})
    assert said(demo) == [("crate-missing", "path dependency of Cargo.toml: there is no `x/Cargo.toml`")]


def test_bad_toml_names_the_file(rust: Rust) -> None:
    demo = rust({"Cargo.toml": CRATE + '[dependencies]\nx = { path = "x" }\n', "x/Cargo.toml": "no TOML"})
    (problem,) = refused(demo.root, demo.environ)
    assert "ValueError: x/Cargo.toml: " in problem.message


def test_unusual_manifests_break_nothing(rust: Rust) -> None:
    manifest = (
        'lib = 1\nbin = { path = "x" }\ndependencies = ["x"]\ntarget = { x = 1 }\npatch = { y = 2 }\npackage = 3\n'
    )
    assert set(found(rust({"Cargo.toml": manifest, "src/lib.rs": "\xff"}))) == {"Cargo.toml", "src/lib.rs"}


def test_manifest_has_to_be_relative(rust: Rust) -> None:
    (problem,) = refused(rust({}, 'manifest = "/Cargo.toml"').root)
    assert (problem.code, problem.where) == ("invalid-option", "tool.dyncachekeys.keys.rust.manifest")
