"""Transport `digest`: the name carries the content. Cases 21, 29, 35, 36, 39 and 40."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli

import dyncachekeys
from dyncachekeys.errors import DyncachekeysError
from kit import BACKEND, BACKEND_KEY, PYPROJECT, Demo, DemoMaker, make_demo

TABLE = '[tool.dyncachekeys]\ntransport = "digest"\n'
SOURCES_KEY = '[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["csrc/"]\n'
CONFIG = TABLE + BACKEND_KEY + SOURCES_KEY
FILES = {"csrc/one.c": "A\n", "csrc/two.c": "two\n"}
CURRENT = {"dir": ".dyncachekeys/current"}


def key(resolver: str, options: str = "") -> str:
    return f'[tool.dyncachekeys.keys.{resolver.partition(":")[2] or resolver}]\nresolver = "{resolver}"\n{options}\n'


def entries(demo: Demo) -> list[dict[str, str]]:
    data = tomli.loads((demo.root / "pyproject.toml").read_text(encoding="utf-8"))
    return list(data["tool"]["uv"]["cache-keys"])


def name(demo: Demo) -> str:
    (found,) = [entry["dir"] for entry in entries(demo) if entry.get("dir", "").startswith(".dyncachekeys/sha256-")]
    return found.removeprefix(".dyncachekeys/")


def commit(demo: Demo, message: str = "A commit") -> None:
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message", message)


def clone(demo: Demo) -> None:
    """Replace the checkout by a fresh clone of it, at the same path; uv's cache stays."""
    bare = demo.beside / "origin.git"
    demo.git("clone", "--quiet", "--bare", ".", str(bare))
    shutil.rmtree(demo.root)
    subprocess.run(["git", "clone", "--quiet", str(bare), str(demo.root)], check=True, env=demo.environ)


def test_what_is_written(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + key("env", 'names = ["CC"]'), FILES)
    report = demo.sync()
    assert (report.transport, report.stamp, report.written) == ("digest", None, ("pyproject.toml",))
    assert entries(demo) == [{"env": "CC"}, {"dir": f".dyncachekeys/{name(demo)}"}]
    assert not os.path.lexists(demo.root / ".dyncachekeys/current")
    shown = json.loads(demo.cli("show", "--format", "json").stdout)["projects"][0]
    assert (shown["transport"], shown["stamp"], shown["entries"]) == ("digest", None, entries(demo))
    assert shown["named"] == {"digest": name(demo), "before": name(demo), "installed": False}
    assert {one["watch"] for one in shown["keys"]} == {"digest"}
    found = {one["subject"]: one["watched_by"] for one_key in shown["keys"] for one in one_key["found"]}
    assert (found["CC"], found["csrc/one.c"], found["src"], found["pyproject.toml"]) == ("entry", *("digest",) * 3)
    assert demo.uv_sync() == 1
    assert demo.both() == 0
    assert demo.uv_sync(CC="clang") == 1


