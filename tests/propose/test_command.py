"""`dyncachekeys init` at the command line: what it prints, writes and refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import tomli

from dyncachekeys.cli.main import run
from dyncachekeys.errors import WriteError
from dyncachekeys.propose.propose import propose
from dyncachekeys.propose.write import ignoring
from dyncachekeys.propose.write import write as write_proposals
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


def test_dry_run_shows_all_and_writes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree_of(root)
    assert init(root, "--dry-run") == 0
    assert tree_of(root) == before
    told = capsys.readouterr().out
    assert '\n-    { file = "csrc/**/*.c" },  # and these\n' in told
    assert "\n+[tool.dyncachekeys.keys.sources]\n" in told
    assert "\n+++ b/.gitignore\n@@ -0,0 +1 @@\n+/.dyncachekeys/\n" in told
    assert '\n  { file = "csrc/**/*.c" }     sources\n' in told
    assert told.endswith("Nothing was written; `dyncachekeys init` writes this, then run `dyncachekeys sync`\n")
    shown = [line for line in told.splitlines() if line.startswith(("+", "-", " ", "@"))]
    assert init(root) == 0
    again = capsys.readouterr().out
    assert [line for line in again.splitlines() if line.startswith(("+", "-", " ", "@"))] == shown
    assert again.endswith("Wrote 1 key to pyproject.toml; look through them, then run `dyncachekeys sync`\n")
    assert (root / ".gitignore").read_bytes() == b"/.dyncachekeys/\n"


def test_comments_of_a_list_that_goes_are_kept(root: Path) -> None:
    assert init(root, "-q") == 0
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert "# From cache-keys:\n# compiled by hand\n# and these\n[tool.dyncachekeys]\n" in text
    assert "cache-keys = [" not in text
    assert run(["sync", "-q", "--project", os.fspath(root)]) == 0
    assert run(["check", "-q", "--project", os.fspath(root)]) == 0


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


def test_quiet_says_nothing_but_what_stays(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / "pyproject.toml"
    path.write_text(PROJECT.replace('{ file = "csrc/**/*.c" }', '{ fil = "csrc/**/*.c" }'), encoding="utf-8")
    assert init(root, "-q") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith('warning: pyproject.toml: tool.uv.cache-keys: { fil = "csrc/**/*.c" } stays as it is')
    assert tomli.loads(path.read_text(encoding="utf-8"))["tool"]["uv"] == {"cache-keys": [{"fil": "csrc/**/*.c"}]}


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


@pytest.mark.parametrize(
    "text",
    [
        'tool.uv.cache-keys = ["pyproject.toml", "csrc/a.c"]\n' + PROJECT.partition("[tool.uv]")[0],
        '[tool.uv]\ncache-keys = ["pyproject.toml", "csrc/a.c"] # why\n' + PROJECT.partition("[tool.uv]")[0],
        PROJECT.partition("[tool.uv]")[0] + "[tool]\nuv.cache-keys = ['pyproject.toml', 'csrc/a.c']\nuv.package = true",
    ],
)
def test_forms_of_a_list(text: str, root: Path) -> None:
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    assert init(root, "-q") == 0
    after = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert "cache-keys =" not in after
    assert table_of(root) == {"keys": {"sources": {"resolver": "files", "patterns": ["/csrc/a.c"]}}}
    assert run(["sync", "-q", "--project", os.fspath(root)]) == 0


def test_what_is_ignored_already_is_left(root: Path) -> None:
    (root / ".gitignore").write_text(".dyncachekeys\n", encoding="utf-8")
    assert init(root, "-q") == 0
    assert (root / ".gitignore").read_text(encoding="utf-8") == ".dyncachekeys\n"


def test_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(root, "--format", "json", "--dry-run") == 0
    told = json.loads(capsys.readouterr().out)
    (one,) = told["projects"]
    assert one["init"]["defaults"] is True
    (key,) = one["init"]["keys"]
    assert {name: key[name] for name in ("name", "resolver", "patterns")} == {
        "name": "sources",
        "resolver": "files",
        "patterns": ["/csrc/**/*.c"],
    }
    assert one["init"]["taken"] == [
        {"entry": {"file": "pyproject.toml"}, "by": "defaults"},
        {"entry": {"file": "csrc/**/*.c"}, "by": "sources"},
    ]
    assert one["init"]["kept"] == []
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
    assert table_of(workspace) == {"workspace": {"keys": {"backend": {"resolver": "backend"}}}}
    assert table_of(workspace / "packages/a") is None
    assert table_of(workspace / "packages/b") == {"keys": {"sources": {"resolver": "files", "patterns": ["/hatch.h"]}}}
    assert (workspace / ".gitignore").read_text(encoding="utf-8") == ".dyncachekeys/\n"
    assert run(["sync", "-q", "--project", os.fspath(workspace)]) == 0
    assert run(["check", "-q", "--project", os.fspath(workspace)]) == 0
    assert init(workspace) == 2
    assert init(workspace / "packages/a") == 2


def test_nothing_is_shared_with_a_member_that_is_not_built(workspace: Path) -> None:
    write(workspace, {"packages/c/pyproject.toml": '[project]\nname = "c"\nversion = "1"\n'})
    assert init(workspace, "-q") == 0
    assert table_of(workspace) is None
    assert table_of(workspace / "packages/c") is None
    assert set(table_of(workspace / "packages/a")["keys"]) == {"backend"}
    assert set(table_of(workspace / "packages/b")["keys"]) == {"backend", "sources"}


def test_one_member_by_itself(workspace: Path) -> None:
    assert init(workspace / "packages/b", "-q") == 0
    assert table_of(workspace) is None
    assert set(table_of(workspace / "packages/b")["keys"]) == {"backend", "sources"}
    # The rest, later, from the root.
    assert init(workspace, "-q") == 0
    assert set(table_of(workspace / "packages/a")["keys"]) == {"backend"}
    assert table_of(workspace) is None


def test_a_member_by_its_name(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(workspace, {"packages/c/pyproject.toml": '[project]\nname = "c"\nversion = "1"\n'})
    assert init(workspace, "-q", "--package", "a") == 0
    assert set(table_of(workspace / "packages/a")["keys"]) == {"backend"}
    assert init(workspace, "--package", "c") == 2
    assert "no `[build-system]`" in capsys.readouterr().err


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
