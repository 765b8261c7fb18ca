"""Watched builds where something goes wrong, or is otherwise than most have it: uv's build is never harmed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dyncachekeys.doctor.examine import examine
from dyncachekeys.trace.record import load
from kit import UV, Demo, DemoMaker, make_demo
from traced import KEY, LINE, WATCHED, both, settled, watches

pytestmark = watches

BACKEND = """\
import os
import sys
import time
import zipfile
from pathlib import Path


def step():
    pass


def build_wheel(directory, config_settings=None, metadata_directory=None):
    with open(os.environ["BUILD_LOG"], "a") as log:
        log.write("build\\n")
    name = os.path.basename(os.getcwd())
    text = Path("deps.txt").read_text().strip()
    if text == "bad":
        raise RuntimeError("no such luck")
    if text == "slow":
        Path(os.environ["BUILD_LOG"]).with_name("reading").touch()
        time.sleep(2)
    step()
    wheel = f"{name}-0.1-py3-none-any.whl"
    files = {
        f"{name}_text.py": f"TEXT = {text!r}\\n",
        f"{name}-0.1.dist-info/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 0.1\\n",
        f"{name}-0.1.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    files[f"{name}-0.1.dist-info/RECORD"] = "".join(f"{path},,\\n" for path in files)
    with zipfile.ZipFile(Path(directory, wheel), "w") as out:
        for path, content in files.items():
            out.writestr(path, content)
    return wheel


build_editable = build_wheel
"""
"""Packs what `deps.txt` says: ``bad`` fails, ``slow`` takes its time; else whatever `step` is made to do."""


UNWATCHED = '[tool.uv]\ncache-keys = [{ file = "deps.txt" }]\n'
"""For a project that is not ours, with which uv's own doings are compared."""


def files(step: str = "pass") -> dict[str, str | bytes]:
    return {"deps.txt": "one\n", "build_backend/core.py": BACKEND.replace("pass", step.replace("\n", "\n    "))}


def project(demo_maker: DemoMaker, step: str = "pass", config: str = WATCHED, **more: str) -> Demo:
    return demo_maker(config, {**files(step), **more})


def say(demo: Demo, text: str) -> None:
    demo.tick()
    demo.write({"deps.txt": f"{text}\n"})


def installed(demo: Demo, environment: str = ".venv") -> str:
    """Return the text that was packed into what is installed."""
    (module,) = demo.root.glob(f"{environment}/lib/python*/site-packages/demo_text.py")
    return module.read_text(encoding="utf-8").split("'")[1]


def assert_follows(demo: Demo, text: str) -> None:
    """Demand that an edit is one build, and that what is installed then is of that."""
    say(demo, text)
    assert [both(demo), both(demo), demo.uv_sync()] == [1, 0, 0]
    assert installed(demo) == text


def found_by_doctor(demo: Demo) -> set[str]:
    return {one.code for one in examine(demo.root, demo.environ)}


def records(demo: Demo, folder: str = ".") -> set[str]:
    return {path.name for path in (demo.root / folder / ".dyncachekeys/builds").glob("*.json")}


class TestEnds:
    """A build that does not end as it should."""

    @staticmethod
    def interrupted(demo: Demo, whom: str) -> tuple[int, str]:
        """Start `uv sync`, send an interrupt while the backend waits, and return how it ended, and what it said."""
        flag = demo.beside / "reading"
        argv = [UV, "sync"]
        with subprocess.Popen(
            argv, cwd=demo.root, env=demo.environ, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            until = time.monotonic() + 60
            while not flag.exists() and time.monotonic() < until:
                time.sleep(0.01)
            (os.killpg if whom == "all" else os.kill)(process.pid, signal.SIGINT)
            _, told = process.communicate(timeout=60)
        flag.unlink()
        return process.returncode, plain(told, demo)

    @pytest.mark.parametrize("whom", ["all", "uv alone"])
    def test_interrupted(self, demo_maker: DemoMaker, tmp_path: Path, whom: str) -> None:
        """By Ctrl-C, which reaches all processes, or by a signal to uv."""
        demo, twin = project(demo_maker), make_demo(tmp_path / "twin", UNWATCHED, files())
        settled(demo)
        twin.uv_sync()
        before = records(demo)
        for one in (demo, twin):
            say(one, "slow")
        demo.sync()
        assert self.interrupted(demo, whom) == self.interrupted(twin, whom)
        time.sleep(2.5 if whom == "uv alone" else 0)  # whoever was not reached goes on
        demo.sync()
        if whom == "all":  # else the build goes on to its end
            assert {load_step(demo, name) for name in records(demo) - before} <= {"requires"}
        assert_follows(demo, "two")

    def test_failed(self, demo_maker: DemoMaker, tmp_path: Path) -> None:
        demo, twin = project(demo_maker), make_demo(tmp_path / "twin", UNWATCHED, files())
        settled(demo)
        twin.uv_sync()
        before = records(demo)
        for one in (demo, twin):
            say(one, "bad")
        demo.sync()
        ours, theirs = (one.uv("sync", check=False) for one in (demo, twin))
        assert ours.returncode == theirs.returncode != 0
        assert "no such luck" in ours.stderr
        assert plain(ours.stderr, demo) == plain(theirs.stderr, twin)
        assert {load_step(demo, name) for name in records(demo) - before} <= {"requires"}
        assert_follows(demo, "two")

    def test_failed_at_first(self, demo_maker: DemoMaker) -> None:
        demo = project(demo_maker)
        say(demo, "bad")
        demo.sync()
        assert demo.uv("sync", check=False).returncode
        assert_follows(demo, "two")


def load_step(demo: Demo, name: str) -> str:
    record = load(demo.root / ".dyncachekeys/builds" / name)
    return record.step if record else "damaged"


def plain(told: str, demo: Demo) -> str:
    """Return what uv said without what differs each time."""
    told = told.replace(str(demo.root.parent), "").replace(str(demo.root.parent.resolve()), "")
    return re.sub(r"\d+(\.\d+)?m?s\b|\.tmp\w+|builds-v0/\S+", "", told)


def test_a_credential_in_a_path_is_told_and_not_stored(demo_maker: DemoMaker) -> None:
    secret = "hunter2-is-no-password"
    demo = project(demo_maker, 'Path(os.environ["DATA"], os.environ["MY_TOKEN"], "base.txt").read_text()')
    (demo.beside / secret).mkdir()
    (demo.beside / secret / "base.txt").write_text("one\n")
    variables = {"DATA": str(demo.beside), "MY_TOKEN": secret}
    assert both(demo, **variables) == 1
    said = demo.cli("sync", DATA=str(demo.beside), MY_TOKEN=secret)
    assert "${MY_TOKEN}/base.txt` (build_backend/core.py:" in said.stderr
    assert "keep credentials out of paths" in said.stderr
    assert demo.uv_sync(**variables) == 0
    (demo.beside / "base.txt").write_text("two\n")
    assert both(demo, **{**variables, "MY_TOKEN": "."}) == 1
    for path in (demo.root / ".dyncachekeys").rglob("*"):
        assert secret not in str(path)
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path


class TestTwo:
    """Builds at once, and environments beside each other."""

    def test_members_of_a_workspace(self, tmp_path: Path) -> None:
        line = LINE + 'other = { PYTHONPATH = ".dyncachekeys/watch" }\n'
        demo = make_demo(tmp_path, f'[tool.uv.workspace]\nmembers = ["other"]\n{WATCHED.replace(LINE, line)}', files())
        text = (demo.root / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.uv")[0]
        demo.write({"other/pyproject.toml": text.replace('"demo"', '"other"') + KEY})
        demo.write({f"other/{name}": content for name, content in files("time.sleep(0.5)").items()})
        demo.edit("build_backend/core.py", "step()\n    wheel", "time.sleep(0.5)\n    wheel")

        def run() -> int:
            before = demo.builds
            demo.cli("sync")
            assert demo.builds == before
            return demo.uv_sync("--all-packages")

        assert [run(), run(), run()] == [2, 0, 0]
        for folder in (".", "other"):
            names = records(demo, folder)
            found = [load(demo.root / folder / ".dyncachekeys/builds" / name) for name in names]
            (build,) = [one for one in found if one is not None and one.step == "build"]
            assert set(build.trace.read) >= {"deps.txt", "build_backend/core.py"}
            assert not [path for path in build.trace.read if "other" in path or path.startswith("../")]
        for folder in (".", "other"):
            demo.tick()
            demo.write({f"{folder}/deps.txt": "two\n"})
            assert [run(), run()] == [1, 0]

    def test_environments_one_after_the_other(self, demo_maker: DemoMaker) -> None:
        demo = project(demo_maker)
        settled(demo)

        def run(environment: str) -> int:
            return both(demo, UV_PROJECT_ENVIRONMENT=environment)

        run(".venv2")
        assert installed(demo, ".venv2") == "one"
        assert [run(name) for name in (".venv", ".venv2", ".venv", ".venv2")] == [0, 0, 0, 0]
        for text, first, second in (
            ("two", ".venv", ".venv2"),
            ("three", ".venv2", ".venv"),
            ("four", ".venv", ".venv2"),
        ):
            say(demo, text)
            assert [run(first), run(first)] == [1, 0]
            run(second)
            assert [installed(demo, first), installed(demo, second)] == [text, text]
            assert [run(name) for name in (first, second, first, second)] == [0, 0, 0, 0]

    def test_environments_at_once(self, demo_maker: DemoMaker) -> None:
        demo = project(demo_maker, "time.sleep(0.5)")
        demo.sync()
        names = (".venv", ".venv2")
        for text in ("one", "two"):
            say(demo, text)
            demo.sync()
            started = [
                subprocess.Popen(
                    [UV, "sync"],
                    cwd=demo.root,
                    env={**demo.environ, "UV_PROJECT_ENVIRONMENT": name},
                    stderr=subprocess.PIPE,
                    text=True,
                )
                for name in names
            ]
            for process in started:
                _, told = process.communicate()
                assert process.returncode == 0, told
            for name in names:
                both(demo, UV_PROJECT_ENVIRONMENT=name)
                assert installed(demo, name) == text
            assert [both(demo, UV_PROJECT_ENVIRONMENT=name) for name in (*names, *names)] == [0, 0, 0, 0]


class TestDamage:
    """What lies in `.dyncachekeys` is gone, or no good."""

    def test_all_is_removed(self, demo_maker: DemoMaker) -> None:
        demo = project(demo_maker)
        settled(demo)
        shutil.rmtree(demo.root / ".dyncachekeys")
        assert [both(demo) <= 1, both(demo), both(demo)] == [True, 0, 0]
        assert_follows(demo, "two")

    def test_all_is_removed_and_uv_comes_first(self, demo_maker: DemoMaker) -> None:
        demo = project(demo_maker)
        settled(demo)
        shutil.rmtree(demo.root / ".dyncachekeys")
        say(demo, "two")
        demo.uv_sync()
        assert [both(demo) <= 1, both(demo)] == [True, 0]
        assert installed(demo) == "two"
        assert_follows(demo, "three")

    @pytest.mark.parametrize("what", ["a file in its place", "a link in its place", "read-only"])
    def test_no_place_for_records(self, demo_maker: DemoMaker, what: str) -> None:
        demo = project(demo_maker)
        settled(demo)
        builds = demo.root / ".dyncachekeys/builds"
        if what == "read-only":
            builds.chmod(0o500)
            if os.access(builds, os.W_OK):
                pytest.skip("root may write everywhere")
        else:
            shutil.rmtree(builds)
            builds.write_bytes(b"") if what == "a file in its place" else builds.symlink_to("nowhere")
        say(demo, "two")
        told = demo.cli("sync", check=False)
        assert "Traceback" not in told.stderr
        if what == "read-only":
            assert "DCK056" in found_by_doctor(demo)
        else:
            assert builds.is_dir(), "it makes way"
            assert not builds.is_symlink()
        assert demo.uv_sync() == 1
        assert installed(demo) == "two"
        builds.chmod(0o700)
        assert [both(demo) <= 1, both(demo)] == [True, 0]
        assert_follows(demo, "three")

    def test_a_damaged_record(self, demo_maker: DemoMaker) -> None:
        demo = project(demo_maker)
        settled(demo)
        for name in records(demo):
            (demo.root / ".dyncachekeys/builds" / name).write_bytes(b"{")
        assert [both(demo) <= 1, both(demo)] == [True, 0]
        demo.sync()
        assert "DCK056" in found_by_doctor(demo)
        assert_follows(demo, "two")

    @pytest.mark.parametrize("python", ["/bin/false", "/nowhere/python"])
    def test_the_refresh_fails(self, demo_maker: DemoMaker, python: str) -> None:
        """The next sync does its work, and says so once."""
        demo = project(demo_maker)
        settled(demo)
        demo.sync()
        assert "DCK057" not in found_by_doctor(demo)
        say(demo, "two")
        demo.sync()
        settings = demo.root / ".dyncachekeys/watch/settings"
        settings.write_bytes(settings.read_bytes().replace(sys.executable.encode(), python.encode()))
        assert demo.uv_sync() == 1
        assert installed(demo) == "two"
        assert [both(demo), both(demo)] == [0, 0]
        assert "DCK057" in found_by_doctor(demo)
        assert_follows(demo, "three")
        demo.sync()
        assert "DCK057" not in found_by_doctor(demo)

    def test_an_interpreter_that_is_not_known(self, demo_maker: DemoMaker) -> None:
        demo = project(demo_maker)
        settled(demo)
        known = demo.root / ".dyncachekeys/watch/sitecustomize.py"
        text = known.read_text(encoding="utf-8")
        assert "(3, 14)" in text

        def unknown(**environ: str) -> int:
            demo.sync(**environ)
            known.write_text(text.replace("(3, 14)", "(3, 8)"), encoding="utf-8")
            return demo.uv_sync(**environ)

        say(demo, "two")
        assert unknown() == 1
        assert installed(demo) == "two"
        assert "DCK055" in found_by_doctor(demo)
        assert [unknown() <= 1, unknown(), unknown()] == [True, 0, 0]


class TestSetUp:
    """However uv is told to build, and to watch."""

    def test_pip_install(self, demo_maker: DemoMaker) -> None:
        """It always builds, and is watched; what comes after that builds nothing."""
        demo = project(demo_maker)
        demo.uv("venv", "--quiet")

        def install() -> int:
            before = demo.builds
            demo.sync()
            # `UV_PYTHON`, which is set for all tests, would name the environment.
            demo.uv("pip", "install", "--python", ".venv/bin/python", "-e", ".")
            return demo.builds - before

        assert [install(), both(demo), both(demo)] == [1, 0, 0]
        assert records(demo)
        say(demo, "two")
        assert [install(), both(demo), demo.uv_sync()] == [1, 0, 0]
        assert installed(demo) == "two"
        assert_follows(demo, "three")

    def test_without_isolation(self, demo_maker: DemoMaker) -> None:
        config = WATCHED + '\n[tool.uv]\nno-build-isolation-package = ["demo"]\n'
        demo = project(demo_maker, config=config)
        settled(demo)
        assert_follows(demo, "two")

    def test_a_pythonpath_of_their_own(self, demo_maker: DemoMaker) -> None:
        config = WATCHED.replace('".dyncachekeys', '"extra:.dyncachekeys')
        demo = project(demo_maker, "import own; own.do()", config, **{"extra/own.py": "def do():\n    pass\n"})
        settled(demo)
        assert_follows(demo, "two")
        demo.tick()
        demo.append("extra/own.py", "# more\n")
        assert [demo.uv_sync(), both(demo), both(demo)] == [1, 0, 0]

    def test_a_build_that_was_not_watched(self, tmp_path: Path) -> None:
        """The line stands in the workspace's root, which is nothing to a member's cache keys."""
        demo = make_demo(tmp_path, "", files())
        demo.edit("pyproject.toml", "[project]", '[tool.uv.workspace]\nmembers = ["other"]\n\n[project]')
        text = (demo.root / "pyproject.toml").read_text(encoding="utf-8").partition("[project]")[2]
        demo.write({"other/pyproject.toml": "[project]" + text.replace('"demo"', '"other"') + KEY})
        demo.write({f"other/{name}": content for name, content in files().items()})

        def run() -> tuple[str, int]:
            told = demo.cli("sync", "--package", "other").stdout
            return told, demo.uv_sync("--package", "other")

        assert [run()[1], run()[1], run()[1]] == [1, 0, 0]
        demo.append("pyproject.toml", LINE.replace("demo", "other"))
        told, builds = run()
        assert "the last build was not watched" in told
        assert builds == 1
        told, builds = run()
        assert "not watched" not in told
        assert [builds, run()[1]] == [0, 0]

    def test_a_build_that_can_not_be_watched_is_asked_for_once(self, tmp_path: Path) -> None:
        """Here the line is for another package."""
        demo = make_demo(tmp_path, KEY + LINE.replace("demo", "other"), files())
        assert [both(demo), both(demo), both(demo)] == [1, 0, 0]

    def test_settings_that_uv_does_not_read(self, tmp_path: Path) -> None:
        """By a variable it is known, by an option it shows: a build is asked for, once, and not watched either."""
        demo = make_demo(tmp_path, WATCHED, files())

        def of_watching(**environ: str) -> set[str]:
            found = examine(demo.root, {**demo.environ, **environ})
            return {one.code for one in found if one.code.startswith("DCK05")}

        assert [both(demo, UV_NO_CONFIG="1"), both(demo, UV_NO_CONFIG="1")] == [1, 0]
        assert "UV_NO_CONFIG is set" in demo.cli("check", check=False, UV_NO_CONFIG="1").stderr
        assert of_watching(UV_NO_CONFIG="1") == {"DCK053"}
        assert of_watching() == set()
        for expected in (1, 0, 0):
            demo.sync()
            assert demo.uv_sync("--no-config") == expected
            assert of_watching() == {"DCK059"}
        assert demo.uv_sync("--reinstall-package", "demo") == 1
        assert of_watching() == set()
        assert_follows(demo, "two")

    @pytest.mark.thorough
    def test_a_uv_that_is_too_old(self, tmp_path: Path) -> None:
        demo = make_demo(tmp_path, WATCHED, files())
        folder = tmp_path / "old"
        argv = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "uv==0.7.22"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"pip can't install uv 0.7.22 here: {done.stderr.strip()[-300:]}")
        old = folder / "bin/uv"
        demo.environ["PATH"] = f"{old.parent}{os.pathsep}{demo.environ['PATH']}"
        assert "0.7.22" in demo.run(str(old), "--version").stdout
        demo.sync()
        demo.run(str(old), "sync")
        assert demo.builds == 1
        demo.sync()
        demo.run(str(old), "sync")
        assert installed(demo) == "one"
        assert "DCK053" in found_by_doctor(demo)


class TestOptions:
    def test_a_key_that_falls_back(self, demo_maker: DemoMaker) -> None:
        """It counts until a build was watched, and nothing was unseen."""
        key = '\n[tool.dyncachekeys.keys.texts]\nresolver = "files"\npatterns = ["*.txt"]\nfallback = true\n'
        demo = project(demo_maker, config=WATCHED + key, **{"notes.txt": "one\n"})
        report = demo.sync()
        assert {one.subject for each in report.keys if each.name == "texts" for one in each.inputs} == {
            "deps.txt",
            "notes.txt",
        }
        settled(demo)
        demo.append("notes.txt", "two\n")
        assert [both(demo), both(demo)] == [0, 0]
        assert_follows(demo, "two")

    def test_a_key_that_falls_back_where_not_all_was_seen(self, demo_maker: DemoMaker) -> None:
        key = '\n[tool.dyncachekeys.keys.texts]\nresolver = "files"\npatterns = ["data/"]\nfallback = true\n'
        step = 'import subprocess; subprocess.run(["sh", "gen.sh"], check=True)'
        config = WATCHED.replace('"build"\n', '"build"\nprograms = false\n') + key
        demo = project(demo_maker, step, config, **{"gen.sh": "cat data/a.txt\n", "data/a.txt": "one\n"})
        settled(demo)
        demo.tick()
        demo.append("data/a.txt", "two\n")
        assert [both(demo), both(demo)] == [1, 0]

    def test_programs_are_not_watched(self, demo_maker: DemoMaker) -> None:
        step = 'import subprocess; subprocess.run(["sh", "gen.sh"], check=True)'
        config = WATCHED.replace('"build"\n', '"build"\nprograms = false\n')
        demo = project(demo_maker, step, config, **{"gen.sh": "cat data.txt\n", "data.txt": "one\n"})
        settled(demo)
        (warning,) = [one for one in demo.sync().warnings if one.code == "build-unseen"]
        assert "the build runs `sh`" in warning.message
        assert "build_backend/core.py:" in warning.message
        demo.append("data.txt", "two\n")
        assert both(demo) == 0

    @pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on this machine")
    def test_programs_are(self, demo_maker: DemoMaker) -> None:
        step = 'import subprocess; subprocess.run(["sh", "gen.sh"], check=True)'
        demo = project(demo_maker, step, **{"gen.sh": "cat data.txt\n", "data.txt": "one\n"})
        settled(demo)
        assert [one for one in demo.sync().warnings if one.code == "build-unseen"] == []
        demo.tick()
        demo.append("data.txt", "two\n")
        assert [demo.uv_sync(), both(demo), both(demo)] == [1, 0, 0]

    def test_what_is_excluded(self, demo_maker: DemoMaker) -> None:
        config = WATCHED.replace('"build"\n', '"build"\nexclude = ["reqs/*.local.txt", "notes.md"]\n')
        step = '[one.read_text() for one in [*Path("reqs").glob("*.txt"), Path("notes.md")]]'
        more = {"reqs/a.txt": "one\n", "reqs/b.local.txt": "one\n", "notes.md": "one\n"}
        demo = project(demo_maker, step, config, **more)
        settled(demo)
        for name in ("reqs/b.local.txt", "notes.md"):
            demo.append(name, "two\n")
            assert [both(demo), both(demo)] == [0, 0]
        demo.tick()
        demo.append("reqs/a.txt", "two\n")
        assert [both(demo), both(demo)] == [1, 0]
        demo.write({"reqs/c.txt": "new\n"})
        assert [both(demo), both(demo)] == [1, 0]
        (demo.root / "reqs/c.txt").unlink()
        assert [both(demo), both(demo)] == [1, 0]

    def test_an_excluded_name_that_comes(self, demo_maker: DemoMaker) -> None:
        config = WATCHED.replace('"build"\n', '"build"\nexclude = ["reqs/*.local.txt"]\n')
        step = '[one.read_text() for one in Path("reqs").glob("*.txt")]'
        demo = project(demo_maker, step, config, **{"reqs/a.txt": "one\n"})
        settled(demo)
        demo.write({"reqs/c.local.txt": "new\n"})
        assert [both(demo), both(demo)] == [0, 0]


READS_OTHERS = 'Path(Path("which.txt").read_text().strip()).read_text()'


class TestLinks:
    """A link that comes or goes changes what uv takes for the newest file (U29)."""

    def links(self, demo: Demo) -> set[str]:
        folder = demo.root / ".dyncachekeys/inputs"
        return {path.resolve().relative_to(demo.root.resolve()).as_posix() for path in folder.iterdir()}

    def test_a_file_that_is_newer_than_all_that_uv_saw_is_linked_later(self, demo_maker: DemoMaker) -> None:
        demo = project(demo_maker, READS_OTHERS, **{"which.txt": "old.txt\n", "old.txt": "one\n"})
        settled(demo)
        demo.tick()
        demo.write({"which.txt": "new.txt\n"})
        demo.tick()
        demo.write({"new.txt": "one\n"})
        assert demo.uv_sync() == 1
        assert "new.txt" not in self.links(demo), "it would be the newest, and built again"
        assert [both(demo), both(demo), demo.uv_sync()] == [0, 0, 0]
        assert "new.txt" not in self.links(demo)
        demo.tick()
        demo.append("new.txt", "two\n")
        assert [both(demo), both(demo), demo.uv_sync()] == [1, 0, 0]
        assert "new.txt" in self.links(demo)
        demo.tick()
        demo.append("new.txt", "three\n")
        assert [demo.uv_sync(), both(demo), both(demo)] == [1, 0, 0]

    def test_the_link_to_the_newest_stays_also_if_it_is_no_input_any_more(self, demo_maker: DemoMaker) -> None:
        step = 'os.environ.get("MODE") or Path("old.txt").read_text()'
        demo = project(demo_maker, step, **{"old.txt": "one\n"})
        settled(demo)
        demo.tick()
        demo.append("old.txt", "two\n")
        assert [demo.uv_sync(), both(demo)] == [1, 0]
        assert demo.uv_sync("--reinstall-package", "demo", MODE="x") == 1
        assert [both(demo, MODE="x"), demo.uv_sync(MODE="x"), both(demo, MODE="x")] == [0, 0, 0]
        assert "old.txt" in self.links(demo)
        say(demo, "two")
        assert [both(demo, MODE="x"), both(demo, MODE="x"), demo.uv_sync(MODE="x")] == [1, 0, 0]
        demo.append("old.txt", "three\n")
        assert [both(demo, MODE="x"), both(demo, MODE="x")] == [0, 0]


VERSIONS = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
"""Where pyenv has further versions of Python."""


def python_of(version: str) -> str:
    path = VERSIONS / version / "bin/python"
    if not path.exists():
        pytest.skip(f"pyenv has no Python {version} here")
    return str(path)


def test_a_build_that_was_forced_under_another_variable(demo_maker: DemoMaker) -> None:
    """Its record tells, although uv itself compares nothing that differs."""
    demo = demo_maker(WATCHED)
    demo.append("build_backend/core.py", "\n\nMODE = os.environ.get('DEMO_MODE')\n")
    settled(demo)
    demo.uv("sync", "--reinstall-package", "demo", DEMO_MODE="x")
    assert demo.sync().why == ("uv built without a sync, when DEMO_MODE was another",)
    assert demo.uv_sync() == 1
    assert both(demo) == 0


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15", "3.7.16"])
def test_versions_of_python_that_are_not_known_are_left_alone(demo_maker: DemoMaker, version: str) -> None:
    """They run as without us; from Python 3 on, they leave word of it."""
    python, demo = python_of(version), project(demo_maker)
    demo.sync()
    code = "import sys; print([one for one in sys.path if 'watch' in one])"
    plain = demo.run(python, "-c", code)
    found = demo.run(python, "-c", code, PYTHONPATH=".dyncachekeys/watch")
    assert found.stderr == plain.stderr == ""
    assert found.stdout == plain.stdout == "[]\n"
    if version > "3":
        assert "DCK055" in found_by_doctor(demo)
    assert [both(demo), both(demo)] == [1, 0]


@pytest.mark.parametrize("version", ["3.10.13", "3.13.0"])
def test_other_versions_of_python(demo_maker: DemoMaker, version: str) -> None:
    """The build's interpreter is another one than ours."""
    python = python_of(version)
    step = """\
[one.read_text() for one in Path("reqs").rglob("*.txt")]
os.environ.get("MODE")
Path("flag").exists()"""
    demo = project(demo_maker, step, **{"reqs/a.txt": "one\n"})
    demo.environ["UV_PYTHON"] = python
    settled(demo)
    assert_follows(demo, "two")
    demo.tick()
    demo.append("reqs/a.txt", "two\n")
    assert [demo.uv_sync(), both(demo), both(demo)] == [1, 0, 0]
    for name in ("reqs/b.txt", "reqs/new/c.txt", "flag"):
        demo.write({name: "new\n"})
        assert [both(demo), both(demo)] == [1, 0]
    demo.write({"reqs/notes.md": ""})
    assert [both(demo), both(demo)] == [0, 0]
    assert [both(demo, MODE="x"), both(demo, MODE="x")] == [1, 0]