@pytest.mark.parametrize(
    ("neutral", "act"),
    [
        (True, lambda demo: (demo.root / "csrc/one.c").touch()),
        pytest.param(True, lambda demo: demo.run("chmod", "-R", "go-rwx", "."), marks=pytest.mark.thorough),
        pytest.param(
            True, lambda demo: demo.write({"csrc/one.c": "A\n", "README": "new\n"}), marks=pytest.mark.thorough
        ),
        pytest.param(True, lambda demo: demo.append("pyproject.toml", "\n# a comment\n"), marks=pytest.mark.thorough),
        pytest.param(
            True,
            lambda demo: demo.edit("pyproject.toml", 'version = "0.1"', "version   =   '0.1'"),
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            True, lambda demo: demo.edit("pyproject.toml", '"csrc/"]', '"csrc/*"]'), marks=pytest.mark.thorough
        ),
        pytest.param(
            False,
            lambda demo: demo.edit("pyproject.toml", 'version = "0.1"', 'version = "0.1"\ndescription = "x"'),
            marks=pytest.mark.thorough,
        ),
        (False, lambda demo: demo.write({"csrc/one.c": "B\n"})),
        pytest.param(False, lambda demo: (demo.root / "csrc/one.c").unlink(), marks=pytest.mark.thorough),
        pytest.param(False, lambda demo: demo.write({"setup.cfg": ""}), marks=pytest.mark.thorough),
        pytest.param(False, lambda demo: (demo.root / "src").mkdir(), marks=pytest.mark.thorough),
        pytest.param(False, lambda demo: (demo.root / "csrc/one.c").chmod(0o755), marks=pytest.mark.thorough),
        pytest.param(
            False, lambda demo: demo.append("build_backend/helper.py", "\nMORE = 1\n"), marks=pytest.mark.thorough
        ),
    ],
)
def test_one_line_for_each_real_change(demo_maker: DemoMaker, neutral: bool, act: Callable[[Demo], object]) -> None:
    """Defaults by value, and no timestamp anywhere."""
    demo = demo_maker(CONFIG, FILES)
    demo.both()
    act(demo)
    before = (demo.root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    checked = demo.cli("check", check=False)
    assert checked.returncode == (0 if neutral else 1), checked.stdout
    assert [demo.both(), demo.both()] == [0 if neutral else 1, 0]
    after = (demo.root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    assert len(before) == len(after)
    assert sum(old != new for old, new in zip(before, after, strict=True)) == (0 if neutral else 1)
    assert demo.cli("check", "--stamp").returncode == 0


STAMP = CONFIG.replace('transport = "digest"', 'watch = "digest"')
TRANSPORTS = pytest.mark.parametrize(
    "config", [pytest.param(CONFIG, id="digest"), pytest.param(STAMP, id="stamp", marks=pytest.mark.thorough)]
)


@TRANSPORTS
def test_there_and_back(demo_maker: DemoMaker, config: str) -> None:
    """Case 36: with builds between each is one; without a uv command between there is none."""
    demo = demo_maker(config, FILES)
    demo.both()
    for text in "BA":
        demo.write({"csrc/one.c": f"{text}\n"})
        assert demo.both() == 1
        assert demo.both() == 0
    for text in "BCBCA":
        demo.write({"csrc/one.c": f"{text}\n"})
        demo.sync()
    assert [demo.uv_sync(), demo.both()] == [0, 0]


def test_plain_keys_count_there_and_back(demo_maker: DemoMaker) -> None:
    """What the test before is worth."""
    demo = demo_maker('\n[tool.uv]\ncache-keys = [{ file = "csrc/one.c" }]\n', FILES)
    demo.uv_sync()
    demo.write({"csrc/one.c": "B\n"})
    demo.write({"csrc/one.c": "A\n"})
    assert demo.uv_sync() == 1


@TRANSPORTS
def test_another_branch_and_back(demo_maker: DemoMaker, config: str) -> None:
    """Case 21."""
    demo = demo_maker(config, FILES)
    demo.git("init", "--quiet", "--initial-branch=main")
    demo.both()
    commit(demo)
    demo.git("checkout", "--quiet", "-b", "other")
    demo.write({"csrc/one.c": "B\n", "csrc/three.c": "3\n"})
    demo.sync()
    commit(demo)
    demo.git("checkout", "--quiet", "main")
    assert [demo.both(), demo.both()] == [0, 0]
    demo.git("checkout", "--quiet", "other")
    demo.git("checkout", "--quiet", "-")
    assert [demo.both(), demo.both()] == [0, 0]
    demo.git("checkout", "--quiet", "other")
    assert demo.git("status", "--porcelain") == ""
    assert [demo.both(), demo.both()] == [1, 0]
    assert demo.git("status", "--porcelain") == ""


def test_plain_uv_is_right_after_a_checkout(demo_maker: DemoMaker) -> None:
    """The name comes with the commit; and the sync that follows has no reason to doubt what uv built."""
    demo = demo_maker(CONFIG + key("git", "commit = true"), FILES)
    demo.git("init", "--quiet", "--initial-branch=main")
    demo.sync()
    commit(demo)
    demo.settled()
    demo.git("checkout", "--quiet", "-b", "other")
    demo.write({"csrc/one.c": "B\n"})
    time.sleep(0.02)  # what is that young at a sync may have been written after it
    demo.sync()
    commit(demo)
    assert demo.uv_sync() == 1
    assert demo.both() == 0
    demo.git("checkout", "--quiet", "main")
    assert demo.uv_sync() == 1
    assert demo.both() == 0


@pytest.mark.thorough
@TRANSPORTS
def test_sources_beside_the_project(demo_maker: DemoMaker, config: str) -> None:
    """Case 29."""
    beside = '[tool.dyncachekeys.keys.beside]\nresolver = "files"\npatterns = ["../crates/core/**/*.rs", "../proto/"]\n'
    demo = demo_maker(config + beside, {**FILES, "../crates/core/src/lib.rs": "1\n", "../proto/a.proto": "a\n"})
    demo.both()
    demo.write({"../crates/core/src/lib.rs": "2\n"})
    assert [demo.both(), demo.both()] == [1, 0]
    demo.write({"../proto/b.proto": "b\n"})
    assert [demo.both(), demo.both()] == [1, 0]
    (demo.root / "../proto/a.proto").unlink()
    assert [demo.both(), demo.both()] == [1, 0]
    (demo.root / "../crates/core/src/lib.rs").touch()
    assert demo.both() == 0


PLAIN = (
    '[tool.uv]\ncache-keys = [{ file = "pyproject.toml" }, { file = "build_backend/*.py" }, { file = "csrc/*.c" }]\n'
)


def _clone(config: str, builds: int, id: str, *, thorough: bool = True) -> object:  # noqa: A002
    return pytest.param(config, builds, id=id, marks=[pytest.mark.thorough] if thorough else [])


@pytest.mark.parametrize(
    ("config", "builds"),
    [
        _clone(CONFIG, 0, "digest", thorough=False),
        _clone(CONFIG + key("env", 'names = ["CC"]'), 0, "env"),
        _clone(CONFIG + key("git", "commit = true"), 0, "commit"),
        _clone(CONFIG + key("build_tools.keys:own"), 0, "asks-nothing"),
        # What it was is known to nobody.
        _clone(CONFIG + key("command", f'argv = ["{sys.executable}", "--version"]'), 1, "command"),
        _clone(PLAIN, 1, "plain", thorough=False),
    ],
)
@pytest.mark.parametrize("sync_first", [True, pytest.param(False, marks=pytest.mark.thorough)])
def test_a_fresh_clone_with_a_restored_cache(demo_maker: DemoMaker, config: str, builds: int, sync_first: bool) -> None:
    """Case 35."""
    own = "from dyncachekeys import File, Value\n\ndef own(context):\n    yield File('csrc/one.c')\n"
    own += "    yield Value('x', context.read_text('csrc/two.c'), tree=True)\n"
    demo = demo_maker(config, {**FILES, "build_tools/keys.py": own})
    demo.git("init", "--quiet", "--initial-branch=main")
    if config != PLAIN:
        demo.sync()
    commit(demo)
    assert (demo.uv_sync() if config == PLAIN else demo.both()) == 1
    clone(demo)
    if sync_first and config != PLAIN:
        demo.cli("sync")
        assert demo.git("status", "--porcelain") == ""
    elif config != PLAIN:
        demo.cli("check")
        if builds:
            return  # plain uv can't know
    assert demo.uv_sync() == builds
    assert demo.uv_sync() == 0
    if config != PLAIN:
        assert demo.both() == 0
        demo.write({"csrc/one.c": "B\n"})
        assert [demo.both(), demo.both()] == [1, 0]


MACHINE = {
    "command": (key("command", f'argv = ["{sys.executable}", "--version"]'), True),
    "distribution": (key("distribution", "platform = true"), True),
    "wildcard": (key("env", 'names = ["CUDA_*"]'), True),
    "credential": (key("env", 'names = ["MY_TOKEN"]'), True),
    "dirty": (key("git", "dirty = true"), True),
    "describe": (key("git", "describe = true"), True),
    "outputs": (key("outputs", 'patterns = ["made.txt"]'), True),
    "value": (key("build_tools.keys:value"), True),
    "machine-file": (key("build_tools.keys:chosen"), True),
    "named": (key("env", 'names = ["CC"]'), False),
    "table": (key("table", 'file = "settings.json"'), False),
    "promised": (key("build_tools.keys:promised"), False),
    "asked": (key("build_tools.keys:asked", "deep = true"), True),
    "not-asked": (key("build_tools.keys:asked", "deep = false"), False),
    "requirements": (key("requirements", 'files = ["reqs.txt"]'), True),
}
OWN = """\
from dyncachekeys import Context, File, Value, resolver


def value(context):
    yield Value("of this machine", 1)


def chosen(context):
    yield File("csrc/two.c", tree=False)


@resolver(machine=False)
def promised(context):
    yield Value("of the tree", context.read_text("csrc/two.c"), tree=True)


@resolver(machine=lambda deep: deep)
def asked(context, deep: bool):
    yield Value("of the tree", 1, tree=not deep)
"""


MACHINE_FILES = {**FILES, "build_tools/keys.py": OWN, "settings.json": "{}\n", "reqs.txt": "one\n"}


@pytest.mark.parametrize("case", MACHINE)
def test_whether_there_is_a_stamp_is_known_from_configuration_alone(demo_maker: DemoMaker, case: str) -> None:
    config, has_stamp = MACHINE[case]
    demo = demo_maker(CONFIG + config, MACHINE_FILES)
    demo.git("init", "--quiet")
    demo.sync()
    assert (CURRENT in entries(demo)) == has_stamp
    assert {"file": ".dyncachekeys/stamp"} not in entries(demo)
    before = name(demo)
    other = demo.sync(CUDA_HOME="x", MY_TOKEN="y", CC="z")
    assert name(demo) == before
    assert (other.move == "moved") == (case in {"wildcard", "credential"})


@pytest.mark.thorough
@pytest.mark.parametrize("case", MACHINE)
def test_an_edit_beside_each_kind_of_key(demo_maker: DemoMaker, case: str) -> None:
    demo = demo_maker(CONFIG + MACHINE[case][0], MACHINE_FILES)
    demo.git("init", "--quiet")
    demo.both()
    before = name(demo)
    demo.write({"csrc/one.c": "B\n"})
    assert [demo.both(), demo.both()] == [1, 0]
    assert name(demo) != before


def test_inputs_of_the_machine_move_the_stamp_and_not_the_name(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + key("env", 'names = ["CUDA_*", "MY_TOKEN"]'), FILES)
    demo.both()
    before = entries(demo)
    assert [demo.both(CUDA_HOME="a"), demo.both(CUDA_HOME="a")] == [1, 0]
    assert demo.sync(CUDA_HOME="b").stamp is not None
    assert demo.sync(CUDA_HOME="a").move == "returned"
    assert demo.uv_sync() == 0
    assert [demo.both(MY_TOKEN="t"), demo.both(MY_TOKEN="t")] == [1, 0]
    assert entries(demo) == before
    record = next(demo.root.glob(".venv/lib/python*/site-packages/demo-*.dist-info/uv_cache.json")).read_text()
    assert "MY_TOKEN" not in record


def test_a_file_to_which_a_variable_leads_is_in_no_name(demo_maker: DemoMaker) -> None:
    """The region must be the same for everybody; the change is seen all the same."""
    files = {**FILES, "reqs.txt": "-r ${WHERE}/more.txt\n", "here/more.txt": "one\n", "there/more.txt": "one\n"}
    demo = demo_maker(CONFIG + key("requirements", 'files = ["reqs.txt"]'), files)
    demo.sync(WHERE="here")
    demo.both(WHERE="here")
    before = name(demo)
    assert [demo.both(WHERE="there"), demo.both(WHERE="there")] == [1, 0]
    demo.write({"there/more.txt": "two\n"})
    assert [demo.both(WHERE="there"), demo.both(WHERE="there")] == [1, 0]
    assert name(demo) == before
    demo.write({"reqs.txt": "-r there/more.txt\n-r ${WHERE}/more.txt\n"})
    demo.both(WHERE="there")
    before = name(demo)
    demo.write({"there/more.txt": "three\n"})
    assert [demo.both(WHERE="there"), demo.both(WHERE="there")] == [1, 0]
    assert name(demo) != before


@pytest.mark.thorough
def test_a_product_that_goes_missing_is_built_once(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + key("outputs", 'patterns = ["made.txt"]'), FILES)
    demo.edit("build_backend/core.py", "    name = ", '    Path("made.txt").write_text("made")\n    name = ')
    demo.both()
    before = entries(demo)
    (demo.root / "made.txt").unlink()
    assert [demo.both(), demo.both()] == [1, 0]
    assert (demo.root / "made.txt").exists()
    assert entries(demo) == before


def test_uv_built_on_its_own_over_an_edit_that_then_went_back(demo_maker: DemoMaker) -> None:
    """Case 42, where there can be a stamp: none is there until it is needed."""
    demo = demo_maker(CONFIG + key("env", 'names = ["CC", "CUDA_*"]'), FILES)
    demo.both()
    demo.write({"csrc/one.c": "B\n"})
    assert demo.uv_sync(CC="other") == 1
    demo.write({"csrc/one.c": "A\n"})
    assert [demo.both(CC="other"), demo.both(CC="other")] == [1, 0]


def test_where_there_is_no_stamp_a_doubt_is_told(demo_maker: DemoMaker) -> None:
    """Case 42, where nothing that is committed could make uv build again; told once."""
    demo = demo_maker(CONFIG + key("env", 'names = ["CC"]'), FILES)
    demo.settled()
    demo.write({"csrc/one.c": "B\n"})
    assert demo.uv_sync(CC="other") == 1
    demo.write({"csrc/one.c": "A\n"})
    done = demo.cli("sync", CC="other")
    assert done.stderr == (
        "warning: demo: uv built without a sync, and csrc/one.c may have had other content then; "
        "if it was, run `uv sync --reinstall-package demo`\n"
    )
    assert demo.sync(CC="other").warnings == ()
    assert demo.uv_sync(CC="other") == 0
    time.sleep(0.02)
    demo.sync(CC="other")
    demo.uv("sync", "--reinstall-package", "demo", CC="other")
    assert demo.sync(CC="other").warnings == ()


def test_what_stands_where_nothing_may_stand(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, FILES)
    demo.both()
    taken = demo.root / ".dyncachekeys" / name(demo)
    taken.mkdir()
    done = demo.cli("sync", check=False)
    assert done.returncode == 2
    assert done.stderr == (
        f'error: .dyncachekeys/{name(demo)}: is there; under `transport = "digest"` it is a name only, '
        f"and uv must find nothing\n  do: remove `.dyncachekeys/{name(demo)}`\n"
    )
    taken.rmdir()
    assert demo.both() == 0


@pytest.mark.parametrize("own", ['{ file = "CHANGES.md" }', '"CHANGES.md"', '{ dir = "docs" }'])
def test_entries_of_the_users_own_spoil_it(demo_maker: DemoMaker, own: str) -> None:
    demo = demo_maker(f"[tool.uv]\ncache-keys = [{own}]\n{CONFIG}", {**FILES, "CHANGES.md": "", "docs/x": ""})
    (warning,) = demo.sync().warnings
    assert (warning.code, warning.where) == ("entry-spoils-digest", "pyproject.toml: tool.uv.cache-keys")
    assert ("CHANGES.md" if "CHANGES" in own else "dir `docs`") in warning.message
    assert demo.both() <= 1
    assert demo.both() == 0


REFUSED = {
    "files": (
        SOURCES_KEY + 'watch = "uv"\n',
        "uv-cannot-watch",
        (
            '`watch = "uv"` on file `csrc/one.c` and 1 more: under `transport = "digest"` uv sees by itself only variables '
            "by name, commit and tags"
        ),
        "sources",
    ),
    "backend": (BACKEND_KEY + 'watch = "uv"\n', "uv-cannot-watch", '`watch = "uv"` on file `build_backend/', "backend"),
    "wildcard": (
        key("env", 'names = ["CC", "CUDA_*"]\nwatch = "uv"'),
        "uv-cannot-watch",
        '`watch = "uv"` on value `names of CUDA_*`',
        "env",
    ),
    "denied": (
        key("build_tools.denied:denied"),
        "machine-denied",
        "its resolver says that it never asks the machine, but value `of this machine` is not taken from the tree",
        "denied",
    ),
    "denied-git": (key("build_tools.denied:git"), "machine-denied", "its resolver says that it never asks", "git"),
    "raises": (
        key("build_tools.denied:raises"),
        "resolver-failed",
        (
            "the resolver `build_tools.denied:raises` (the project's own tree) can't tell whether it asks the machine: "
            "ValueError: no"
        ),
        "raises",
    ),
}
DENIED = """\
from dyncachekeys import Git, Value, resolver


@resolver(machine=False)
def denied(context):
    yield Value("of this machine", 1)


@resolver(machine=False)
def git(context):
    yield Git(commit=True)


def _no():
    raise ValueError("no")


@resolver(machine=_no)
def raises(context):
    yield from ()
"""


@pytest.mark.parametrize("case", REFUSED)
def test_refused(demo_maker: DemoMaker, case: str) -> None:
    config, code, message, where = REFUSED[case]
    demo = demo_maker(TABLE + config, {**FILES, "build_tools/denied.py": DENIED})
    before = (demo.root / "pyproject.toml").read_bytes()
    with pytest.raises(DyncachekeysError) as caught:
        demo.sync()
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == (code, f"tool.dyncachekeys.keys.{where}")
    assert problem.message.startswith(message)
    assert (demo.root / "pyproject.toml").read_bytes() == before


@pytest.mark.thorough
def test_what_a_denied_resolver_yields_is_no_matter_under_the_other_transport(demo_maker: DemoMaker) -> None:
    demo = demo_maker(key("build_tools.denied:denied"), {"build_tools/denied.py": DENIED})
    demo.both()


@pytest.mark.thorough
def test_watch_uv_is_fine_for_what_uv_sees(demo_maker: DemoMaker) -> None:
    config = TABLE + key("env", 'names = ["CC"]\nwatch = "uv"') + key("git", 'tags = true\nwatch = "uv"')
    demo = demo_maker(config)
    demo.both()
    assert entries(demo)[:2] == [{"env": "CC"}, {"git": {"tags": True}}]


def test_from_one_transport_to_the_other_and_back(demo_maker: DemoMaker) -> None:
    demo = demo_maker("[tool.dyncachekeys]\n" + BACKEND_KEY + SOURCES_KEY, FILES)
    original = (demo.root / "pyproject.toml").read_bytes()
    demo.both()
    for old, new in (("[tool.dyncachekeys]\n", TABLE), (TABLE, "[tool.dyncachekeys]\n")):
        demo.edit("pyproject.toml", old, new)
        assert [demo.both() <= 1, demo.both()] == [True, 0]
        assert os.path.lexists(demo.root / ".dyncachekeys/current") == (new != TABLE)
        demo.write({"csrc/one.c": f"{new}\n"})
        assert [demo.both(), demo.both()] == [1, 0]
    demo.cli("clean")
    assert (demo.root / "pyproject.toml").read_bytes() == original


@pytest.mark.parametrize("without_state", [False, True])
@pytest.mark.parametrize("without_markers", [False, True])
def test_clean_gives_back_what_was_there(demo_maker: DemoMaker, without_state: bool, without_markers: bool) -> None:
    demo = demo_maker('[tool.uv]\ncache-keys = [\n    { env = "MINE" },\n]\n' + CONFIG, FILES)
    original = (demo.root / "pyproject.toml").read_bytes()
    demo.sync()
    if without_state:
        shutil.rmtree(demo.root / ".dyncachekeys")
    if without_markers:
        lines = (demo.root / "pyproject.toml").read_text().splitlines(keepends=True)
        (demo.root / "pyproject.toml").write_text("".join(line for line in lines if "dyncachekeys: " not in line))
    demo.cli("clean")
    after = (demo.root / "pyproject.toml").read_bytes()
    assert b"sha256" not in after
    assert without_markers or after == original


@pytest.mark.parametrize("without_state", [pytest.param(False, marks=pytest.mark.thorough), True])
def test_markers_lost(demo_maker: DemoMaker, without_state: bool) -> None:
    """Even a name that is not the last one is ours."""
    demo = demo_maker(CONFIG + key("env", 'names = ["CC", "CUDA_*"]'), FILES)
    demo.both()
    text = (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines(keepends=True) if not line.strip().startswith(("# >>>", "# <<<"))]
    (demo.root / "pyproject.toml").write_text("".join(kept), encoding="utf-8")
    if without_state:
        shutil.rmtree(demo.root / ".dyncachekeys")
    demo.write({"csrc/one.c": "B\n"})
    assert [demo.both(), demo.both()] == [1, 0]
    assert len(entries(demo)) == 3
    assert demo.cli("check", "--stamp").returncode == 0


def test_a_merge_conflict_in_the_name_is_settled(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, FILES)
    demo.git("init", "--quiet", "--initial-branch=main")
    demo.sync()
    commit(demo)
    demo.git("checkout", "--quiet", "-b", "other")
    demo.write({"csrc/one.c": "B\n"})
    demo.sync()
    commit(demo)
    demo.git("checkout", "--quiet", "main")
    demo.write({"csrc/two.c": "B\n"})
    demo.sync()
    commit(demo)
    assert demo.run("git", "merge", "other", check=False).returncode == 1
    demo.sync()
    assert len(entries(demo)) == 1
    assert [demo.both(), demo.both()] == [1, 0]


def test_check_says_why(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, FILES)
    demo.sync()
    before = name(demo)
    demo.write({"csrc/one.c": "B\n"})
    done = demo.cli("check", check=False)
    after = demo.sync().named
    assert after is not None
    assert (done.returncode, done.stdout) == (
        1,
        (
            "demo: pyproject.toml is not what `dyncachekeys sync` would write\n"
            f"  it names {before[:19]}, the inputs are {after.digest[:19]}\n"
            " ~ sources   csrc/one.c changed\n"
            "Run `dyncachekeys sync`.\n"
        ),
    )
    demo.write({"csrc/one.c": "A\n"})
    shutil.rmtree(demo.root / ".dyncachekeys")  # as in CI, where nothing is remembered
    done = demo.cli("check", "--format", "json", check=False)
    (project,) = json.loads(done.stdout)["projects"]
    assert (done.returncode, project["written"]) == (1, ["pyproject.toml"])
    assert project["named"] == {"digest": before, "before": after.digest, "installed": False}
    demo.sync()
    assert demo.cli("check").returncode == 0


@pytest.mark.thorough
def test_what_a_sync_says(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, FILES)
    demo.both()
    demo.write({"csrc/one.c": "B\n"})
    assert demo.cli("sync").stdout.splitlines()[1:] == [
        " ~ sources   csrc/one.c changed",
        "Wrote 1 entry to tool.uv.cache-keys in pyproject.toml",
        "demo names a new digest: uv will rebuild it",
    ]
    demo.write({"csrc/one.c": "A\n"})
    assert demo.cli("sync").stdout.splitlines()[-1] == "demo names the digest again that uv has installed"
    assert demo.cli("sync").stdout.startswith("demo is in sync")
    assert demo.uv_sync() == 0


@pytest.mark.thorough
def test_a_state_that_git_tracks(demo_maker: DemoMaker) -> None:
    """It is not believed, and nothing in it is needed."""
    demo = demo_maker(CONFIG, FILES)
    demo.git("init", "--quiet")
    demo.sync()
    demo.git("add", "--all", "--force")
    assert [demo.both(), demo.both()] == [1, 0]
    demo.write({"csrc/one.c": "B\n"})
    assert [demo.both(), demo.both()] == [1, 0]


def test_a_state_that_is_lost_costs_nothing(demo_maker: DemoMaker) -> None:
    """Case 38, and better: nothing that is in the tree was in there."""
    demo = demo_maker(CONFIG, FILES)
    demo.both()
    shutil.rmtree(demo.root / ".dyncachekeys")
    assert demo.both() == 0
    shutil.rmtree(demo.root / ".dyncachekeys")
    demo.write({"csrc/one.c": "B\n"})
    assert [demo.both(), demo.both()] == [1, 0]


def _interpreter(version: str) -> str:
    """Return an interpreter of another version: beside this one, as pyenv has them, or on ``PATH``."""
    beside = sorted(Path(sys.base_prefix).parent.glob(f"{version}.*/bin/python"))
    for one in (*map(str, beside), f"python{version}"):
        with contextlib.suppress(OSError):
            if subprocess.run([one, "--version"], capture_output=True, check=False).returncode == 0:
                return one
    pytest.skip(f"no Python {version} here")


def test_the_same_name_everywhere(tmp_path: Path) -> None:
    """Cases 39 and 40: other path, other order of files, in a git hook, another interpreter."""
    config = CONFIG + key("env", 'names = ["CC", "CUDA_*"]') + key("table", 'file = "settings.json"')
    config += key("requirements", 'files = ["reqs.txt"]')
    files = {**FILES, "settings.json": '{"a": [1, 2.5, null]}\n', "reqs.txt": "-r more.txt\n", "more.txt": "one\n"}
    first = make_demo(tmp_path / "a", config, files)
    first.sync()
    second = make_demo(tmp_path / "b" / "deeper", config, dict(reversed(list(files.items()))))
    second.git("init", "--quiet")
    hook = second.root / ".git/hooks/pre-commit"
    hook.write_text(f'#!/bin/sh\ncd csrc && "{sys.executable}" -m dyncachekeys sync --quiet\n')
    hook.chmod(0o755)
    commit(second)
    assert name(second) == name(first)
    third = make_demo(tmp_path / "c", config, files)
    third.run(
        sys.executable,
        "-m",
        "dyncachekeys",
        "sync",
        "--project",
        str(third.root),
        CC="x",
        CUDA_HOME="y",
        TZ="Asia/Tokyo",
    )
    assert name(third) == name(first)


@pytest.mark.thorough
@pytest.mark.parametrize("version", ["3.10", "3.13"])
def test_the_same_name_under_another_interpreter(demo_maker: DemoMaker, version: str) -> None:
    """Case 40."""
    demo = demo_maker(CONFIG + key("table", 'file = "settings.json"'), {**FILES, "settings.json": '{"a": [1, 2.5]}\n'})
    demo.sync()
    before = name(demo)
    other = _interpreter(version)
    source = str(Path(dyncachekeys.__file__).parent.parent)
    tomli_there = str(Path(tomli.__file__).parent.parent)
    boot = f"import sys; sys.path[:0] = [{source!r}, {tomli_there!r}]; from dyncachekeys.__main__ import main; main()"
    shutil.rmtree(demo.root / ".dyncachekeys")
    demo.run(other, "-c", boot, "check")
    demo.edit("pyproject.toml", before, "sha256-" + "0" * 64)
    demo.run(other, "-c", boot, "sync")
    assert name(demo) == before


@pytest.mark.thorough
@pytest.mark.parametrize("transport", ["digest", "stamp"])
def test_a_workspace(tmp_path: Path, transport: str) -> None:
    """Case 32. Only keys are inherited: each member says for itself how uv hears of it."""
    demo = make_demo(tmp_path)
    declared = TABLE.replace("digest", transport)
    member = PYPROJECT + "\n" + TABLE
    uses = member.replace('"demo"', '"b"') + key("package", 'path = "../a"')
    demo.write(
        {
            "pyproject.toml": f'[tool.uv.workspace]\nmembers = ["packages/*"]\n{declared}'
            '[tool.dyncachekeys.workspace.keys.sources]\nresolver = "files"\npatterns = ["csrc/"]\n',
            "packages/a/pyproject.toml": member.replace('"demo"', '"a"').replace("digest", transport),
            "packages/b/pyproject.toml": uses,
            **{f"packages/{one}/csrc/x.c": one for one in "ab"},
            **{
                f"packages/{one}/build_backend/{name}": text
                for one in "ab"
                for name, text in {
                    "__init__.py": "",
                    "core.py": BACKEND.replace("demo-0.1", f"{one}-0.1").replace("Name: demo", f"Name: {one}"),
                    "helper.py": "def dependencies():\n    return []\n",
                }.items()
            },
        }
    )

    def built() -> int:
        before = demo.builds
        demo.cli("sync")
        demo.uv("sync", "--all-packages")
        return demo.builds - before

    assert [built(), built()] == [2, 0]
    shown = json.loads(demo.cli("check", "--stamp", "--format", "json").stdout)["projects"]
    assert {one["name"]: one["transport"] for one in shown} == {"a": transport, "b": "digest"}
    demo.write({"packages/b/csrc/x.c": "B"})
    assert [built(), built()] == [1, 0]
    demo.write({"packages/a/csrc/x.c": "A"})
    assert [built(), built()] == [2, 0]


def test_a_copy_of_project_and_environment_is_no_build(demo_maker: DemoMaker) -> None:
    """As a cache of CI that is restored: the record has another inode and the same time."""
    demo = demo_maker(CONFIG, FILES)
    demo.settled()
    demo.tick()
    copy = demo.beside / "copy"
    subprocess.run(["cp", "-a", demo.root, copy], check=True)
    shutil.rmtree(demo.root)
    copy.rename(demo.root)
    assert not [one for one in demo.sync().warnings if one.code == "built-unsynced"]
    assert demo.both() == 0
