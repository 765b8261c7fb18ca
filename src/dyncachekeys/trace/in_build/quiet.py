"""Looks at files, reads and copies them without the tracer's notice, for `programs`.

What is called from here is not reported (`install`), and what `os` has may be wrapped, so it is not used.
Loaded into the build's own interpreter. Python 3.8 or newer.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

system: Any = sys.modules["posix" if os.name == "posix" else "nt"]
"""What `os` is made from."""
_OF_NINJA = ("build.ninja", ".ninja_log", ".ninja_deps", "CMakeFiles/VerifyGlobs.cmake")
_OF_TOOLS = ("CMakeCache.txt", "meson-private")
"""What only CMake or Meson makes, in a folder of its own."""
_DEPFILE = (b"  depfile = ", b"  DEP_FILE = ")
_SPECIAL_RIGHTS = 0o6000
_KIND, _FILE = 0o170000, 0o100000
_CLOSED = getattr(os, "O_CLOEXEC", 0)


def found(program: str, folder: str, environ: Mapping[str, str]) -> str | None:
    """Return where a program is found, as exec does, by a process in a folder with some variables."""
    is_path = os.path.basename(program) != program
    places = [""] if is_path else environ.get("PATH", os.defpath).split(os.pathsep)
    for place in places:
        for end in ("",) if os.name == "posix" else ("", ".exe"):
            path = os.path.normpath(os.path.join(folder, place, program + end))
            if is_file(path) and system.access(path, os.X_OK):
                return path
    return None


def linked(path: str) -> str:
    """Return where a link leads; any other path as it is."""
    try:
        return os.path.join(os.path.dirname(path), os.fsdecode(system.readlink(path)))
    except (OSError, ValueError, AttributeError):
        return path


def can_be_traced(path: str) -> bool:
    """Tell whether a program starts below strace as it does without: it has no special rights, and can be executed."""
    if system.stat(path).st_mode & _SPECIAL_RIGHTS:
        return False
    head = content(path, 256)
    if head[:2] != b"#!":
        return head[:4] == b"\x7fELF"
    words = os.fsdecode(head[2:].partition(b"\n")[0]).split()
    return bool(words) and exists(words[0])


def status_of(number: str, name: bytes) -> bytes:
    """Return what Linux says of a process; nothing elsewhere."""
    for line in content(f"/proc/{number}/status").split(b"\n"):
        if line.startswith(name):
            return line[len(name) :].strip()
    return b""


def copy_of_ninja(build: str, to: str) -> None:
    """Copy what ninja knows of a build, and depfiles that it leaves on disk; and whether the folder is a tool's own."""
    if not exists(to):
        system.mkdir(to)
    if any(exists(os.path.join(build, name)) for name in _OF_TOOLS):
        write(os.path.join(to, "generated"), b"")
    for name in _OF_NINJA:
        data = content(os.path.join(build, name))
        if data:
            write(os.path.join(to, os.path.basename(name)), data)
        if name == "build.ninja":
            write(os.path.join(to, "deps.d"), b"\n".join(depfiles(build, data)))


def depfiles(build: str, data: bytes) -> Iterator[bytes]:
    """Yield the depfiles that a ``build.ninja`` names, those that are there: most are gone, in ``.ninja_deps``."""
    for line in data.split(b"\n"):
        if line.startswith(_DEPFILE):
            name = line.partition(b" = ")[2].strip()
            if name and b"$" not in name:
                yield content(os.path.join(build, os.fsdecode(name)))


def copy_of_target(target: str, to: str, depth: int = 4) -> None:
    """Copy what cargo knows of a build: ``.d`` files, and what build scripts have put out."""
    for entry in system.scandir(target):
        if entry.is_dir(follow_symlinks=False):
            if depth and entry.name not in {"incremental", "out"}:
                copy_of_target(entry.path, os.path.join(to, entry.name), depth - 1)
        elif entry.name.endswith(".d") or entry.name == "output":
            make(to)
            write(os.path.join(to, entry.name), content(entry.path))


def make(folder: str) -> None:
    """Make a folder, and those that it lies in."""
    if not exists(folder):
        make(os.path.dirname(folder))
        system.mkdir(folder)


def is_file(path: str) -> bool:
    """Tell whether a path is a file."""
    try:
        return bool(system.stat(path).st_mode & _KIND == _FILE)
    except (OSError, ValueError):
        return False


def is_same(first: str | None, second: str) -> bool:
    """Tell whether two paths are of the same file."""
    if first is None:
        return False
    one, other = system.stat(first), system.stat(second)
    return bool((one.st_dev, one.st_ino) == (other.st_dev, other.st_ino))


def exists(path: str) -> bool:
    """Tell whether anything is there."""
    try:
        system.stat(path)
    except (OSError, ValueError):
        return False
    return True


def content(path: str, most: int = -1) -> bytes:
    """Return what is in a file, or how it begins; nothing if it can't be read."""
    parts = []
    try:
        file = system.open(path, os.O_RDONLY | _CLOSED)
    except (OSError, ValueError):
        return b""
    try:
        while most:
            part = system.read(file, 1 << 20 if most < 0 else most)
            if not part:
                break
            parts.append(part)
            most = most if most < 0 else most - len(part)
    except OSError:
        pass
    finally:
        system.close(file)
    return b"".join(parts)


def create(path: str, data: bytes) -> bool:
    """Write a file, unless there is one."""
    try:
        write(path, data, os.O_EXCL)
    except FileExistsError:
        return False
    return True


def write(path: str, data: bytes, more: int = os.O_TRUNC) -> None:
    """Write a file."""
    file = system.open(path, os.O_WRONLY | os.O_CREAT | _CLOSED | more, 0o600)
    try:
        while data:
            data = data[system.write(file, data) :]
    finally:
        system.close(file)
