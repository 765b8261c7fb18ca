"""The import guard, end to end: a Python that imports the package, and no uv command; builds are counted."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from dyncachekeys.guard.pth import FILE, parse
from dyncachekeys.quick.guard import FOLDER
from guarded import guarded, import_it, python
from kit import UV, Demo

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the environment has its Python elsewhere")
LOUD = "import warnings; warnings.simplefilter('always')\n"


def read(demo: Demo, **environ: str) -> str:
    """Import the package, and return what it was built from."""
    return import_it(demo, check=True, **environ).stdout.strip()


def file_of(demo: Demo, venv: str = ".venv") -> Path:
    """Return the guard's file in an environment."""
    (site,) = (demo.root / venv).glob("lib/python*/site-packages")
    return site / FILE


def error_of(demo: Demo, code: str = "import demo", **environ: str) -> str:
    """Import the package, which must fail, and return the last error."""
    done = import_it(demo, code, check=False, **environ)
    assert done.returncode == 1, done
    return done.stderr[done.stderr.rindex("ImportError") :]


def test_builds_what_changed_and_nothing_else(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    assert read(demo) == "oneold"
    assert demo.builds == 1
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    told = import_it(demo)
    assert (told.stdout, demo.builds) == ("twoold\n", 2)
    assert told.stderr == "dyncachekeys: demo is out of date: csrc/a.c changed; uv builds it\n"
    assert (read(demo), demo.builds) == ("twoold", 2)
    (demo.root / "csrc/b.c").unlink()  # not the newest: plain uv never sees that (U2)
    assert (read(demo), demo.builds) == ("two", 3)
    demo.write({"csrc/c.c": "new"})
    assert (read(demo), demo.builds) == ("twonew", 4)
    assert (read(demo, DEMO_FLAGS="-O3"), demo.builds) == ("twonew", 5)
    assert (read(demo, DEMO_FLAGS="-O3"), demo.builds) == ("twonew", 5)
    assert demo.uv_sync(DEMO_FLAGS="-O3") == 0, "it leaves the record that uv sync makes"
    assert demo.both(DEMO_FLAGS="-O3") == 0


def test_warns_once_in_a_process(tmp_path: Path) -> None:
    demo = guarded(tmp_path, "warn", 'watch = "digest"')
    code = LOUD + "import demo_built\nimport demo, importlib; importlib.reload(demo); print(demo.READ)"
    assert import_it(demo, code).stderr == ""
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    done = import_it(demo, code)
    assert done.stdout == "oneold\n", "a warning builds nothing"
    assert done.stderr.count("UserWarning") == 1
    message = "dyncachekeys: demo is out of date: csrc/a.c changed; run `dyncachekeys run -- uv sync`"
    assert f"<string>:2: UserWarning: {message}\n" in done.stderr, "at the line that imports"
    demo.edit("csrc/a.c", "two", "one")
    assert import_it(demo, code).stderr == "", "it is as it was built"
    demo.edit("csrc/a.c", "one", "three")
    demo.sync()  # which uv has not seen
    assert "csrc/a.c changed" in import_it(demo, code).stderr or "current leads elsewhere" in import_it(demo).stderr
    assert demo.uv_sync() == 1
    assert import_it(demo, code).stderr == ""


def test_refuses_each_import(tmp_path: Path) -> None:
    demo = guarded(tmp_path, "error")
    assert read(demo) == "oneold"
    demo.tick()
    demo.edit("csrc/a.c", "one", "one more")
    assert "demo is out of date: csrc/a.c changed; run `dyncachekeys run -- uv sync`" in error_of(demo)
    again = "try:\n    import demo_built\nexcept ImportError:\n    pass\nimport demo"
    assert "csrc/a.c changed" in error_of(demo, again)
    assert read(demo, DYNCACHEKEYS_GUARD="off") == "oneold"
    assert demo.builds == 1


@pytest.mark.thorough
def test_a_build_that_fails_says_why(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    demo.tick()
    demo.edit("csrc/a.c", "one", "one more")
    demo.write({"fails": ""})
    error = error_of(demo)
    assert "csrc/a.c changed; uv could not build it:" in error
    assert "the source does not compile" in error
    (demo.root / "fails").unlink()
    assert read(demo) == "one moreold"
    demo.append("pyproject.toml", "\n[tool.dyncachekeys.keys.bad]\nresolver = 'flies'\n")
    assert "there is no resolver `flies`" in error_of(demo).replace("no such resolver", "there is no resolver `flies`")


@pytest.mark.parametrize(
    ("flags", "expected"), [(["-I"], "twoold"), (["-S"], ""), (["-E", "-s"], "twoold")], ids=["-I", "-S", "-E"]
)
@pytest.mark.thorough
def test_flags_of_the_interpreter(tmp_path: Path, flags: list[str], expected: str) -> None:
    demo = guarded(tmp_path)
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    done = demo.run(python(demo), *flags, "-c", "import demo; print(demo.READ)", check=False)
    assert done.stdout.strip() == expected
    assert demo.builds == (2 if expected else 1)


@pytest.mark.thorough
def test_without_editable(tmp_path: Path) -> None:
    demo = guarded(tmp_path, more="[tool.dyncachekeys.keys.modules]\nresolver = 'files'\npatterns = ['src/**/*.py']")
    demo.uv("sync", "--no-editable")
    demo.sync()
    builds = demo.builds
    assert import_it(demo, "import demo; print(demo.__file__)").stdout.count("site-packages") == 1
    assert demo.builds == builds
    demo.tick()
    demo.append("src/demo/__init__.py", "NEW = 1\n")
    assert import_it(demo, "import demo; print(demo.NEW, demo.__file__)").stdout.count("site-packages") == 1
    assert demo.builds == builds + 1, "it stays what it was: not editable"
    assert demo.uv_sync("--no-editable") == 0


@pytest.mark.thorough
def test_an_environment_made_again_and_one_beside(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    assert file_of(demo).is_file()
    demo.uv("sync", "--reinstall")
    assert file_of(demo).is_file(), "uv leaves what it has not installed"
    shutil.rmtree(demo.root / ".venv")
    demo.uv("sync")
    assert not file_of(demo).exists()
    demo.sync()
    assert file_of(demo).is_file()
    file_of(demo).unlink()
    demo.cli("sync")
    assert file_of(demo).is_file(), "no run is quiet while it is missing"
    demo.tick()
    beside = {"UV_PROJECT_ENVIRONMENT": "other"}
    demo.both(**beside)
    demo.sync(**beside)
    builds = demo.builds
    demo.edit("csrc/a.c", "one", "two")
    other = demo.run(str(demo.root / "other/bin/python"), "-c", "import demo; print(demo.READ)")
    assert other.stdout == "twoold\n", "by the environment that it is asked from, without the variable"
    assert demo.builds == builds + 1
    assert read(demo) == "twoold"


@pytest.mark.thorough
def test_a_copied_checkout_and_one_behind_a_link(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    copy = Demo(tmp_path / "copy", demo.beside)
    shutil.copytree(demo.root, copy.root, symlinks=True)
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    assert import_it(copy).stdout == "oneold\n"
    assert demo.builds == 1, "the copy does not have the original built"
    for _ in range(2):
        copy.sync()
        copy.uv("sync")
    copy.sync()
    builds = demo.builds
    assert parse(file_of(copy).parent, file_of(copy).read_bytes()).keys() == {str(copy.root)}
    copy.tick()
    copy.edit("csrc/a.c", "one", "new")
    assert (import_it(copy).stdout, copy.builds) == ("newold\n", builds + 1)
    (tmp_path / "link").symlink_to(demo.root)
    assert import_it(Demo(tmp_path / "link", demo.beside)).stdout == "twoold\n"


@pytest.mark.thorough
def test_taken_away(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    demo.edit("pyproject.toml", 'guard = "build"', "")
    demo.sync()
    assert not file_of(demo).exists()
    demo.edit("pyproject.toml", "[tool.dyncachekeys]\n", '[tool.dyncachekeys]\nguard = "warn"\n')
    demo.sync()
    assert file_of(demo).exists()
    told = demo.cli("clean").stdout
    assert FILE in told
    assert not file_of(demo).exists()


@pytest.mark.thorough
@pytest.mark.parametrize("gone", ["ask.py", "python", "owner", "frozen", "project"])
def test_says_nothing(tmp_path: Path, gone: str) -> None:
    """Where dyncachekeys was uninstalled, for another user, in a frozen application, where the environment alone was copied."""
    demo = guarded(tmp_path)
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    text, code = file_of(demo).read_text(), "import demo; print(demo.READ)"
    if gone == "ask.py":
        text = text.replace("/ask.py", "/gone.py")
    elif gone == "python":
        text = text.replace(sys.executable, "/no/such/python")
    elif gone == "owner":
        text = text.replace(f", {os.geteuid()}, ", f", {os.geteuid() + 1}, ")
    elif gone == "frozen":
        code = f"import sys; sys.frozen = True; {code}"
    assert gone in {"frozen", "project"} or text != file_of(demo).read_text()
    file_of(demo).write_text(text)
    if gone == "project":
        (demo.root / "pyproject.toml").unlink()
    done = import_it(demo, code)
    assert (done.stdout, done.stderr) == ("oneold\n", "")
    assert demo.builds == 1


@pytest.mark.thorough
def test_what_uv_did_not_install_is_not_asked_of_it(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    (record,) = (demo.root / ".venv").glob("lib/python*/site-packages/demo-*/uv_cache.json")
    record.unlink()
    demo.edit("csrc/a.c", "one", "two")
    assert (import_it(demo).stdout, demo.builds) == ("oneold\n", 1)


@pytest.mark.thorough
def test_what_lies_in_the_state_is_not_believed(tmp_path: Path) -> None:
    """An answer counts only where it was written while one waited, whoever has put one there."""
    demo = guarded(tmp_path, "error")
    demo.write({f"{FOLDER}/answer": f"{10**19}\0fresh\0"})
    demo.tick()
    demo.edit("csrc/a.c", "one", "one more")
    assert "csrc/a.c changed" in error_of(demo)


@pytest.mark.thorough
def test_new_requirements_are_told(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    demo.tick()
    demo.write({"needs": "nothing-at-all\n"})
    told = import_it(demo).stderr
    assert "demo was built, and has new requirements: nothing-at-all; run `dyncachekeys run -- uv sync`" in told


@pytest.mark.thorough
def test_uv_need_not_be_on_path(tmp_path: Path) -> None:
    """As where an editor was started from a desktop."""
    demo = guarded(tmp_path, built=False)
    for _ in range(2):
        demo.cli("sync", PATH=os.defpath)
        demo.uv("sync", PATH=os.defpath)
    demo.cli("sync", PATH=os.defpath)
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    (demo.beside / "home/.local/bin").mkdir(parents=True)
    (demo.beside / "home/.local/bin/uv").symlink_to(UV)
    assert import_it(demo, PATH=os.defpath).stdout == "twoold\n"


@pytest.mark.thorough
def test_stays_the_first_finder(tmp_path: Path) -> None:
    """As pytest does, which gives out the modules of plug-ins itself."""
    demo = guarded(tmp_path)
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    code = "import sys; from importlib.machinery import PathFinder\nsys.meta_path.insert(0, PathFinder)\n"
    assert import_it(demo, code + "import json; import demo; print(demo.READ)").stdout == "twoold\n"


@pytest.mark.thorough
def test_environments_that_belong_to_somebody_else(tmp_path: Path) -> None:
    if not hasattr(os, "geteuid") or os.geteuid():
        pytest.skip("only root can give a folder away")
    demo = guarded(tmp_path, mode="")
    os.chown(file_of(demo).parent, 12345, 12345)
    demo.edit("pyproject.toml", "[tool.dyncachekeys]\n", '[tool.dyncachekeys]\nguard = "warn"\n')
    (warning,) = demo.sync().warnings
    assert warning.code == "guard-not-placed"
    assert "belongs to another user" in warning.message
    assert not file_of(demo).exists()
    assert "belongs to another user" in demo.cli("sync").stderr, "told by a quiet run, too"
    os.chown(file_of(demo).parent, os.geteuid(), -1)
    assert "belongs" not in demo.cli("sync").stderr
    assert parse(file_of(demo).parent, file_of(demo).read_bytes()).keys() == {str(demo.root)}
