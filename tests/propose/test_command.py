"""`dyncachekeys init` at the command line: what it prints, writes and refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import tomli

from dyncachekeys import sync
from dyncachekeys.cli.main import run
from dyncachekeys.errors import WriteError
from dyncachekeys.propose.propose import propose
from dyncachekeys.propose.write import ignoring
from dyncachekeys.propose.write import write as write_proposals
from dyncachekeys.pyproject.remove import cut
from kit import tree_of

PROJECT = """\
[project]
name = "p"
version = "1"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.uv]
cache-keys = [
    { file = "pyproject.toml" },
    # compiled by hand
    { file = "csrc/**/*.c" },  # and these
]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "p"
    write(root, {"pyproject.toml": PROJECT, "csrc/a.c": "", ".git/HEAD": "ref: refs/heads/main\n"})
    return root


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())


def init(root: Path, *more: str) -> int:
    return run(["init", "--project", os.fspath(root), *more])


def table_of(folder: Path) -> Any:
    return tomli.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("tool", {}).get("dyncachekeys")


SET_UP = {"p": {"PYTHONPATH": ".dyncachekeys/watch"}}
BUILD = {"resolver": "build"}


def settings_of(folder: Path) -> Any:
    return tomli.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("tool", {}).get("uv", {})


def test_dry_run_shows_all_and_writes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree_of(root)
    assert init(root, "--dry-run") == 0
    assert tree_of(root) == before
    told = capsys.readouterr().out
    assert '\n+extra-build-variables = { p = { PYTHONPATH = ".dyncachekeys/watch" } }\n' in told
    assert '\n+[tool.dyncachekeys.keys.build]\n+resolver = "build"\n' in told
    assert "\n+++ b/.gitignore\n@@ -0,0 +1 @@\n+/.dyncachekeys/\n" in told
    assert told.endswith("Nothing was written; `dyncachekeys init` writes this\n")
    shown = [line for line in told.splitlines() if line.startswith(("+", "-", " ", "@"))]
    assert not any(line.startswith("-") for line in shown if not line.startswith("---"))
    assert init(root) == 0
    again = capsys.readouterr().out
    assert [line for line in again.splitlines() if line.startswith(("+", "-", " ", "@"))] == shown
    assert "\nWrote 1 key to pyproject.toml\nResolved " in again
    assert again.endswith("\nStamped p: uv will rebuild it\nNext: `uv sync`\n")
    assert (root / ".gitignore").read_bytes() == b"/.dyncachekeys/\n"


def test_all_that_was_there_stays_with_its_comments(root: Path) -> None:
    assert init(root, "-q") == 0
    assert cut((root / "pyproject.toml").read_bytes()).data.decode().startswith(PROJECT)
    assert settings_of(root)["extra-build-variables"] == SET_UP
    assert run(["sync", "-q", "--project", os.fspath(root)]) == 0
    assert run(["check", "-q", "--project", os.fspath(root)]) == 0
    after = settings_of(root)["cache-keys"]
    assert after[:2] == [{"file": "pyproject.toml"}, {"file": "csrc/**/*.c"}]
    assert after.count({"file": "pyproject.toml"}) == 1


def test_a_second_init_refuses_and_loses_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(root, "-q") == 0
    before = tree_of(root)
    assert init(root) == 2
    assert tree_of(root) == before
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(
        "error: p/pyproject.toml: tool.dyncachekeys: is there already\n  do: nothing was changed"
    )


