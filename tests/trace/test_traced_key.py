"""`trace = true`: what the build is seen to depend on counts, and it is run again only if that has changed."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys.trace.in_build import tracer
from kit import PYPROJECT, Demo, DemoMaker, refused
from trace_kit import KEY, both, hook, traces

WHERE = "tool.dyncachekeys.keys.backend"
HOOK = hook(
    """
    for one in sorted(Path("reqs").glob("*.txt")):
        one.read_text(encoding="utf-8")
    os.environ.get("DEMO_MODE")
    Path("flag").exists()
    Path("made.txt").write_text("made", encoding="utf-8")
    """
)


def traced_demo(demo_maker: DemoMaker, hook: str = HOOK, config: str = KEY) -> Demo:
    """Return a project with a backend that says each time its metadata hook runs."""
    demo = demo_maker(config, {"reqs/a.txt": "one\n", "other.txt": "not read\n"})
    demo.append("build_backend/core.py", hook)
    return demo


def test_what_only_the_trace_found_has_no_entry(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    report = demo.sync()
    (key,) = [one for one in report.keys if one.name == "backend"]
    found = {(one.input, one.subject): (one.watched_by, one.reason) for one in key.inputs}
    core = "build_backend/core.py"
    lines = (demo.root / core).read_text(encoding="utf-8").splitlines()
    at = {word: f"{core}:{number}" for number, line in enumerate(lines, 1) for word in line.split("(")[:1]}
    assert found["file", "reqs/a.txt"] == ("link", f"read by {at['        one.read_text']}")
    assert found["value", "names in reqs"] == ("stamp", f"listed by {at['    for one in sorted']}")
    assert found["env", "DEMO_MODE"] == ("stamp", f"read by {at['    os.environ.get']}")
    assert found["file", "flag"][0] == "link"
    assert found["file", "flag"][1].startswith(f"absent; looked for by {core}:")
    assert found["file", core] == ("entry", "build-system.build-backend")
    assert not any("made.txt" in subject or "other.txt" in subject for _, subject in found)
    assert not any("reqs" in str(entry) for entry in report.entries)


def test_each_kind_of_change_is_one_build_and_one_trace(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    demo.settled()
    environ: dict[str, str] = {}
    changes: tuple[Callable[[], object], ...] = (
        lambda: demo.append("reqs/a.txt", "two\n"),
        lambda: demo.write({"reqs/b.txt": "three\n"}),
        lambda: demo.write({"flag": ""}),
        lambda: environ.update(DEMO_MODE="fast"),
        (demo.root / "reqs/b.txt").unlink,
        lambda: demo.edit("build_backend/core.py", '"*.txt"', '"*.in"'),
    )
    for change in changes:
        before = traces(demo)
        demo.tick()
        change()
        assert both(demo, **environ) == 1
        assert both(demo, **environ) == 0
        assert traces(demo) - before == 1  # uv itself does not ask: all metadata is static
    demo.write({"reqs/c.in": ""})
    demo.tick()
    assert both(demo, **environ) == 1  # a new name in a folder that is listed
    demo.append("reqs/a.txt", "no longer read\n")
    before = traces(demo)
    assert both(demo, **environ) == 0
    assert traces(demo) == before


def test_what_the_build_does_not_read_costs_nothing(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker, config=f'{KEY}watch = "digest"\n')
    demo.settled()
    before = traces(demo)
    demo.append("other.txt", "more\n")
    demo.append("made.txt", "by hand\n")
    demo.write({"reqs/__pycache__/x.pyc": "", "reqs/.hidden": ""})
    os.utime(demo.root / "reqs/a.txt", (1, 1))
    assert both(demo, OTHER="1") == 0
    assert traces(demo) == before


@pytest.mark.thorough
def test_what_git_ignores_counts_if_it_looks_like_what_is_read(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    demo.git("init", "--quiet")
    demo.append(".gitignore", "/reqs/made*\n")
    demo.settled()
    demo.write({"reqs/made.log": "", "reqs/made": ""})
    assert demo.both() == 0
    demo.write({"reqs/made.txt": "three\n"})
    assert demo.both() == 1
    demo.append("reqs/made.txt", "four\n")
    assert demo.both() == 1


def test_a_quiet_run_starts_no_process_and_imports_no_backend(demo_maker: DemoMaker, tmp_path: Path) -> None:
    """Counted from inside by an audit hook: what a run with nothing to do starts and opens."""
    demo = traced_demo(demo_maker)
    demo.settled()
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
    before = traces(demo)
    assert demo.cli("sync", PYTHONPATH=str(site)).stdout.startswith("demo is in sync (2 keys")
    assert counted.read_text(encoding="utf-8") == "run\n"
    demo.append("reqs/a.txt", "two\n")  # no edit that is answered without a trace: it may read others now
    demo.cli("sync", PYTHONPATH=str(site))
    assert "subprocess.Popen" in counted.read_text(encoding="utf-8")  # it does count
    assert traces(demo) == before + 1


def test_what_is_kept_holds_names_only(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    demo.sync(DEMO_MODE="a secret value")
    path = demo.root / ".dyncachekeys/trace.json"
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text(encoding="utf-8")
    assert "DEMO_MODE" in text
    assert "secret" not in text
    assert "one" not in json.loads(text)["seal"]


@pytest.mark.parametrize("damage", ["", '{"format": 3, "salt": "x"}'])
def test_what_is_kept_may_be_damaged_or_gone(damage: str, demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    first = demo.sync()
    path = demo.root / ".dyncachekeys/trace.json"
    if damage:
        path.write_text(damage, encoding="utf-8")
    else:
        path.unlink()
    demo.append("reqs/a.txt", "two\n")
    assert demo.sync().digest != first.digest
    assert traces(demo) == 2


def test_check_and_show_write_nothing(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    assert dyncachekeys.check(demo.root, demo.environ).region_differs
    dyncachekeys.resolve(demo.root, demo.environ)
    assert not (demo.root / ".dyncachekeys").exists()


def test_a_build_that_fails_is_told_and_stops_the_sync(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    demo.edit("build_backend/core.py", '    Path("flag").exists()\n', "    raise RuntimeError('no such luck')\n")
    (problem,) = refused(demo.root, demo.environ)
    assert (problem.code, problem.where) == ("trace-failed", WHERE)
    assert problem.remedy == "mend the backend: under uv the hook fails as well"
    assert "RuntimeError: no such luck" in problem.message
    assert demo.cli("sync", check=False).returncode == 2


def test_requirements_that_are_not_there(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    demo.edit("pyproject.toml", "requires = []", 'requires = ["no-such-requirement"]')
    (problem,) = refused(demo.root, demo.environ)
    assert problem.where == WHERE
    assert problem.code in {"environment-missing", "environment-not-made"}
    assert "the build's environment" in problem.message


@pytest.mark.thorough
def test_requirements_from_beside_the_project(demo_maker: DemoMaker) -> None:
    """As uv does it: ``tool.uv.sources`` count for ``build-system.requires``, too."""
    demo = traced_demo(demo_maker)
    helper = 'import os\n\n\ndef mode():\n    return os.environ.get("HELPER_MODE")\n'
    core = (demo.root / "build_backend/core.py").read_text(encoding="utf-8").replace('"demo-0.1', '"buildhelper-1.0')
    core = core.replace("Name: demo\\nVersion: 0.1", "Name: buildhelper\\nVersion: 1.0").replace("build_backend", "own")
    demo.write(
        {
            "tools/helper/pyproject.toml": PYPROJECT.replace('"demo"', '"buildhelper"')
            .replace('"0.1"', '"1.0"')
            .replace("build_backend", "own"),
            "tools/helper/own/__init__.py": "",
            "tools/helper/own/helper.py": "def dependencies():\n    return []\n",
            "tools/helper/own/core.py": core.replace(
                "        wheel.writestr(",
                f"        wheel.writestr('buildhelper.py', {helper!r})\n        wheel.writestr(",
                1,
            ).replace("demo-0.1", "buildhelper-1.0"),
        }
    )
    demo.edit("pyproject.toml", "requires = []", 'requires = ["buildhelper"]')
    demo.append("pyproject.toml", '\n[tool.uv.sources]\nbuildhelper = { path = "tools/helper" }\n')
    demo.append("build_backend/core.py", "\n\nimport buildhelper\n\nbuildhelper.mode()\n")
    (key,) = [one for one in demo.sync().keys if one.name == "backend"]
    assert "HELPER_MODE" in {one.subject for one in key.inputs if one.input == "env"}
    assert demo.uv_sync() >= 1


def test_without_a_metadata_hook_the_build_is_the_metadata_step(demo_maker: DemoMaker) -> None:
    """As for uv, which takes the metadata from the wheel then."""
    demo = traced_demo(demo_maker, "\n\nPath('seen.txt').exists()\n")
    demo.sync()
    assert demo.builds == 1
    assert demo.uv_sync() == 1
    assert demo.both() == 0


@pytest.mark.parametrize("config", ['watch = "uv"', '\n[tool.dyncachekeys]\nwatch = "uv"'])
def test_a_trace_is_not_for_uv_to_watch(config: str, demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker, config=f"{KEY}{config}\n")
    (problem,) = refused(demo.root, demo.environ)
    assert (problem.code, problem.where) == ("uv-cannot-watch", f"{WHERE}.trace")
    assert traces(demo) == 0


@pytest.mark.thorough
def test_in_the_exact_profile_only_content_counts(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker, config=f"{KEY}\n[tool.dyncachekeys]\nwatch = 'digest'\n")
    demo.settled()
    demo.tick()
    (demo.root / "reqs/a.txt").touch()
    (demo.root / "build_backend/core.py").touch()
    demo.append("pyproject.toml", "# a comment\n")
    assert demo.both() == 0
    demo.append("reqs/a.txt", "two\n")
    assert demo.both() == 1


def test_reading_has_no_doubts_about_what_is_watched(demo_maker: DemoMaker) -> None:
    hook = "\n\nimport importlib\n\nimportlib.import_module('build_backend.' + 'late'.lower())\n" + HOOK
    demo = traced_demo(demo_maker, hook)
    demo.write({"build_backend/late.py": ""})
    report = demo.sync()
    assert [notice.code for notice in report.warnings] == []
    (key,) = [one for one in report.keys if one.name == "backend"]
    assert ("file", "build_backend/late.py") in {(one.input, one.subject) for one in key.inputs}


def test_another_program_is_a_warning_unless_there_is_a_key_for_it(demo_maker: DemoMaker) -> None:
    hook = HOOK + "\n\nimport subprocess\n\nsubprocess.run(['git', '--version'], check=False)\n"
    demo = traced_demo(demo_maker, hook)
    notices = [one for one in demo.sync().warnings if one.code == "trace-blind"]
    (told,) = [one.message for one in notices]
    assert told.startswith("the build runs `git` (build_backend/core.py:")
    demo.append("pyproject.toml", '\n[tool.dyncachekeys.keys.commit]\nresolver = "git"\ncommit = true\n')
    assert [one for one in demo.sync().warnings if one.code == "trace-blind"] == []


def test_another_interpreter_is_another_build(demo_maker: DemoMaker) -> None:
    demo = traced_demo(demo_maker)
    demo.settled()
    before = traces(demo)
    demo.sync(UV_PYTHON=os.path.realpath(sys.executable))
    assert traces(demo) == before + 1


def test_what_another_program_writes_is_known_by_its_changing_each_time(demo_maker: DemoMaker) -> None:
    write = "subprocess.run(['sh', '-c', 'echo made > reqs/out.txt'], check=True)"
    hook = HOOK.replace('    os.environ.get("DEMO_MODE")\n', f"    {write}\n    open('reqs/out.txt').read()\n")
    demo = traced_demo(demo_maker, f"\n\nimport subprocess\n{hook}")
    demo.write({"reqs/out.txt": "by an earlier build\n"})
    digests = {demo.sync().digest, demo.sync().digest}
    assert traces(demo) == 2
    report = demo.sync()
    assert {report.digest} == digests
    (key,) = [one for one in report.keys if one.name == "backend"]
    assert "reqs/out.txt" not in {one.subject for one in key.inputs}
    assert traces(demo) == 2
    demo.append("reqs/a.txt", "two\n")
    demo.sync()
    demo.sync()
    assert traces(demo) == 3


def test_another_tracer_looks_again(demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = traced_demo(demo_maker)
    demo.sync()
    demo.sync()
    assert traces(demo) == 1
    monkeypatch.setattr(tracer, "VERSION", "another")
    demo.sync()
    assert traces(demo) == 2


@pytest.mark.thorough
def test_an_edit_answered_from_memory_says_what_a_full_run_says(demo_maker: DemoMaker) -> None:
    """A file that only decides whether a trace stands is no input of its folder."""
    config = f'{KEY}\n[tool.dyncachekeys.keys.own]\nresolver = "files"\npatterns = ["src/", "reqs/"]\n'
    demo = traced_demo(demo_maker, config=config)
    version = f"{sys.version_info.major}.{sys.version_info.minor}\n"
    demo.write({".python-version": version, "src/a.c": "one\n", "src/b.c": "two\n"})
    demo.settled()
    time.sleep(2.1)
    demo.sync()
    before = traces(demo)
    demo.append("src/a.c", "more\n")
    assert "src/a.c changed" in demo.cli("sync").stdout
    quick = demo.cli("digest").stdout
    (demo.root / ".dyncachekeys/snapshot").unlink()
    assert demo.cli("digest").stdout == quick
    assert traces(demo) == before
