"""Who asks for something, and what for: read off the stack of the running code. Loaded by `install`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_OURS = os.path.dirname(__file__) + os.sep
_STANDARD = os.path.dirname(os.__file__) + os.sep
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)
_DISTUTILS = _STANDARD + "distutils" + os.sep
_standard: dict[str, bool] = {}
"""What `is_standard` has found of files."""
_OF_ENVIRON = (
    "<frozen os>",
    "<frozen _collections_abc>",
    os.__file__,
    _STANDARD + "_collections_abc",
    _STANDARD + os.path.join("collections", "__init__.py"),
    _STANDARD + "string",  # a template, whose mapping the environment may be
)
# Whatever looks through sys.path for installed metadata lists the project's folders, too, and depends on nothing there.
METADATA = tuple(name.replace("/", os.sep) for name in ("importlib/metadata", "importlib_metadata/", "pkg_resources/"))
_MERE_LOOKS = frozenset(
    "exists lexists isfile isdir islink ismount is_file is_dir is_symlink is_mount samefile realpath resolve _joinrealpath "
    "access which _access_check find_executable walk _walk fwalk mkdir makedirs rmtree copystat copymode copyfile "
    "_copytree scandir __init__ open _path_stat _path_isfile _path_isdir checkcache updatecache lazycache".split()
)
"""The functions of Python's own that look at a path without caring for its time."""
WALKS = frozenset(
    "walk _walk fwalk copytree rglob _rlistdir _glob2 _iterate_directories select_recursive select_recursive_step".split()
)
"""The functions of os, shutil, glob and pathlib (Python 3.8 to 3.14) that go into the folders that they find."""


def outside() -> FrameType | None:
    """Return the nearest frame that is not the tracer's.

    By what its module says, as far as may be: each look at ``f_code`` is an audit event itself.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_ours(frame):
        frame = frame.f_back
    return frame


def is_ours(frame: FrameType) -> bool:
    """Tell whether code is the tracer's."""
    file = frame.f_globals.get("__file__")
    return type(file) is str and file.startswith(_OURS)


def is_standard(file: str) -> bool:
    """Tell whether a file is Python's own."""
    if file not in _standard:
        is_theirs = file.startswith(_DISTUTILS) or any(part in file for part in _INSTALLED)
        _standard[file] = file.startswith("<frozen ") or (file.startswith(_STANDARD) and not is_theirs)
    return _standard[file]


def requirement_in(file: str) -> str:
    """Return the name of the requirement that a file belongs to; empty if it belongs to none."""
    for part in _INSTALLED:
        at = file.rfind(part)
        if at >= 0:
            return file[at + len(part) :].partition(os.sep)[0].partition(".")[0]
    return "distutils" if file.startswith(_DISTUTILS) else ""


def of_look() -> tuple[bool, bool]:
    """Tell of a look at a path whether it is for imports, and whether it is for times.

    For imports, if pkgutil looks through sys.path for what other packages bring along. For times, if somebody asks for
    more than that something is there, mostly to see what is out of date.
    """
    frame, is_for_times = outside(), True
    while frame is not None:
        code = frame.f_code
        if not is_standard(code.co_filename):
            break
        if code.co_name == "extend_path":
            return True, False
        is_for_times = is_for_times and code.co_name not in _MERE_LOOKS
        frame = frame.f_back
    return False, is_for_times


def is_for_python() -> bool:
    """Tell whether Python itself reads a variable, as it looks for a program or a temporary folder."""
    frame = outside()
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(_OF_ENVIRON):
            return is_standard(code.co_filename) and code.co_name != "expandvars"
        if code.co_name == "get_exec_path":
            return True
        frame = frame.f_back
    return False


def is_loop() -> bool:
    """Tell whether the environment is gone through by code of its own, or by value: not copied, as dict() does it."""
    frame = outside()
    if frame is None or not frame.f_code.co_filename.startswith(_OF_ENVIRON):
        return True
    is_view = frame.f_code.co_name == "__iter__" and type(frame.f_locals.get("self")).__name__ != "KeysView"
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(_OF_ENVIRON):
            break
        is_view = is_view and code.co_name not in {"copy", "__or__", "__ror__"}
        frame = frame.f_back
    return is_view


def place() -> tuple[int, int] | None:
    """Return which instruction of which running code reads the environment."""
    frame = outside()
    while frame is not None and frame.f_code.co_filename.startswith(_OF_ENVIRON):
        frame = frame.f_back
    return None if frame is None else (id(frame), frame.f_lasti)
