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
from dyncachekeys.trace.record import STEPS
from kit import BACKEND_KEY, PYPROJECT, Demo, DemoMaker, tree_of
from native import needs
from traced import KEY, WATCHED, both, hook, watches

HOOK = hook(
    """
    for one in sorted(Path("reqs").glob("*.txt")):
        one.read_text(encoding="utf-8")
    Path("[odd] name.cfg").read_text(encoding="utf-8")
    Path("../shared.txt").read_text(encoding="utf-8")
    os.environ.get("DEMO_MODE"), os.environ.get("HOME")
    Path("flag").exists()
    """
)
READ = ["../shared.txt", "[odd] name.cfg", "reqs/a.txt"]
CODE = [f"build_backend/{name}.py" for name in ("__init__", "core", "helper")]
ADDED_KEYS: dict[str, dict[str, Any]] = {
    "backend": {"resolver": "backend"},
    "data": {"resolver": "files", "patterns": ["/reqs/*.txt", "../shared.txt", "/\\[odd] name.cfg"]},
    "environment": {"resolver": "env", "names": ["BUILD_LOG", "DEMO_MODE"]},
}


def demo_of(demo_maker: DemoMaker, config: str = "") -> Demo:
    files = {"reqs/a.txt": "one\n", "[odd] name.cfg": "", "src/x.c": "", "../shared.txt": "", "reqs/notes.md": ""}
    demo = demo_maker(config, files)
    demo.git("init", "--quiet", "..")
    demo.append("build_backend/core.py", HOOK)
    return demo


def trace(demo: Demo, *arguments: str) -> dict[str, Any]:
    (project,) = json.loads(demo.cli("trace", "--format", "json", *arguments).stdout)["projects"]
    assert project["name"] == "demo"
    return dict(project["trace"])


def watched(found: dict[str, Any]) -> dict[tuple[str, str], str | None]:
    return {(one["asked"], one["subject"]): one["watched_by"] for one in found["inputs"]}


def committed(found: dict[str, Any]) -> dict[tuple[str, str], bool]:
    return {(one["asked"], one["subject"]): one["committed"] for one in found["inputs"]}


def added(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one.pop("name"): one for one in found["additions"]}


def test_without_any_key_a_build_is_made_and_nothing_is_stored(demo_maker: DemoMaker) -> None:
    demo = demo_of(demo_maker)
    before = tree_of(demo.root)
    found = trace(demo, "--build")
    assert tree_of(demo.root) == before
    assert demo.builds == 1
    assert (found["steps"], found["standing"]) == (["requires", "metadata", "editable"], True)
    inputs = watched(found)
    assert {subject for asked, subject in inputs if asked == "read"} == {*READ, *CODE}
    assert inputs["listed", "reqs"] is inputs["missing", "flag"] is inputs["variables", "DEMO_MODE"] is None
    assert set(inputs.values()) == {None}
    assert added(found) == ADDED_KEYS


@pytest.mark.parametrize("config", ["", BACKEND_KEY, WATCHED])
def test_where_no_build_was_watched_yet(demo_maker: DemoMaker, config: str) -> None:
    demo = demo_of(demo_maker, config)
    done = demo.cli("trace", check=False)
    assert done.returncode == 2
    assert f"{demo.root}/.dyncachekeys/builds: demo: no build was watched yet" in done.stderr
    assert "`dyncachekeys trace --build` makes one now" in done.stderr
    assert ("`dyncachekeys run -- uv sync`" in done.stderr) == (config == WATCHED)
    assert not (demo.root / ".dyncachekeys").exists()


@watches
def test_the_last_build_of_uvs_is_shown(demo_maker: DemoMaker) -> None:
    demo = demo_of(demo_maker, WATCHED)
    assert both(demo) == 1
    demo.sync()
    before = tree_of(demo.root)
    found = trace(demo)
    assert tree_of(demo.root) == before
    assert demo.builds == 1
    assert (found["steps"], found["standing"]) == (["requires", "editable"], True)
    assert {subject for asked, subject in watched(found) if asked == "read"} == {*READ, *CODE}
    assert set(watched(found).values()) == {"build"}
    assert not any(committed(found).values())
    assert added(found) == {**ADDED_KEYS, "data": {**ADDED_KEYS["data"], "fallback": True}}
    said = demo.cli("trace").stdout
    assert said.startswith("demo: the editable build of 2")
    assert "watched by the key `build` alone: on machines that have built it, not in CI\n" in said
    assert "  Nothing of that has changed since\n" in said
    demo.append("reqs/a.txt", "two\n")
    assert not trace(demo)["standing"]
    assert "Something of that has changed since: `dyncachekeys explain` tells what\n" in demo.cli("trace").stdout


