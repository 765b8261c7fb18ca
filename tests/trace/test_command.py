"""`dyncachekeys trace`: what the build depends on, who watches it, and keys for the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tomli

from dyncachekeys.errors import EditError
from dyncachekeys.propose.edit import with_keys
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.pyproject.render import diff
from kit import PYPROJECT, Demo, DemoMaker, tree_of

HOOK = """

def prepare_metadata_for_build_editable(directory, config_settings=None):
    for one in sorted(Path("reqs").glob("*.txt")):
        one.read_text(encoding="utf-8")
    Path("[odd] name.cfg").read_text(encoding="utf-8")
    Path("../shared.txt").read_text(encoding="utf-8")
    os.environ.get("DEMO_MODE")
    Path("flag").exists()
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\n", encoding="utf-8")
    return info.name
"""
READ = ["../shared.txt", "[odd] name.cfg", "reqs/a.txt"]


def traced_demo(demo_maker: DemoMaker, config: str = "") -> Demo:
    demo = demo_maker(config, {"reqs/a.txt": "one\n", "[odd] name.cfg": "", "src/x.c": "", "../shared.txt": ""})
    demo.git("init", "--quiet", "..")
    demo.append("build_backend/core.py", HOOK)
    return demo


def trace(demo: Demo, *arguments: str) -> dict[str, Any]:
    (project,) = json.loads(demo.cli("trace", "--format", "json", *arguments).stdout)["projects"]
    assert project["name"] == "demo"
    return dict(project["trace"])


def watched(found: dict[str, Any]) -> dict[tuple[str, str], str | None]:
    return {(one["asked"], one["subject"]): one["watched_by"] for one in found["inputs"]}


def test_without_any_key(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    before = tree_of(demo.root)
    found = trace(demo)
    assert tree_of(demo.root) == before
    inputs = watched(found)
    assert {subject for asked, subject in inputs if asked == "read"} == {
        *READ,
        *(f"build_backend/{name}.py" for name in ("__init__", "core", "helper")),
    }
    assert inputs["listed", "reqs"] is inputs["missing", "flag"] is inputs["variables", "DEMO_MODE"] is None
    assert set(inputs.values()) == {None}
    assert [one["name"] for one in found["additions"]] == ["backend", "traced-files", "traced-variables"]
    assert found["additions"][1]["patterns"] == ["/reqs/*.txt", "../shared.txt", "/\\[odd] name.cfg"]


def test_a_file_whose_values_count_is_watched(demo_maker: DemoMaker) -> None:
    key = '[tool.dyncachekeys.keys.v]\nresolver = "table"\nfile = "about.py"\ntables = ["V"]\n'
    demo = demo_maker(key, {"about.py": "V = 1\n"})
    demo.append("build_backend/helper.py", "open('about.py').close()\n")
    assert watched(trace(demo))["read", "about.py"] == "v"


def test_what_is_written_watches_what_was_found(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    before = (demo.root / "pyproject.toml").read_bytes()
    said = demo.cli("trace", "--write").stdout
    assert '+[tool.dyncachekeys.keys.traced-files]\n+resolver = "files"\n' in said
    assert said.endswith("Added 3 keys to pyproject.toml; run `dyncachekeys sync`\n")
    after = (demo.root / "pyproject.toml").read_bytes()
    assert after.startswith(before)
    assert demo.sync().warnings == ()
    assert {one for one, who in watched(trace(demo)).items() if who is None} == {("missing", "flag")}
    written = (demo.root / "pyproject.toml").read_bytes()
    again = demo.cli("trace", "--write").stdout
    assert "Nothing to add" in again
    assert (demo.root / "pyproject.toml").read_bytes() == written
    demo.settled()
    demo.append("reqs/a.txt", "two\n")
    assert demo.both() == 1


def test_keys_and_entries_that_are_there_are_reported(demo_maker: DemoMaker) -> None:
    demo = traced_demo(
        demo_maker,
        """
        [tool.uv]
        cache-keys = ["../shared.txt", { env = "DEMO_MODE" }, { file = "unread.cfg" }]

        [tool.dyncachekeys.keys.backend]
        resolver = "backend"

        [tool.dyncachekeys.keys.sources]
        resolver = "files"
        patterns = ["src/**/*.c", "reqs/*.txt"]
        """,
    )
    demo.write({"unread.cfg": ""})
    found = trace(demo)
    inputs = watched(found)
    assert inputs["read", "build_backend/core.py"] == "backend"
    assert inputs["read", "reqs/a.txt"] == inputs["listed", "reqs"] == "sources"
    assert inputs["read", "../shared.txt"] == inputs["variables", "DEMO_MODE"] == "tool.uv.cache-keys"
    assert inputs["missing", "flag"] is inputs["read", "[odd] name.cfg"] is None
    assert {one["subject"]: one["watched_by"] for one in found["unread"]} == {
        "src/x.c": "sources",
        "unread.cfg": "tool.uv.cache-keys",
    }
    said = demo.cli("trace").stdout
    assert "demo: the metadata step depends on 9 inputs, 2 of them not watched\n" in said
    assert "watched, and not seen to be read\n  file      src/x.c  (sources)\n" in said
    assert "`dyncachekeys trace --write` adds `traced-files` for this:" in said


@pytest.mark.thorough
def test_a_traced_key_watches_it_all(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker, '[tool.dyncachekeys.keys.backend]\nresolver = "backend"\ntrace = true\n')
    assert None not in watched(trace(demo)).values()
    assert "0 of them not watched" in demo.cli("trace").stdout


@pytest.mark.thorough
def test_build_traces_the_build_too(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    demo.edit(
        "build_backend/core.py",
        "def build_editable(",
        "def build_editable(*_, **__):\n    Path('only.txt').exists()\n    return _build(_[0])\n\n\ndef _unused(",
    )
    assert ("missing", "only.txt") not in watched(trace(demo))
    found = trace(demo, "--build")
    assert found["steps"] == ["metadata", "editable"]
    assert ("missing", "only.txt") in watched(found)
    assert demo.builds == 1
    assert trace(demo, "--build", "wheel")["steps"] == ["metadata", "wheel"]


def test_what_fails_is_reported(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    demo.edit("build_backend/core.py", 'Path("flag").exists()', "raise RuntimeError('no such luck')")
    done = demo.cli("trace", "--write", check=False)
    assert done.returncode == 2
    assert "error: the build of demo: the build's metadata step fails" in done.stderr
    assert "RuntimeError: no such luck" in done.stderr
    demo.edit("build_backend/core.py", "raise RuntimeError('no such luck')", "__import__('time').sleep(60)")
    done = demo.cli("trace", "--timeout", "0.5", check=False)
    assert done.returncode == 2
    assert "give a longer `--timeout`, or fix the backend" in done.stderr
    assert demo.cli("trace", "--timeout", "0", check=False).returncode == 2


def test_a_failure_shows_the_frames_of_the_build_only(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    demo.append("build_backend/core.py", "\n\nimport no_such_module\n")
    said = demo.cli("trace", check=False).stderr
    assert "dyncachekeys/trace" not in said
    assert 'build_backend/core.py", line ' in said
    assert "ModuleNotFoundError: No module named 'no_such_module'" in said
    demo.edit("pyproject.toml", "requires = []", 'requires = "x"')
    assert "error: build-system.requires: must be a list of texts" in demo.cli("trace", check=False).stderr


def test_a_project_that_is_not_built(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    demo.write({"pyproject.toml": '[project]\nname = "demo"\nversion = "0.1"\n'})
    done = demo.cli("trace", check=False)
    assert done.returncode == 2
    assert "uv does not build this project" in done.stderr


ADDED = [Declaration("traced-files", "files", {"patterns": ["/a b.txt", '/"c".txt']}, ())]
PLAIN = [
    "",
    PYPROJECT,
    PYPROJECT.rstrip("\n"),
    PYPROJECT.replace("\n", "\r\n"),
    "\ufeff" + PYPROJECT,
    PYPROJECT + "[tool.dyncachekeys]\nwatch = 'digest'\n# >>> not ours\n",
    PYPROJECT + "[tool.dyncachekeys.keys.other]\nresolver = 'backend'\n[tool.zzz]\nx = 1",
]
REFUSED = [
    'tool.dyncachekeys.keys = { other = { resolver = "backend" } }\n',
    "[tool]\ndyncachekeys = { }\n",
    "[[tool.dyncachekeys.keys]]\nx = 1\n",
    "[tool.dyncachekeys.keys.traced-files]\nresolver = 'files'\n",
    "x = [\n",
]


@pytest.mark.parametrize("text", PLAIN)
def test_keys_are_added_and_nothing_else_changes(text: str) -> None:
    before = text.encode()
    after = with_keys(before, ADDED)
    assert after.startswith(before)
    document = tomli.loads(after.decode("utf-8-sig"))
    keys = document["tool"]["dyncachekeys"]["keys"]
    assert keys.pop("traced-files") == {"resolver": "files", "patterns": ["/a b.txt", '/"c".txt']}
    assert (b"\r\n" in after) == (b"\r\n" in before)
    assert b"\n" not in after.replace(b"\r\n", b"") or b"\r\n" not in after
    assert [line for line in diff("pyproject.toml", before, after) if line.startswith("-")] == ["--- a/pyproject.toml"]


@pytest.mark.parametrize("text", REFUSED)
def test_what_cant_be_added_to_is_left_alone(text: str) -> None:
    with pytest.raises(EditError) as caught:
        with_keys(text.encode(), ADDED)
    (problem,) = caught.value.problems
    assert problem.code == "edit-not-proved"
    assert "[tool.dyncachekeys.keys.traced-files]" in problem.remedy


def test_what_a_program_writes_and_the_build_then_reads_is_no_input(demo_maker: DemoMaker) -> None:
    """As maturin does: the wheel is made by a program that can't be traced."""
    demo = demo_maker("", {"data.txt": "one\n"})
    make = "import subprocess\nsubprocess.run('mkdir -p out && cp data.txt out/made.txt', shell=True, check=True)\n"
    demo.append("build_backend/core.py", f"{make}open('out/made.txt').close()\nopen('data.txt').close()\n")
    inputs = watched(trace(demo, "--build"))
    assert ("read", "data.txt") in inputs
    assert ("read", "out/made.txt") not in inputs


def test_a_place_of_the_machine_is_not_written_down(demo_maker: DemoMaker) -> None:
    demo = demo_maker("")
    demo.append("build_backend/core.py", "open('/etc/hostname').close()\n")
    found = trace(demo)
    (path,) = (one["subject"] for one in found["inputs"] if one["subject"].endswith("etc/hostname"))
    assert "traced-files" not in [one["name"] for one in found["additions"]]
    said = demo.cli("trace", "--write").stdout
    assert path in said
