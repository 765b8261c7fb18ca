"""`doctor` about watched builds: whether uv's builds of a package are watched, and what went wrong in them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dyncachekeys.doctor import builds
from dyncachekeys.doctor.examine import examine
from dyncachekeys.doctor.finding import CATALOGUE, Finding
from dyncachekeys.trace import in_build

KEY = '\n[tool.dyncachekeys.keys.build]\nresolver = "build"\n'
PROJECT = '[project]\nname = "My.Pkg"\nversion = "1"\n\n[build-system]\nrequires = []\nbuild-backend = "other.build"\n'
LINE = 'extra-build-variables = { my-pkg = { PYTHONPATH = ".dyncachekeys/watch" } }\n'
SET_UP = f"\n[tool.uv]\n{LINE}"
OPTION = "tool.uv.extra-build-variables"
IN_BUILD = Path(next(iter(in_build.__path__)))


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def with_tracer(root: Path) -> Path:
    write(root, {".dyncachekeys/watch/sitecustomize.py": "", ".gitignore": "/.dyncachekeys/\n"})
    shutil.copy(IN_BUILD / "install.py", root / ".dyncachekeys/watch/_dyncachekeys_install.py")
    if (IN_BUILD / "sitecustomize.py").exists():
        shutil.copy(IN_BUILD / "sitecustomize.py", root / ".dyncachekeys/watch")
    return root


def found(root: Path, **environ: str) -> list[Finding]:
    return examine(root, environ)


def told(root: Path, **environ: str) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in found(root, **environ)]


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        pytest.param(PROJECT + KEY, "DCK050", f"pyproject.toml: {OPTION}", id="no line"),
        pytest.param(PROJECT, "", "", id="no key"),
        pytest.param(PROJECT.partition("[build-system]")[0] + KEY, "", "", id="not built"),
        pytest.param(PROJECT.replace("other.build", "uv_build") + KEY, "", "", id="built by uv itself"),
        pytest.param(PROJECT + KEY + SET_UP, "", "", id="set up"),
        pytest.param(PROJECT + KEY + SET_UP.replace(' ".d', ' "x:.d'), "", "", id="set up behind another"),
        pytest.param(
            PROJECT + KEY + SET_UP.replace("/watch", ""), "DCK051", f"pyproject.toml: {OPTION}", id="leads elsewhere"
        ),
        pytest.param(
            PROJECT + KEY + SET_UP + 'required-version = ">=0.8.1"\n',
            "DCK053",
            "pyproject.toml: tool.uv.required-version",
            id="older ones allowed",
        ),
    ],
)
def test_set_up(text: str, code: str, where: str, tmp_path: Path) -> None:
    assert told(write(with_tracer(tmp_path), {"pyproject.toml": text})) == ([(code, where)] if code else [])


def test_what_to_do(tmp_path: Path) -> None:
    write(with_tracer(tmp_path), {"pyproject.toml": PROJECT + KEY})
    (one,) = found(tmp_path)
    assert one.remedy == 'add `my-pkg = { PYTHONPATH = ".dyncachekeys/watch" }` there'
    write(tmp_path, {"pyproject.toml": PROJECT + KEY + SET_UP.replace(".dyncachekeys/watch", "their/path")})
    (one,) = found(tmp_path)
    assert one.remedy == 'write `PYTHONPATH = "their/path:.dyncachekeys/watch"`'


def test_an_old_uv_on_the_path(tmp_path: Path) -> None:
    root = write(with_tracer(tmp_path / "p"), {"pyproject.toml": PROJECT + KEY})
    program = write(tmp_path, {"bin/uv": "#!/bin/sh\necho uv 0.8.9\n"}) / "bin/uv"
    program.chmod(0o755)
    assert told(root, PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}") == [("DCK053", str(program))]


def test_uv_toml_takes_the_place(tmp_path: Path) -> None:
    write(with_tracer(tmp_path), {"pyproject.toml": PROJECT + KEY + SET_UP, "uv.toml": ""})
    assert told(tmp_path) == [("DCK050", "uv.toml: extra-build-variables"), ("DCK052", OPTION)]
    write(tmp_path, {"pyproject.toml": PROJECT + KEY, "uv.toml": LINE})
    assert told(tmp_path) == []


def test_a_member_s_own_line_does_nothing(tmp_path: Path) -> None:
    """U37."""
    write(tmp_path, {"pyproject.toml": '[tool.uv.workspace]\nmembers = ["a"]\n'})
    member = write(with_tracer(tmp_path / "a"), {"pyproject.toml": PROJECT + KEY + SET_UP})
    there = f"../pyproject.toml: {OPTION}"
    assert told(member) == [("DCK050", there), ("DCK052", OPTION)]
    assert found(member)[1].remedy == f"move it to {there}"
    write(tmp_path, {"pyproject.toml": f'[tool.uv]\n{LINE}workspace = {{ members = ["a"] }}\n'})
    write(member, {"pyproject.toml": PROJECT + KEY})
    assert told(member) == []


def test_inherited_keys_count(tmp_path: Path) -> None:
    shared = '[tool.uv.workspace]\nmembers = ["a"]\n[tool.dyncachekeys.workspace.keys.build]\nresolver = "build"\n'
    write(tmp_path, {"pyproject.toml": shared, "a/pyproject.toml": PROJECT})
    assert told(tmp_path / "a") == [("DCK050", f"../pyproject.toml: {OPTION}")]


def test_path_sources_are_built_with_the_settings_of_whoever_uses_them(tmp_path: Path) -> None:
    source = '[tool.uv.sources]\nlib = { path = "../lib" }\n'
    write(tmp_path, {"app/pyproject.toml": f'[project]\nname = "app"\nversion = "1"\n{source}'})
    lib = write(with_tracer(tmp_path / "lib"), {"pyproject.toml": PROJECT + KEY + SET_UP})
    (one,) = found(tmp_path / "app")
    assert (one.code, one.where) == ("DCK050", f"pyproject.toml: {OPTION}")
    assert one.message.startswith("uv builds My.Pkg, a path source, with these settings")
    assert told(lib) == []
    write(tmp_path, {"app/pyproject.toml": f'[project]\nname = "app"\nversion = "1"\n{source}[tool.uv]\n{LINE}'})
    assert told(tmp_path / "app") == []


def test_the_watch_folder(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": PROJECT + KEY + SET_UP})
    place = ".dyncachekeys/watch"
    assert told(tmp_path) == [("DCK054", place)]
    with_tracer(tmp_path)
    assert told(tmp_path) == []
    write(tmp_path, {f"{place}/_dyncachekeys_install.py": "OLD = True\n"})
    (one,) = found(tmp_path)
    assert (one.code, one.message) == ("DCK054", "it is of another version of dyncachekeys")


def test_what_went_wrong_in_builds(tmp_path: Path) -> None:
    write(with_tracer(tmp_path), {"pyproject.toml": PROJECT + KEY + SET_UP})
    lines = "refresh\tno space left\ninterpreter\tpypy 3.10.1\nnothing\nunknown\tx\nrecord\tab.json\nrecord\tab.json\n"
    write(tmp_path, {".dyncachekeys/builds/problems": lines})
    assert builds.problems_of_builds(tmp_path / ".dyncachekeys") == [
        ("refresh", "no space left"),
        ("interpreter", "pypy 3.10.1"),
        ("unknown", "x"),
        ("record", "ab.json"),
    ]
    assert [(one.code, one.message.rpartition(": ")[2]) for one in found(tmp_path)] == [
        ("DCK055", "pypy 3.10.1"),
        ("DCK056", "ab.json"),
        ("DCK057", "no space left"),
    ]
    assert all(one.code in CATALOGUE and one.remedy for one in found(tmp_path))
    (tmp_path / ".dyncachekeys/builds/problems").write_bytes(b"record\t\xff\n")
    assert [one.code for one in found(tmp_path)] == ["DCK056"]


def test_without_a_table_init_is_recommended(tmp_path: Path) -> None:
    text = PROJECT.replace("other.build", "setuptools.build_meta") + "[tool.uv]\ncache-keys = ['pyproject.toml']\n"
    write(tmp_path, {"pyproject.toml": text, "setup.py": ""})
    (one,) = found(tmp_path)
    assert (one.code, one.remedy.partition(",")[0]) == ("DCK020", "run `dyncachekeys init`")