def test_a_build_that_is_made_becomes_a_record(demo_maker: DemoMaker) -> None:
    """As one of uv's does."""
    demo = demo_of(demo_maker, WATCHED)
    found = trace(demo, "--build")
    assert set(watched(found).values()) == {"build"}
    assert [one.suffix for one in (demo.root / ".dyncachekeys/builds").iterdir()] == [".json"] * 3
    assert trace(demo)["inputs"] == found["inputs"]
    (key,) = [one for one in demo.sync().keys if one.name == "build"]
    assert {*READ, *CODE} <= {one.subject for one in key.inputs}
    assert [both(demo), both(demo)] == [1, 0]
    assert trace(demo, "--build", "wheel")["steps"] == ["requires", "metadata", "wheel"]
    assert both(demo) == 0


def test_a_file_whose_values_count_is_watched(demo_maker: DemoMaker) -> None:
    key = '[tool.dyncachekeys.keys.v]\nresolver = "table"\nfile = "about.py"\ntables = ["V"]\n'
    demo = demo_maker(key, {"about.py": "V = 1\n"})
    demo.append("build_backend/helper.py", "open('about.py').close()\n")
    assert watched(trace(demo, "--build"))["read", "about.py"] == "v"


@pytest.mark.parametrize("config", ["", KEY])
def test_what_is_written_watches_what_was_found(demo_maker: DemoMaker, config: str) -> None:
    demo = demo_of(demo_maker, config)
    before = (demo.root / "pyproject.toml").read_bytes()
    said = demo.cli("trace", "--build", "--write").stdout
    assert '+# Read by build_backend/core.py.\n+[tool.dyncachekeys.keys.data]\n+resolver = "files"\n' in said
    assert said.endswith("Added 3 keys to pyproject.toml; run `dyncachekeys sync`\n")
    after = (demo.root / "pyproject.toml").read_bytes()
    assert after.startswith(before)
    keys = tomli.loads(after.decode())["tool"]["dyncachekeys"]["keys"]
    fallback = {"fallback": True} if config else {}
    assert {name: key for name, key in keys.items() if name != "build"} == {
        **ADDED_KEYS,
        "data": {**ADDED_KEYS["data"], **fallback},
    }
    assert demo.sync().warnings == ()
    left = {one for one, is_committed in committed(trace(demo, "--build")).items() if not is_committed}
    assert left == {("missing", "flag"), ("variables", "HOME")}
    again = demo.cli("trace", "--write").stdout
    assert "Nothing to add" in again
    demo.settled()
    demo.append("reqs/a.txt", "two\n")
    assert demo.both() == 1


@needs("sh", "strace")
@pytest.mark.parametrize("programs", ["true", "false"])
def test_a_build_that_is_made_watches_programs_as_one_of_uvs_does(demo_maker: DemoMaker, programs: str) -> None:
    key = f'[tool.dyncachekeys.keys.build]\nresolver = "build"\nprograms = {programs}\n'
    demo = demo_maker(key, {"gen.sh": "read city < city.txt\n", "city.txt": "london\n"})
    demo.append("build_backend/core.py", "import subprocess\nsubprocess.run(['sh', 'gen.sh'], check=True)\n")
    found = trace(demo, "--build")
    is_seen = programs == "true"
    assert (("read", "city.txt") in watched(found)) is is_seen
    assert [one["program"] for one in found["unseen"]] == ([] if is_seen else ["sh"])


