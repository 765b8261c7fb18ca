"""The quiet path, and the one for edits, against the full path without any memory: never one wrong "nothing to do"."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys.quick import check, edit, history
from dyncachekeys.quick.clock import monotonic
from dyncachekeys.quick.snapshot import RELEASE, Snapshot
from dyncachekeys.syncing import use_cases
from dyncachekeys.syncing.apply import finish
from dyncachekeys.syncing.planning import make_plan
from dyncachekeys.syncing.report import ProjectReport
from kit import DIGEST_TRANSPORT, Demo, DemoMaker, make_demo
from traced import WATCHED

CONFIG = """
[tool.dyncachekeys]
watch = "{watch}"

[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/**/*.c", "*.inc", "../beside_it/*.h"]
exclude = ["csrc/out/"]

[tool.dyncachekeys.keys.also]
resolver = "files"
patterns = ["csrc/deep/", "data/one.bin"]

[tool.dyncachekeys.keys.toolchain]
resolver = "env"
names = ["CC", "CUDA_*"]

[tool.dyncachekeys.keys.settings]
resolver = "table"
file = "settings.json"
"""
FILES: dict[str, str | bytes] = {
    "csrc/one.c": "1\n",
    "csrc/two.c": "2\n",
    "csrc/deep/three.c": "3\n",
    "csrc/deep/notes.txt": "n\n",
    "csrc/deep/.gitignore": "*.o\n",
    "csrc/out/made.c": "m\n",
    "top.inc": "t\n",
    "data/one.bin": b"\0\1",
    "settings.json": '{"a": 1}\n',
    "../beside_it/x.h": "x\n",
}
Step = Callable[[random.Random, Demo, dict[str, str]], None]


def _places(demo: Demo, environ: dict[str, str]) -> list[int] | None:
    """Return what the quiet path finds to differ; nothing if it steps aside."""
    known = Snapshot.load(str(demo.root / ".dyncachekeys"))
    try:
        return None if known is None else check.differences(str(demo.root), known, environ)
    except check.NotQuick:
        return None


def _sync(demo: Demo, environ: dict[str, str]) -> str:
    """Sync as the command line does, and return which path did it."""
    root, started = str(demo.root), monotonic()
    known = Snapshot.load(f"{root}/.dyncachekeys")
    quick_check = None
    if known is not None:
        with contextlib.suppress(check.NotQuick, OSError):
            places = check.differences(root, known, environ)
            if not places:
                return "quiet"
            quick_check = check.QuickCheck(known, places, started)
            edit.apply_edit(root, quick_check)
            return "edits"
        with contextlib.suppress(check.NotQuick):
            quick_check = quick_check or check.QuickCheck(known, check.places(root, known), started)
    use_cases.sync(demo.root, environ, quick_check=None if known is None or known.changed else quick_check)
    return "full"


def _without_memory(demo: Demo, environ: dict[str, str]) -> ProjectReport:
    """Return what the full path would do if it had to read every file."""
    kept, aside = demo.root / ".dyncachekeys/snapshot", demo.beside / "snapshot"
    if kept.exists():
        kept.rename(aside)
    try:
        return dyncachekeys.check(demo.root, environ)
    finally:
        if aside.exists():
            aside.rename(kept)


def _is_in_sync(demo: Demo, environ: dict[str, str], truth: ProjectReport) -> bool:
    remembered = dyncachekeys.check(demo.root, environ)
    kept = (truth.move, truth.region_differs) == ("kept", False)
    return kept and not remembered.changed and remembered.previous == truth.digest


def _sources(demo: Demo) -> list[Path]:
    folders = ("csrc", "data", "../beside_it", "build_backend")
    found = [path for folder in folders for path in (demo.root / folder).rglob("*") if not path.is_dir()]
    return sorted(found) or [demo.root / "top.inc"]


def _edit(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    path = rng.choice(_sources(demo))
    if path.name != ".gitignore" and path.suffix != ".py" and path.exists():
        path.write_text(f"{rng.random()}\n", encoding="utf-8")


def _touch(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    path = rng.choice(_sources(demo))
    if path.exists():
        moment = time.time_ns() + rng.choice([-(10**12), -(10**10), 0, 10**12])
        os.utime(path, ns=(moment, moment))


def _edit_unseen(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    """Same size, same modification time."""
    path = rng.choice([path for path in _sources(demo) if path.suffix == ".c"] or [demo.root / "top.inc"])
    if path.exists():
        info = path.stat()
        path.write_bytes(bytes(rng.choice(b"abc") for _ in range(info.st_size)))
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def _rename(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    path = rng.choice(_sources(demo))
    if path.suffix != ".py":
        path.rename(path.with_name(rng.choice(["one.c", "two.c", "other.c", "notes.txt", "x.h"])))


def _replace(rng: random.Random, demo: Demo, environ: dict[str, str]) -> None:
    """By an atomic save, which may bring the same content."""
    path = rng.choice(_sources(demo))
    if path.exists() and path.suffix != ".py":
        saved = path.with_name(".saved")
        saved.write_bytes(path.read_bytes() + (b"x" if rng.random() < 0.5 else b""))
        saved.replace(path)


def _delete(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    path = rng.choice(_sources(demo))
    if path.suffix != ".py":
        path.unlink()


def _add(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    name = rng.choice(["csrc/new.c", "csrc/deep/new.o", "csrc/new.txt", "csrc/newer/n.c", "extra.inc", "setup.cfg"])
    demo.write({name: f"{rng.random()}\n"})


def _link(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    link = demo.root / rng.choice(["csrc/link.c", "csrc/one.c", "csrc/deep/away"])
    link.parent.mkdir(exist_ok=True, parents=True)
    if link.is_symlink() or link.exists():
        link.unlink()
    link.symlink_to(rng.choice(["two.c", "nowhere", "../data", "../csrc/two.c"]))


def _mode(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    path = rng.choice(_sources(demo))
    if path.exists():
        path.chmod(rng.choice([0o644, 0o755, 0o600]))


def _move_folder(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    deep, away = demo.root / "csrc/deep", demo.root / "away"
    if deep.is_dir() and not away.exists():
        deep.rename(away)
        if rng.random() < 0.5:
            shutil.copytree(away, deep, symlinks=True)
    elif away.is_dir():
        shutil.rmtree(deep, ignore_errors=True)
        away.rename(deep)


def _ignore(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    place = demo.root / rng.choice([".gitignore", "csrc/.gitignore", "csrc/deep/.gitignore"])
    place.parent.mkdir(exist_ok=True, parents=True)
    lines = rng.sample(["/.dyncachekeys/", "/.venv/", "new*", "*.o", "!new.c", "deep/", "two.c"], 4)
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _environment(rng: random.Random, demo: Demo, environ: dict[str, str]) -> None:
    name = rng.choice(["CC", "CUDA_HOME", "CUDA_ARCH", "UNRELATED"])
    if rng.random() < 0.3:
        environ.pop(name, None)
    else:
        environ[name] = rng.choice(["", "a", "b"])


def _pyproject(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    path = demo.root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    choice = rng.randrange(5)
    if choice == 0:
        path.write_text(text + "# a comment\n", encoding="utf-8")
    elif choice == 1:
        path.write_text(text.replace('    { file = "setup.py" },\n', ""), encoding="utf-8")
    elif choice == 4:
        path.write_text(re.sub("sha256-[0-9a-f]{8}", "sha256-00000000", text), encoding="utf-8")
    elif choice == 2:
        path.write_text(text.replace('"*.inc"', rng.choice(['"*.inc"', '"*.txt"'])), encoding="utf-8")
    else:
        os.utime(path)


def _settings(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    demo.write({"settings.json": rng.choice(['{"a": 1}\n', '{"a":1}\n', '{"a": 2}\n'])})


def _backend(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    demo.append("build_backend/helper.py", f"\nNUMBER = {rng.randrange(3)}\n")


def _memory(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    """Damage, or take away, what is remembered."""
    home = demo.root / ".dyncachekeys"
    choice = rng.randrange(6)
    kept = home / rng.choice(["snapshot", "state.json"])
    if choice == 0:
        kept.unlink(missing_ok=True)
    elif choice == 1 and kept.exists():
        data = bytearray(kept.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        kept.write_bytes(data)
    elif choice == 2 and kept.exists():
        kept.write_bytes(kept.read_bytes()[: rng.randrange(400)])
    elif choice == 3:
        (home / "current").unlink(missing_ok=True)
    elif choice == 4:
        shutil.rmtree(home / "stamps", ignore_errors=True)
    else:
        shutil.copy2(kept, home / "copy")
        (home / "copy").replace(kept)


def _build(_: random.Random, demo: Demo, environ: dict[str, str]) -> None:
    demo.uv("sync", check=False, **{name: value for name, value in environ.items() if name not in demo.environ})


def _track(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    """Have git track a file that may be ignored, or track it no more."""
    path = str(rng.choice(_sources(demo)))
    if "beside_it" in path:
        return
    if demo.git("ls-files", "--", path):
        demo.git("rm", "--quiet", "--cached", "--force", "--", path)
    elif os.path.lexists(path):
        demo.git("add", "--force", "--", path)


STEPS: tuple[Step, ...] = (
    *(_edit, _edit, _touch, _edit_unseen, _rename, _replace, _delete, _add, _add, _link, _mode, _move_folder),
    *(_ignore, _environment, _pyproject, _settings, _backend, _memory, _build, _track, _track),
)


SEEDS = range(int(os.environ.get("DYNCACHEKEYS_QUIET_SEEDS", "2")))
TRANSPORT = DIGEST_TRANSPORT.values[0]


@pytest.mark.parametrize(
    ("seed", "watch"),
    [
        *((seed, watch) for seed in SEEDS for watch in ("digest", "auto")),
        pytest.param(0, TRANSPORT, id="0-transport"),
        *(pytest.param(seed, TRANSPORT, id=f"{seed}-transport", marks=pytest.mark.thorough) for seed in SEEDS[1:]),
    ],
)
def test_quiet_only_if_there_is_nothing_to_do(demo_maker: DemoMaker, clock: list[int], seed: int, watch: str) -> None:
    rng = random.Random(f"{seed} {watch}")
    demo = demo_maker(CONFIG.replace("{watch}", watch), FILES)
    demo.git("init", "--quiet")
    environ = dict(demo.environ)
    taken = set()
    dyncachekeys.sync(demo.root, environ)
    for number in range(45):
        clock[0] = rng.choice([0, 0, 10**10, 10**10, 10**10, -(10**10)])
        _sync(demo, environ)  # so that what follows meets a memory of each age
        demo.tick()
        step = rng.choice(STEPS) if rng.random() < 0.85 else None
        if step is not None:
            step(rng, demo, environ)
        places = _places(demo, environ)
        truth = _without_memory(demo, environ)
        said = (seed, number, step, places, truth.why, [key.changes for key in truth.keys])
        if places == []:
            assert _is_in_sync(demo, environ, truth), said
        taken.add(_sync(demo, environ))
        after = _without_memory(demo, environ)
        assert _is_in_sync(demo, environ, after), (said, after)
        assert after.digest == truth.digest, said
    assert {"edits", "full"} <= taken, "the test no longer meets these paths"


BUILT_IN = {"_blake2", "zlib", "time", "__future__"}
QUIETLY_IMPORTED = BUILT_IN | {"dyncachekeys", "dyncachekeys.quick"}
QUIETLY_IMPORTED |= {f"dyncachekeys.quick.{name}" for name in ("answer", "check", "output", "snapshot")}
BY_AN_EDIT = {
    *(
        f"dyncachekeys.quick.{name}"
        for name in ("atomic", "change", "clock", "digest", "edit", "history", "read", "snapshot_file", "stamp")
    ),
    *("_hashlib", "_json", "errno", "fcntl", "hashlib", "stat"),
}
"""What the edit of known files needs beyond a quiet run."""
EXACT = CONFIG.replace("{watch}", "digest")


def _aged(demo: Demo) -> None:
    """Bring everything to rest, and let nothing be too young to be believed."""
    demo.settled()
    time.sleep(2.1)
    demo.sync()


def _text(demo: Demo, *arguments: str) -> str:
    done = demo.cli(*arguments)
    return (done.stdout + done.stderr).replace(str(demo.root), "")


def test_memory_belongs_to_a_release() -> None:
    assert version("dyncachekeys") == RELEASE


def _imported(demo: Demo) -> tuple[str, set[str]]:
    """Return the first word of what a sync prints that only the quick room answers, and what it imports."""
    code = "import sys; before = set(sys.modules); from dyncachekeys.quick import answer as early; done = early.answer(['sync']).done"
    code += "; print('\\n'.join([str(done), *sorted(set(sys.modules) - before)]))"
    *printed, modules = demo.run(sys.executable, "-c", code).stdout.partition("True\n")
    return printed[0], set(modules.split())


def test_what_a_quiet_run_imports(demo_maker: DemoMaker) -> None:
    demo = demo_maker(EXACT, FILES)
    _aged(demo)
    printed, modules = _imported(demo)
    assert printed.split(" in ")[0] == "demo is"
    assert modules - QUIETLY_IMPORTED == set()


def test_what_an_edit_imports(demo_maker: DemoMaker) -> None:
    demo = demo_maker(EXACT, FILES)
    _aged(demo)
    demo.write({"csrc/one.c": "another\n"})
    printed, modules = _imported(demo)
    assert "~ sources    csrc/one.c changed" in printed
    assert "dyncachekeys.quick.edit" in modules
    assert modules - QUIETLY_IMPORTED - BY_AN_EDIT == set()


@pytest.mark.parametrize(
    "arguments", [["sync"], ["check"], ["check", "--stamp"], ["sync", "-q"], ["run", "--", "echo", "x"]]
)
def test_quiet_and_full_path_say_the_same(demo_maker: DemoMaker, arguments: list[str]) -> None:
    """With a warning, so that it is not forgotten when nothing has changed."""
    demo = demo_maker(
        EXACT.replace('"top.inc"', '"top.inc", "nothing/*.c"').replace('"*.inc"', '"*.inc", "no/*.c"'), FILES
    )
    _aged(demo)
    assert _places(demo, dict(demo.environ)) == []
    quietly = _text(demo, *arguments)
    (demo.root / ".dyncachekeys/snapshot").unlink()
    assert quietly.rpartition(" in ")[0] == _text(demo, *arguments).rpartition(" in ")[0]
    assert ("matches nothing" in quietly) == (arguments in (["sync"], ["check"], ["check", "--stamp"]))


def test_an_edit_is_told_and_remembered_as_on_the_full_path(tmp_path: Path) -> None:
    told = []
    for verbose in ([], ["-v"]):  # which is answered by the full path
        demo = make_demo(tmp_path / f"with{verbose}", EXACT, FILES)
        _aged(demo)
        demo.write({"csrc/one.c": "other\n", "csrc/deep/three.c": "other\n"})
        (demo.root / "csrc/two.c").chmod(0o755)
        path = _places(demo, dict(demo.environ))
        assert len(path or ()) == 3
        lines = [line for line in _text(demo, "sync", *verbose).splitlines() if "ms" not in line]
        events = history.read(str(demo.root / ".dyncachekeys"))
        report = dyncachekeys.check(demo.root, demo.environ)
        told.append((lines, [{**event, "at": ""} for event in events], report.digest, report.previous, report.changed))
        assert demo.uv_sync() == 1
        assert demo.both() == 0
    assert told[0] == told[1]


@pytest.mark.parametrize("first", ["edits", "full"])
def test_of_two_syncs_at_once_one_reports_the_change(demo_maker: DemoMaker, clock: list[int], first: str) -> None:
    demo = demo_maker(EXACT, FILES)
    demo.settled()
    clock[0] += 3 * 10**9
    demo.sync()
    demo.tick()
    demo.write({"csrc/one.c": "other\n"})
    root, started = str(demo.root), monotonic()
    known = Snapshot.load(f"{root}/.dyncachekeys")
    assert known is not None
    looked = check.QuickCheck(known, check.differences(root, known, demo.environ), started)
    plan = make_plan(demo.root, demo.environ)
    if first == "edits":
        assert _sync(demo, demo.environ) == "edits"
    else:
        assert demo.sync().move == "moved"
    assert not use_cases.sync(demo.root, demo.environ, quick_check=looked).changed
    assert not finish(plan, demo.environ).changed


def test_there_and_back_by_edits_returns_to_what_is_installed(demo_maker: DemoMaker) -> None:
    demo = demo_maker(EXACT, FILES)
    _aged(demo)
    demo.write({"csrc/one.c": "other\n"})
    assert "will rebuild it" in _text(demo, "sync")
    demo.write({"csrc/one.c": "1\n"})
    assert "back to what uv has installed" in _text(demo, "sync")
    assert demo.uv_sync() == 0


@pytest.mark.parametrize("watched", [False, True], ids=["declared", "watched"])
@pytest.mark.parametrize("profile", [pytest.param("auto", marks=pytest.mark.thorough), "digest"])
def test_there_and_back_by_edits_with_builds_is_built_each_time(
    demo_maker: DemoMaker, profile: str, watched: bool
) -> None:
    """What the state says of one content is not believed of the next, which the path for edits has seen."""
    sources = '[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["csrc/"]\n'
    demo = demo_maker(
        f'[tool.dyncachekeys]\nwatch = "{profile}"\n{WATCHED if watched else ""}{sources}', {"csrc/one.c": "A\n"}
    )
    demo.settled()
    _aged(demo)
    for text in ("B\n", "A\n", "B\n", "A\n"):
        demo.tick()
        demo.write({"csrc/one.c": text})
        assert _built(demo) == 1
    assert _built(demo) == 0


def _built(demo: Demo) -> int:
    demo.cli("sync")
    return demo.uv_sync()


def test_another_index_counts_only_where_it_holds_what_is_ignored(demo_maker: DemoMaker) -> None:
    demo = demo_maker(EXACT, FILES)
    demo.write({"csrc/bin/a.c": "a\n", "csrc/bin/new.c": "n\n"})
    demo.append(".gitignore", "/**/bin\n")
    demo.git("init", "--quiet")
    demo.git("add", "top.inc")
    _aged(demo)
    assert _sync(demo, demo.environ) == "quiet"
    demo.git("add", "csrc/one.c", "csrc/two.c")
    assert _sync(demo, demo.environ) == "edits"
    demo.git("add", "--force", "csrc/bin/a.c")
    (sources,) = (key for key in demo.sync().keys if key.name == "sources")
    assert [change.as_list()[:3] for change in sources.changes] == [["added", "file", "csrc/bin/a.c"]]
    assert demo.uv_sync() == 1
    demo.write({"csrc/bin/a.c": "other\n", "csrc/bin/new.c": "other\n"})
    assert demo.both() == 1
    demo.git("rm", "--quiet", "--cached", "--force", "csrc/bin/a.c")
    assert _sync(demo, demo.environ) == "full"
    assert demo.uv_sync() == 1


@pytest.mark.parametrize("tracked", [pytest.param(True, marks=pytest.mark.thorough), False])
def test_a_function_is_called_each_time_unless_it_is_tracked(demo_maker: DemoMaker, tracked: bool) -> None:
    function = f"""\
    from build_tools.more import NAME
    from dyncachekeys import File, Value, resolver

    @resolver(tracked={tracked})
    def keys(context):
        for path in context.files(["data/*.bin"]):
            yield File(path)
        yield Value(NAME, [context.read_text("settings.json"), context.environ.get("MINE"), context.is_file("may/be")])
    """
    config = '[tool.dyncachekeys]\nwatch = "digest"\n[tool.dyncachekeys.keys.own]\nresolver = "build_tools.keys:keys"\n'
    demo = demo_maker(config, {**FILES, "build_tools/keys.py": function, "build_tools/more.py": "NAME = 'one'\n"})
    _aged(demo)
    environ = dict(demo.environ)
    assert _places(demo, environ) == ([] if tracked else None)
    shown = _text(demo, "show")
    assert ("runs each time" in shown, "own keeps runs from being quiet" in shown) == (not tracked, not tracked)
    if not tracked:
        return
    changes: tuple[Callable[[], None], ...] = (
        lambda: demo.write({"data/two.bin": "2"}),
        lambda: demo.write({"settings.json": "{}"}),
        lambda: demo.write({"build_tools/more.py": "NAME = 'two'\n"}),
        lambda: demo.write({"may/be": ""}),
        lambda: environ.update(MINE="x"),
        lambda: demo.write({"other.py": ""}),  # it may come before a module that is imported
    )
    for change in changes:
        demo.tick()
        change()
        assert _places(demo, environ) != []
        _sync(demo, environ)
        time.sleep(2.1)
        _sync(demo, environ)
        assert _places(demo, environ) == []


def test_where_the_time_went(demo_maker: DemoMaker) -> None:
    demo = demo_maker(EXACT, FILES)
    demo.settled()
    lines = _text(demo, "sync", "-v").splitlines()
    assert {line.split("ms  ")[1] for line in lines if "ms  " in line} == {
        *("all else", "also", "backend", "defaults", "settings", "sources", "toolchain")
    }