def test_quiet_says_nothing_but_warnings(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(root, "-q", "--watch", "digest") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("warning: pyproject.toml: tool.uv.cache-keys: uv compares the times of your own entries")
    assert "\n  do: remove `pyproject.toml`, of which the key `pyproject` has what the build reads; remove" in told.err


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_bytes_around_the_edit_stay(bom: bytes, end: bytes, final: bool, root: Path) -> None:
    head = PROJECT.partition("cache-keys")[0]
    before = (bom + head.encode()).replace(b"\n", end)
    before = before if final else before.rstrip()
    (root / "pyproject.toml").write_bytes(before)
    (root / ".gitignore").write_bytes(b"dist" + end + b"x")
    assert init(root, "-q") == 0
    after = (root / "pyproject.toml").read_bytes()
    assert after.startswith(before)
    assert after.replace(end, b"").count(b"\n") == 0
    assert after.endswith(end)
    assert (root / ".gitignore").read_bytes() == b"dist" + end + b"x" + end + b"/.dyncachekeys/" + end


def test_what_is_ignored_already_is_left(root: Path) -> None:
    (root / ".gitignore").write_text(".dyncachekeys\n", encoding="utf-8")
    assert init(root, "-q") == 0
    assert (root / ".gitignore").read_text(encoding="utf-8") == ".dyncachekeys\n"


def test_a_project_with_a_file_of_its_own_of_what_git_ignores(tmp_path: Path) -> None:
    """Build backends read the nearest one alone, so that an sdist would take in what only the repository's names."""
    files = {".git/HEAD": "ref: refs/heads/main\n", ".gitignore": "dist/\n", "lib/.gitignore": "/build/\n"}
    write(tmp_path, {**files, "lib/pyproject.toml": MEMBER.format("lib")})
    project = tmp_path / "lib"
    assert init(project, "-q") == 0
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "dist/\n"
    assert (project / ".gitignore").read_text(encoding="utf-8") == "/build/\n/.dyncachekeys/\n"
    assert not sync(project).warnings
    assert init(project, "-q", "--undo") == 0
    assert (project / ".gitignore").read_text(encoding="utf-8") == "/build/\n"


def test_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(root, "--format", "json", "--dry-run") == 0
    told = json.loads(capsys.readouterr().out)
    (one,) = told["projects"]
    assert one["init"]["defaults"] is True
    assert [key["name"] for key in one["init"]["keys"]] == ["build"]
    assert (one["init"]["file"], one["init"]["watched"], one["init"]["warnings"]) == ("pyproject.toml", ["p"], [])
    assert one["init"]["diff"][0] == "--- a/pyproject.toml"
    assert told["written"] == []
    assert init(root, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [Path(path).name for path in told["written"]] == ["pyproject.toml", ".gitignore"]
    assert init(root, "--format", "json") == 2
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "already-there"


REFUSED = {
    "not-built": '[project]\nname = "p"\nversion = "1"\n',
    "region-without-table": PROJECT.partition("[tool.uv]")[0]
    + "# >>> dyncachekeys: generated from [tool.dyncachekeys], run `dyncachekeys sync`\n[tool.uv]\n"
    'cache-keys = [\n    { dir = ".dyncachekeys/current" },\n]\n# <<< dyncachekeys\n',
    "edit-not-proved": 'tool = { x = 1 }\n[build-system]\nrequires = []\n[project]\nname = "p"\n',
    "invalid-toml": "[project\n",
    "cache-keys-not-a-list": PROJECT.replace("[tool.uv]", "[tool.uv.cache-keys]"),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_can_t_be_done_is_refused_and_nothing_is_written(
    code: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "pyproject.toml").write_text(REFUSED[code], encoding="utf-8")
    before = tree_of(root)
    assert init(root, "--format", "json") == 2
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == code
    assert tree_of(root) == before


def test_edited_meanwhile(root: Path) -> None:
    proposals = propose([root], {})
    with (root / "pyproject.toml").open("a", encoding="utf-8") as stream:
        stream.write("# more\n")
    before = tree_of(root)
    with pytest.raises(WriteError):
        list(write_proposals(proposals, []))
    assert {name: told for name, told in tree_of(root).items() if not name.startswith(".dyncachekeys")} == before


MEMBER = '[project]\nname = "{0}"\nversion = "1"\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "w"
    write(
        root,
        {
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
            ".git/HEAD": "ref: refs/heads/main\n",
            "packages/a/pyproject.toml": MEMBER.format("a") + "[tool.hatch.build.hooks.custom]\n",
            "packages/a/hatch_build.py": "",
            "packages/b/pyproject.toml": MEMBER.format("b") + '[tool.uv]\ncache-keys = ["pyproject.toml", "hatch.h"]\n',
            "packages/b/setup.py": "",
            "packages/b/hatch.h": "",
        },
    )
    return root


def test_members_share_what_all_of_them_need(workspace: Path) -> None:
    assert init(workspace, "-q") == 0
    shared = {"build": BUILD, "backend": {"resolver": "backend"}}
    assert table_of(workspace) == {"workspace": {"keys": shared}}
    assert settings_of(workspace)["extra-build-variables"] == {"a": SET_UP["p"], "b": SET_UP["p"]}
    assert table_of(workspace / "packages/a") is None
    assert table_of(workspace / "packages/b") == {
        "keys": {"sources": {"resolver": "files", "patterns": ["/*.[ch]"], "fallback": True}}
    }
    assert (workspace / ".gitignore").read_text(encoding="utf-8") == ".dyncachekeys/\n"
    assert run(["sync", "-q", "--project", os.fspath(workspace)]) == 0
    assert run(["check", "-q", "--project", os.fspath(workspace)]) == 0
    assert init(workspace) == 2
    assert init(workspace / "packages/a") == 2


def test_nothing_is_shared_with_a_member_that_is_not_built(workspace: Path) -> None:
    write(workspace, {"packages/c/pyproject.toml": '[project]\nname = "c"\nversion = "1"\n'})
    assert init(workspace, "-q") == 0
    assert table_of(workspace) is None
    assert settings_of(workspace)["extra-build-variables"].keys() == {"a", "b"}
    assert table_of(workspace / "packages/c") is None
    assert set(table_of(workspace / "packages/a")["keys"]) == {"build", "backend"}
    assert set(table_of(workspace / "packages/b")["keys"]) == {"build", "backend", "sources"}


def test_one_member_by_itself(workspace: Path) -> None:
    assert init(workspace / "packages/b", "-q") == 0
    assert table_of(workspace) is None
    assert settings_of(workspace)["extra-build-variables"].keys() == {"b"}
    assert "extra-build-variables" not in settings_of(workspace / "packages/b")
    assert set(table_of(workspace / "packages/b")["keys"]) == {"build", "backend", "sources"}
    # The rest, later, from the root.
    assert init(workspace, "-q") == 0
    assert set(table_of(workspace / "packages/a")["keys"]) == {"build", "backend"}
    assert settings_of(workspace)["extra-build-variables"].keys() == {"a", "b"}
    assert table_of(workspace) is None


def test_a_member_by_its_name(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(workspace, {"packages/c/pyproject.toml": '[project]\nname = "c"\nversion = "1"\n'})
    assert init(workspace, "-q", "--package", "a") == 0
    assert set(table_of(workspace / "packages/a")["keys"]) == {"build", "backend"}
    assert settings_of(workspace)["extra-build-variables"].keys() == {"a"}
    assert init(workspace, "--package", "c") == 2
    assert "no `[build-system]`" in capsys.readouterr().err


def test_uv_toml_takes_the_place_of_tool_uv(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"uv.toml": "offline = true\n"})
    assert init(root) == 0
    assert "\n+++ b/uv.toml\n" in capsys.readouterr().out
    told = tomli.loads((root / "uv.toml").read_text(encoding="utf-8"))
    assert told == {"offline": True, "extra-build-variables": SET_UP}
    assert "extra-build-variables" not in settings_of(root)


def test_what_uv_builds_without_python_needs_no_line(root: Path) -> None:
    text = PROJECT.replace('build-backend = "hatchling.build"', 'build-backend = "uv_build"')
    write(root, {"pyproject.toml": text})
    assert init(root, "-q") == 0
    assert "extra-build-variables" not in settings_of(root)
    assert table_of(root)["keys"]["build"] == BUILD
    assert "seen" not in (root / "pyproject.toml").read_text(encoding="utf-8")


def fake_uv(folder: Path, version: str) -> None:
    folder.mkdir(parents=True)
    (folder / "uv").write_text(f"#!/bin/sh\necho uv {version}\n", encoding="utf-8")
    (folder / "uv").chmod(0o755)


@pytest.mark.parametrize(
    ("version", "required", "says"),
    [
        (
            "0.8.9",
            "",
            "uv 0.8.9 is on PATH: uv knows `extra-build-variables`, by which builds are watched, from 0.8.10 on",
        ),
        ("0.5.0", "", "uv 0.5.0 is too old"),
        ("0.8.10", ">=0.8.9", "pyproject.toml: tool.uv.required-version: allows older ones"),
        ("0.8.10", "<1", "pyproject.toml: tool.uv.required-version: allows older ones"),
        ("0.8.10", ">0.8.9", ""),
        ("0.8.10", ">=0.8.10,<1", ""),
        ("0.8.10", "", ""),
    ],
)
def test_no_line_where_an_older_uv_would_drop_all_settings(
    version: str,
    required: str,
    says: str,
    root: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_uv(root.parent / "bin", version)
    monkeypatch.setenv("PATH", f"{root.parent / 'bin'}{os.pathsep}{os.environ['PATH']}")
    setting = f'required-version = "{required}"\n' if required else ""
    write(root, {"pyproject.toml": PROJECT.replace("[tool.uv]\n", f"[tool.uv]\n{setting}")})
    assert init(root, "-q") == (2 if version == "0.5.0" else 0)  # the keys are written; no uv so old knows any
    told = capsys.readouterr().err
    assert says in told
    assert ("no line was added" in told) == bool(says) == ("extra-build-variables" not in settings_of(root))
    assert table_of(root)["keys"]["build"] == BUILD


def test_no_line_where_uv_reads_no_settings(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_NO_CONFIG", "true")
    assert init(workspace, "-q", "--package", "a") == 0
    where = "warning: pyproject.toml: tool.uv.extra-build-variables: UV_NO_CONFIG is set"
    assert where in capsys.readouterr().err
    assert "extra-build-variables" not in settings_of(workspace)


def test_path_sources_that_have_keys_are_built_with_these_settings(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = '[tool.uv.sources]\nlib = { path = "../lib" }\nfar = { path = "../far" }\n'
    write(root, {"pyproject.toml": PROJECT + sources})
    write(root.parent, {"lib/pyproject.toml": MEMBER.format("Lib"), "far/pyproject.toml": MEMBER.format("far")})
    assert init(root.parent / "lib", "-q") == 0
    assert settings_of(root.parent / "lib")["extra-build-variables"].keys() == {"lib"}
    capsys.readouterr()
    assert init(root) == 0
    assert settings_of(root)["extra-build-variables"].keys() == {"p", "lib"}
    assert "\nuv builds Lib with the settings of this project, as a path source" in capsys.readouterr().out
    assert table_of(root.parent / "far") is None


def test_a_project_that_is_not_built_but_uses_path_sources(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = '[project]\nname = "app"\nversion = "1"\n[tool.uv.sources]\nlib = { path = "../lib" }\n'
    write(root, {"pyproject.toml": app})
    write(root.parent, {"lib/pyproject.toml": MEMBER.format("lib")})
    assert init(root) == 2  # no keys there yet
    assert init(root.parent / "lib", "-q") == 0
    capsys.readouterr()
    assert init(root) == 0
    assert "Wrote the line for watched builds to pyproject.toml\n" in capsys.readouterr().out
    assert settings_of(root)["extra-build-variables"].keys() == {"lib"}
    assert table_of(root) is None
    assert init(root) == 2


def test_a_workspace_in_which_nothing_is_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.uv.workspace]\nmembers = []\n"})
    assert init(tmp_path) == 2
    assert "no package of the workspace is built by uv" in capsys.readouterr().err


def test_what_was_written_before_it_failed_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proposals = propose([root], {})
    ignored = ignoring([root])

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("dyncachekeys.propose.write.replace", fail)
    with pytest.raises(WriteError) as caught:
        list(write_proposals(proposals, ignored))
    (problem,) = caught.value.problems
    assert problem.message == f"can't be written: Operation not permitted; written so far: {root / 'pyproject.toml'}"
    assert table_of(root)