def test_keys_and_entries_that_are_there_are_reported(demo_maker: DemoMaker) -> None:
    demo = demo_of(
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
    found = trace(demo, "--build")
    inputs = watched(found)
    assert inputs["read", "build_backend/core.py"] == "backend"
    assert inputs["read", "reqs/a.txt"] == inputs["listed", "reqs"] == "sources"
    assert inputs["read", "../shared.txt"] == inputs["variables", "DEMO_MODE"] == "tool.uv.cache-keys"
    assert inputs["missing", "flag"] is inputs["read", "[odd] name.cfg"] is None
    assert {one["subject"]: one["watched_by"] for one in found["unread"]} == {
        "src/x.c": "sources",
        "unread.cfg": "tool.uv.cache-keys",
    }
    said = demo.cli("trace").stdout  # of the build that was made: there are keys, so its record was kept
    assert "depends on 11 inputs, 4 of them not watched\n" in said
    assert "watched, and not seen to be read\n  file      src/x.c     (sources)\n" in said
    assert "`dyncachekeys trace --write` adds for this:\n\n" in said
    assert 'names = ["BUILD_LOG"]\n' in said


def test_at_the_root_of_a_workspace_it_is_about_all_packages(demo_maker: DemoMaker) -> None:
    demo = demo_maker("[tool.uv.workspace]\nmembers = ['m']\n")
    core = (demo.root / "build_backend/core.py").read_text(encoding="utf-8").replace("demo", "member")
    helper = (demo.root / "build_backend/helper.py").read_text(encoding="utf-8")
    demo.write(
        {
            "m/pyproject.toml": PYPROJECT.replace('"demo"', '"member"') + BACKEND_KEY,
            "m/build_backend/__init__.py": "",
            "m/build_backend/core.py": core,
            "m/build_backend/helper.py": helper,
        }
    )
    found = json.loads(demo.cli("trace", "--build", "--format", "json").stdout)["projects"]
    assert [one["name"] for one in found] == ["demo", "member"]
    done = demo.cli("trace")  # only the member has keys, so only its record was kept
    assert done.stdout.startswith("member: the editable build of ")
    assert done.stderr.startswith("warning: demo: no build was watched yet: ")
    assert demo.cli("trace", "--package", "demo", check=False).returncode == 2


SAID = {
    "print('on standard output'); raise SystemExit(3)": [
        "it ended with exit code 3\n  it said:\n    on standard output\n"
    ],
    "raise RuntimeError('no such luck')": ["exit code 1\n  it said:\n", "RuntimeError: no such luck\n"],
    "raise SystemExit(4)": ["it ended with exit code 4\n  it printed nothing\n"],
    "os.kill(os.getpid(), 9)": ["it was ended by the signal SIGKILL, as the system does where memory runs out\n"],
    "print('made by', os.environ['MY_TOKEN'], flush=True); os._exit(5)": ["    made by ", "MY_TOKEN"],
}


@pytest.mark.parametrize("body", SAID)
def test_a_build_that_fails_says_how_and_what_it_printed(demo_maker: DemoMaker, body: str) -> None:
    demo = demo_of(demo_maker, BACKEND_KEY)
    demo.append("build_backend/core.py", f"\n\ndef build_editable(*_):\n    {body}\n")
    done = demo.cli("trace", "--build", check=False, MY_TOKEN="s3cr3t-value")
    assert all(text in done.stderr for text in SAID[body]), done.stderr
    assert "s3cr3t-value" not in done.stderr


def test_a_build_that_takes_long_says_what_it_does(demo_maker: DemoMaker) -> None:
    demo = demo_of(demo_maker, BACKEND_KEY)
    said = [line.partition(": ")[2] for line in demo.cli("trace", "--build", "-v").stderr.splitlines()]
    steps = [f"takes the step `{step}`, {number} of 3, for 600s at most" for number, step in enumerate(STEPS, 1)]
    assert said == ["makes an environment for the build, with 0 requirements", *steps]
    assert demo.cli("trace", "--build").stderr == "", "nobody is there to read it"


def test_what_fails_is_reported(demo_maker: DemoMaker) -> None:
    demo = demo_of(demo_maker, BACKEND_KEY)
    demo.edit("build_backend/core.py", 'Path("flag").exists()', "raise RuntimeError('no such luck')")
    done = demo.cli("trace", "--build", "--write", check=False)
    assert done.returncode == 2
    assert "error: the build of demo: the build's editable step fails" in done.stderr
    assert "RuntimeError: no such luck" in done.stderr
    demo.edit("build_backend/core.py", "raise RuntimeError('no such luck')", "__import__('time').sleep(60)")
    done = demo.cli("trace", "--build", "--timeout", "0.5", check=False)
    assert done.returncode == 2
    assert "give a longer `--timeout`, or fix the backend" in done.stderr
    assert demo.cli("trace", "--build", "--timeout", "0", check=False).returncode == 2
    assert "add `--build`" in demo.cli("trace", "--timeout", "5", check=False).stderr
    assert not [one for one in (demo.root / ".dyncachekeys/builds").iterdir() if one.name != "problems"]


def test_a_failure_shows_the_frames_of_the_build_only(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    demo.append("build_backend/core.py", "\n\nimport no_such_module\n")
    said = demo.cli("trace", "--build", check=False).stderr
    assert "dyncachekeys/trace" not in said
    assert 'build_backend/core.py", line ' in said
    assert "ModuleNotFoundError: No module named 'no_such_module'" in said
    demo.edit("pyproject.toml", "requires = []", 'requires = "x"')
    said = demo.cli("trace", "--build", check=False).stderr
    assert "error: build-system.requires: must be a list of texts" in said


def test_a_project_that_is_not_built(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    demo.write({"pyproject.toml": '[project]\nname = "demo"\nversion = "0.1"\n'})
    done = demo.cli("trace", "--build", check=False)
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
    """As maturin does: the wheel is made by a program that nobody watches."""
    key = '[tool.dyncachekeys.keys.build]\nresolver = "build"\nprograms = false\n'
    demo = demo_maker(key, {"data.txt": "one\n"})
    make = "import subprocess\nsubprocess.run('mkdir -p out && cp data.txt out/made.txt', shell=True, check=True)\n"
    demo.append("build_backend/core.py", f"{make}open('out/made.txt').close()\nopen('data.txt').close()\n")
    found = trace(demo, "--build")
    assert ("read", "data.txt") in watched(found)
    assert ("read", "out/made.txt") not in watched(found)
    assert [one["program"] for one in found["unseen"]] == ["sh"]


def test_a_place_of_the_machine_is_not_written_down(demo_maker: DemoMaker) -> None:
    demo = demo_maker("")
    demo.append("build_backend/core.py", "open('/etc/hostname').close()\n")
    found = trace(demo, "--build")
    (path,) = (one["subject"] for one in found["inputs"] if one["subject"].endswith("etc/hostname"))
    assert list(added(found)) == ["backend", "environment"]
    said = demo.cli("trace", "--build", "--write").stdout
    assert f"No key that is the same for everybody names file {path}; " in said
