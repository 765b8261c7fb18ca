"""The exact profile: only content counts. Cases 3, 21, 22, 24, 25, 33 and 34 of the collected situations."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import BACKEND, DIGEST_TRANSPORT, Demo, DemoMaker

EXACT = """
[tool.dyncachekeys]
watch = "digest"

[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/"]
"""
TRANSPORT = pytest.param(EXACT.replace('watch = "', 'transport = "'), id="transport", marks=pytest.mark.thorough)
PROFILES = pytest.mark.parametrize("config", [pytest.param(EXACT, id="stamp"), TRANSPORT])
FILES = {"csrc/one.c": "int one;\n", "csrc/two.c": "int two;\n"}
STAMPED = pytest.mark.parametrize("name", ["csrc/one.c", "build_backend/helper.py", "pyproject.toml"])


def touch(path: Path) -> None:
    path.touch()


def set_time_back(path: Path) -> None:
    os.utime(path, ns=(10**18, 10**18))


def chmod(path: Path) -> None:
    path.chmod(path.stat().st_mode ^ 0o066)


def hard_link(path: Path) -> None:
    root = next(folder for folder in path.parents if folder.name == "demo")
    (root.parent / "beside" / "hard-link").hardlink_to(path)


def rewrite(path: Path) -> None:
    path.write_bytes(path.read_bytes())


def save_atomically(path: Path) -> None:
    temporary = path.with_name(path.name + "~")
    temporary.write_bytes(path.read_bytes())
    temporary.replace(path)


def move_there_and_back(path: Path) -> None:
    aside = path.with_name(path.name + ".aside")
    path.rename(aside)
    aside.rename(path)


NEUTRAL = pytest.mark.parametrize(
    "act", [touch, set_time_back, chmod, hard_link, rewrite, save_atomically, move_there_and_back]
)


@NEUTRAL
def test_uv_alone_rebuilds_for_nothing(demo_maker: DemoMaker, act: Callable[[Path], None]) -> None:
    """What the next test is worth: a static key does rebuild (U3)."""
    demo = demo_maker('\n[tool.uv]\ncache-keys = [{ file = "csrc/one.c" }]\n', FILES)
    demo.uv_sync()
    assert demo.uv_sync() == 0
    act(demo.root / "csrc/one.c")
    assert demo.uv_sync() == 1


@NEUTRAL
@STAMPED
@PROFILES
def test_what_leaves_the_content_alone_does_not_count(
    demo_maker: DemoMaker, config: str, act: Callable[[Path], None], name: str
) -> None:
    """Case 33."""
    demo = demo_maker(config, FILES)
    demo.settled()
    act(demo.root / name)
    assert demo.both() == 0
    assert demo.both() == 0


def edit_of_same_size_and_time(demo: Demo) -> None:
    path = demo.root / "csrc/one.c"
    info = path.stat()
    demo.edit("csrc/one.c", "one", "eno")
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (info.st_size, info.st_mtime_ns)


def edit_of_a_module_of_same_size_and_time(demo: Demo) -> None:
    path = demo.root / "build_backend/helper.py"
    info = path.stat()
    demo.edit("build_backend/helper.py", "[]", "()")
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def edit_of_the_pyproject(demo: Demo) -> None:
    demo.edit("pyproject.toml", 'version = "0.1"', 'version = "0.1"\ndescription = "New"')


def rename(demo: Demo) -> None:
    (demo.root / "csrc/one.c").rename(demo.root / "csrc/uno.c")


def swap_of_contents(demo: Demo) -> None:
    one, two, aside = (demo.root / "csrc" / name for name in ("one.c", "two.c", "aside"))
    one.rename(aside)
    two.rename(one)
    aside.rename(two)


def deletion_of_the_oldest(demo: Demo) -> None:
    (demo.root / "csrc/one.c").unlink()


def deletion_of_all(demo: Demo) -> None:
    for path in (demo.root / "csrc").iterdir():
        path.unlink()


def addition(demo: Demo) -> None:
    demo.write({"csrc/deep/three.c": ""})


def executable_bit(demo: Demo) -> None:
    path = demo.root / "csrc/one.c"
    path.chmod(path.stat().st_mode | 0o100)


def link_in_place_of_file(demo: Demo) -> None:
    path = demo.root / "csrc/one.c"
    path.rename(demo.root / "one.c")
    path.symlink_to("../one.c")


@pytest.mark.parametrize(
    "act",
    [
        edit_of_same_size_and_time,
        edit_of_a_module_of_same_size_and_time,
        edit_of_the_pyproject,
        rename,
        swap_of_contents,
        deletion_of_the_oldest,
        deletion_of_all,
        addition,
        executable_bit,
        link_in_place_of_file,
    ],
)
@PROFILES
def test_what_changes_the_content_is_built_once(
    demo_maker: DemoMaker, config: str, act: Callable[[Demo], None]
) -> None:
    """Case 34, and all else that a maximum of times does not tell."""
    demo = demo_maker(config)
    for name, text in FILES.items():
        demo.write({name: text})
        demo.tick()
    demo.settled()
    act(demo)
    assert demo.both() == 1
    assert demo.both() == 0


def test_same_size_edits_right_after_a_sync_are_seen(demo_maker: DemoMaker) -> None:
    """Case 34, within one tick of the clock: a file that young is never believed from memory."""
    demo = demo_maker(EXACT, FILES)
    demo.settled()
    digests = []
    for number in range(20):
        demo.write({"csrc/one.c": f"int n{number:02};\n"})
        digests.append(demo.sync().digest)
    assert len(set(digests)) == 20
    assert demo.uv_sync() == 1


def _commit(demo: Demo, message: str) -> None:
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message", message)


def _two_branches(demo: Demo) -> None:
    demo.settled()
    demo.git("init", "--quiet", "--initial-branch=first")
    _commit(demo, "first")
    demo.git("checkout", "--quiet", "-b", "second")
    demo.edit("csrc/one.c", "one", "second")
    demo.append("build_backend/helper.py", "\nSECOND = True\n")
    demo.write({"csrc/three.c": ""})
    (demo.root / "csrc/two.c").unlink()
    _commit(demo, "second")
    demo.git("checkout", "--quiet", "first")
    assert demo.both() == 0


@pytest.mark.parametrize("sync_between", [False, True])
def test_a_checkout_there_and_back_does_not_count(demo_maker: DemoMaker, sync_between: bool) -> None:
    """Case 21."""
    demo = demo_maker(EXACT, FILES)
    _two_branches(demo)
    demo.git("checkout", "--quiet", "second")
    if sync_between:
        assert demo.sync().move == "moved"
    demo.git("checkout", "--quiet", "-")
    assert demo.both() == 0
    assert demo.both() == 0


def test_a_checkout_with_builds_between_is_built_each_time(demo_maker: DemoMaker) -> None:
    demo = demo_maker(EXACT, FILES)
    _two_branches(demo)
    for branch in ("second", "first", "second"):
        demo.git("checkout", "--quiet", branch)
        assert demo.both() == 1
        assert demo.both() == 0


def test_a_hook_syncs_at_each_checkout_and_plain_uv_is_right(demo_maker: DemoMaker) -> None:
    """Case 21 with ``dyncachekeys sync`` as git's post-checkout hook, and never by hand."""
    demo = demo_maker(EXACT, FILES)
    _two_branches(demo)
    hook = demo.root / ".git/hooks/post-checkout"
    ran = demo.beside / "hook.log"
    hook.write_text(f'#!/bin/sh\n"{sys.executable}" -m dyncachekeys sync --quiet && echo ran >> "{ran}"\n')
    hook.chmod(0o755)
    demo.git("checkout", "--quiet", "second")
    demo.git("checkout", "--quiet", "first")
    assert ran.read_text() == "ran\nran\n"
    assert demo.uv_sync() == 0
    demo.git("checkout", "--quiet", "second")
    assert demo.uv_sync() == 1
    assert demo.uv_sync() == 0
    assert demo.both() == 0


@pytest.mark.parametrize("watch", ["auto", "digest", DIGEST_TRANSPORT])
@pytest.mark.parametrize("suffix", ["c", "cpp", "rs", "pyx"])
def test_native_sources(demo_maker: DemoMaker, watch: str, suffix: str) -> None:
    """Case 22: edited, added, renamed, deleted though not the newest."""
    config = f"""
    [tool.dyncachekeys]
    watch = "{watch}"
    [tool.dyncachekeys.keys.native]
    resolver = "files"
    patterns = ["native/**/*.{suffix}"]
    """
    folder = "native/core"
    demo = demo_maker(config)
    for name in ("oldest", "middle", "newest"):
        demo.write({f"{folder}/{name}.{suffix}": name})
        demo.tick()
    demo.write({f"{folder}/notes.txt": "not a source"})
    demo.settled()
    demo.append(f"{folder}/notes.txt", "still not")
    assert demo.both() == 0
    demo.append(f"{folder}/middle.{suffix}", "edited")
    assert (demo.both(), demo.both()) == (1, 0)
    demo.write({f"{folder}/deep/added.{suffix}": "added"})
    assert (demo.both(), demo.both()) == (1, 0)
    (demo.root / folder / f"middle.{suffix}").rename(demo.root / folder / f"renamed.{suffix}")
    assert (demo.both(), demo.both()) == (1, 0)
    (demo.root / folder / f"oldest.{suffix}").unlink()
    assert (demo.both(), demo.both()) == (1, 0)


PRODUCES = BACKEND.replace(
    "    name = ",
    """\
    import uuid

    for product in ("build/out.c", "target/debug/out.c", "csrc/__pycache__/out.c", ".venv/lib/out.c", "made.o.c"):
        Path(product).parent.mkdir(parents=True, exist_ok=True)
        Path(product).write_text(uuid.uuid4().hex)
    name = """,
    1,
)


@pytest.mark.parametrize("watch", ["auto", "digest", DIGEST_TRANSPORT])
@pytest.mark.parametrize("in_repository", [False, True])
@pytest.mark.parametrize("pattern", ["**/*.c", "csrc/", "*"])
def test_a_glob_that_meets_build_products(demo_maker: DemoMaker, watch: str, in_repository: bool, pattern: str) -> None:
    """Case 24: what ``.gitignore`` names, virtual environments and ``__pycache__`` are left out."""
    config = f"""
    [tool.dyncachekeys]
    watch = "{watch}"
    [tool.dyncachekeys.keys.native]
    resolver = "files"
    patterns = ["{pattern}"]
    """
    ignore = "/.dyncachekeys/\n/.venv/\n/uv.lock\n__pycache__/\n/build/\ntarget\n*.o.c\n"
    demo = demo_maker(config, {**FILES, "build_backend/core.py": PRODUCES, ".gitignore": ignore})
    if in_repository:
        demo.git("init", "--quiet")
    assert demo.both() == 1
    assert (demo.root / "target/debug/out.c").exists()
    assert [demo.both() for _ in range(3)] == [0, 0, 0]
    demo.uv("sync", "--reinstall-package", "demo")
    assert demo.both() == 0
    demo.append("csrc/one.c", "edited")
    assert (demo.both(), demo.both()) == (1, 0)


REWRITES = BACKEND.replace(
    "    name = ", '    Path("csrc/generated.c").write_text("int generated;\\n")\n    name = ', 1
)


@pytest.mark.parametrize("watch", ["auto", "digest", DIGEST_TRANSPORT])
@pytest.mark.parametrize("there_before", [False, True])
def test_a_generated_file_rewritten_with_the_same_bytes(demo_maker: DemoMaker, watch: str, there_before: bool) -> None:
    """Case 25. Only where the very first build makes the file, it is one input more for a second one."""
    config = EXACT.replace('"digest"', f'"{watch}"')
    files = {**FILES, "build_backend/core.py": REWRITES}
    demo = demo_maker(config, {**files, "csrc/generated.c": "int generated;\n"} if there_before else files)
    assert [demo.both() for _ in range(4)] == [1, 0 if there_before else 1, 0, 0]
    demo.append("csrc/one.c", "edited")
    assert [demo.both() for _ in range(3)] == [1, 0, 0]
