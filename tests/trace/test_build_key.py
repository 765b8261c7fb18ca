"""`resolver = "build"`: what uv's build was seen to depend on counts, by the record that stands."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys.trace.record import BuildRecord, load
from kit import BACKEND_KEY, Demo, DemoMaker, refused
from traced import KEY, LINE, WATCHED, both, hook, settled, traced, watches

pytestmark = watches
WHERE = "tool.dyncachekeys.keys.build"
HOOK = hook(
    """
    for one in sorted(Path("reqs").glob("*.txt")):
        one.read_text(encoding="utf-8")
    os.environ.get("DEMO_MODE")
    Path("flag").exists()
    Path("made.txt").write_text("made", encoding="utf-8")
    """
)


def watched_demo(demo_maker: DemoMaker, hook: str = HOOK, config: str = WATCHED) -> Demo:
    demo = demo_maker(config, {"reqs/a.txt": "one\n", "other.txt": "not read\n"})
    demo.append("build_backend/core.py", hook)
    return demo


def records(demo: Demo) -> list[BuildRecord]:
    found = [load(path) for path in sorted((demo.root / ".dyncachekeys/builds").glob("*.json"))]
    assert None not in found
    return [record for record in found if record is not None]


def test_what_a_build_was_seen_to_read_has_no_entry(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker)
    assert both(demo) == 1
    report = demo.sync()
    (key,) = [one for one in report.keys if one.name == "build"]
    # Each of its steps has a minute of its own.
    minutes = {time.strftime("%H:%M", time.localtime(one.started / 1e9)) for one in records(demo)}
    found = {
        (one.input, one.subject): (one.watched_by, re.sub(rf"({'|'.join(minutes)})$", "then", one.reason))
        for one in key.inputs
    }
    core = "build_backend/core.py"
    lines = (demo.root / core).read_text(encoding="utf-8").splitlines()
    at = {word: f"{core}:{number}" for number, line in enumerate(lines, 1) for word in line.split("(")[:1]}
    assert found["file", "reqs/a.txt"] == (
        "folder link",
        f"read by {at['        one.read_text']} in the build of then",
    )
    listed = f"listed by {at['    for one in sorted']} in the build of then"
    assert found["value", "names in reqs"] == ("stamp", listed)
    asked = f"read by {at['    os.environ.get']} in the build of then"
    assert found["env", "DEMO_MODE"] == ("stamp", asked)
    assert found["file", "flag"][0] == "link"
    assert found["file", "flag"][1].startswith(f"absent; looked for by {core}:")
    assert found["file", core] == ("link", "read in the build of then")
    assert not any("made.txt" in subject or "other.txt" in subject for _, subject in found)
    assert not any("reqs" in str(entry) for entry in report.entries)


def test_each_kind_of_change_is_one_build(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker)
    settled(demo)
    environ: dict[str, str] = {}
    changes: tuple[Callable[[], object], ...] = (
        lambda: demo.append("reqs/a.txt", "two\n"),
        lambda: demo.write({"reqs/b.txt": "three\n"}),
        lambda: environ.update(DEMO_MODE="fast"),
        (demo.root / "reqs/b.txt").unlink,
        (demo.root / "made.txt").unlink,
        lambda: demo.edit("build_backend/core.py", '"*.txt"', '"*.in"'),
        lambda: demo.write({"reqs/c.in": ""}),
    )
    counts = []
    for change in changes:
        demo.tick()
        change()
        counts.append([both(demo, **environ), both(demo, **environ)])
    assert counts == [[1, 0]] * len(changes)
    demo.append("reqs/a.txt", "no longer read\n")
    assert both(demo, **environ) == 0


def test_what_the_build_does_not_read_costs_nothing(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker, config=f'{KEY}watch = "digest"\n{LINE}')
    settled(demo)
    demo.append("other.txt", "more\n")
    demo.append("made.txt", "by hand\n")
    demo.write({"reqs/__pycache__/x.pyc": "", "reqs/.hidden": "", "reqs/notes.md": ""})
    os.utime(demo.root / "reqs/a.txt", (1, 1))
    assert both(demo, OTHER="1") == 0


@pytest.mark.thorough
def test_what_git_ignores_counts_if_it_looks_like_what_is_read(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker)
    demo.git("init", "--quiet")
    demo.append(".gitignore", "/reqs/made*\n")
    settled(demo)
    demo.write({"reqs/made.log": "", "reqs/made": ""})
    assert demo.both() == 0
    demo.write({"reqs/made.txt": "three\n"})
    assert demo.both() == 1
    demo.append("reqs/made.txt", "four\n")
    assert demo.both() == 1


def test_a_quiet_run_starts_no_process_and_imports_no_backend(demo_maker: DemoMaker, tmp_path: Path) -> None:
    """Counted from inside by an audit hook: what a run with nothing to do starts and opens."""
    demo = watched_demo(demo_maker)
    settled(demo)
    time.sleep(2.1)  # what is younger than its memory is looked at again
    demo.sync()
    counted = tmp_path / "counted"
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import sys\n"
        f"log = open({str(counted)!r}, 'a', encoding='utf-8')\n"
        "def hook(event, arguments):\n"
        "    started = ('subprocess.Popen', 'os.exec', 'os.posix_spawn', 'os.fork', 'os.system')\n"
        "    if event in started or (event == 'open' and 'build_backend' in str(arguments[0])):\n"
        "        log.write(f'{event} {arguments[0]}\\n'); log.flush()\n"
        "log.write('run\\n'); log.flush()\n"
        "sys.addaudithook(hook)\n",
        encoding="utf-8",
    )
    assert demo.cli("sync", PYTHONPATH=str(site)).stdout.startswith("demo is in sync (2 keys")
    assert counted.read_text(encoding="utf-8") == "run\n"
    demo.append("reqs/a.txt", "two\n")  # no edit that is answered without the record: the next build may read others
    demo.cli("sync", PYTHONPATH=str(site))
    assert "subprocess.Popen" not in counted.read_text(encoding="utf-8")


def test_what_is_stored_holds_names_only(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker)
    demo.sync()
    demo.uv_sync(DEMO_MODE="a secret value")
    demo.sync(DEMO_MODE="a secret value")
    paths = [*(demo.root / ".dyncachekeys/builds").glob("*.json")]
    assert all(path.stat().st_mode & 0o077 == 0 for path in paths)
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    assert "DEMO_MODE" in text
    assert "secret" not in text
    assert not [one for one in (demo.root / ".dyncachekeys/builds").iterdir() if one.is_dir()]


@pytest.mark.parametrize("damage", ["", '{"format": 3, "salt": "x"}', "gone"])
def test_what_is_stored_may_be_damaged_or_gone(damage: str, demo_maker: DemoMaker) -> None:
    """Then uv has to build once more: nobody knows what that one depends on."""
    demo = watched_demo(demo_maker)
    settled(demo)
    for path in (demo.root / ".dyncachekeys/builds").glob("*.json"):
        if damage == "gone":
            path.unlink()
        else:
            path.write_text(damage, encoding="utf-8")
    demo.append("reqs/a.txt", "two\n")
    assert [both(demo), both(demo)] == [1, 0]
    demo.append("reqs/a.txt", "three\n")
    assert [both(demo), both(demo)] == [1, 0]


def test_check_and_show_write_nothing(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker)
    assert dyncachekeys.check(demo.root, demo.environ).region_differs
    dyncachekeys.resolve(demo.root, demo.environ)
    assert not (demo.root / ".dyncachekeys").exists()


def test_a_build_that_fails_leaves_no_record(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker)
    settled(demo)
    before = len(records(demo))
    demo.edit("build_backend/core.py", '    Path("flag").exists()\n', "    raise RuntimeError('no such luck')\n")
    demo.sync()
    assert demo.uv("sync", check=False).returncode
    demo.edit("build_backend/core.py", "    raise RuntimeError('no such luck')\n", '    Path("flag").exists()\n')
    demo.sync()
    assert {record.step for record in records(demo)[before:]} <= {"requires"}
    assert both(demo) <= 1
    assert both(demo) == 0


def test_an_input_that_is_excluded_does_not_count(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker, config=f'{KEY}exclude = ["reqs/a.txt"]\n{LINE}')
    settled(demo)
    demo.append("reqs/a.txt", "two\n")
    assert both(demo) == 0


def test_a_record_is_not_for_uv_to_watch(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker, config=f'{KEY}watch = "uv"\n{LINE}')
    (problem,) = refused(demo.root, demo.environ)
    assert problem.code == "uv-cannot-watch"
    assert problem.where.startswith(WHERE)


@pytest.mark.thorough
def test_in_the_exact_profile_only_content_counts(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker, config=f"{WATCHED}\n[tool.dyncachekeys]\nwatch = 'digest'\n")
    settled(demo)
    demo.tick()
    (demo.root / "reqs/a.txt").touch()
    (demo.root / "build_backend/core.py").touch()
    demo.append("pyproject.toml", "# a comment\n")
    assert both(demo) == 0
    demo.append("reqs/a.txt", "two\n")
    assert both(demo) == 1


def test_a_record_of_another_version_is_not_read(demo_maker: DemoMaker) -> None:
    demo = watched_demo(demo_maker)
    settled(demo)
    for path in (demo.root / ".dyncachekeys/builds").glob("*.json"):
        data = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**data, "version": "another"}), encoding="utf-8")
    assert [both(demo), both(demo)] == [1, 0]


@pytest.mark.thorough
def test_an_edit_answered_from_memory_says_what_a_full_run_says(demo_maker: DemoMaker) -> None:
    """A file that only decides whether a record stands is not an input of its folder."""
    config = f'{WATCHED}\n[tool.dyncachekeys.keys.own]\nresolver = "files"\npatterns = ["src/", "reqs/"]\n'
    demo = watched_demo(demo_maker, config=config + BACKEND_KEY)
    version = f"{sys.version_info.major}.{sys.version_info.minor}\n"
    demo.write({".python-version": version, "src/a.c": "one\n", "src/b.c": "two\n"})
    settled(demo)
    time.sleep(2.1)
    demo.sync()
    demo.append("src/a.c", "more\n")
    assert "src/a.c changed" in demo.cli("sync").stdout
    quick = demo.cli("digest").stdout
    (demo.root / ".dyncachekeys/snapshot").unlink()
    assert demo.cli("digest").stdout == quick


def test_a_moved_stamp_is_no_entry_of_somebody_else(demo_maker: DemoMaker) -> None:
    """A link leads to the stamp, too, which is newer than all that uv saw: `explain` says that it has moved."""
    demo = traced(demo_maker, 'os.environ.get("SEED")')
    settled(demo)
    assert demo.sync(SEED="1").move == "moved"
    said = demo.cli("explain", SEED="1").stdout
    assert "uv sees: .dyncachekeys/current leads elsewhere" in said
    assert "of your own" not in said
