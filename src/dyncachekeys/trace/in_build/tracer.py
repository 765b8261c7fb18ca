"""Runs in the build's own interpreter, in front of the build, and writes down what it asks for.

Started by its path, as ``python tracer.py LOG ROOT [-c CODE | FILE] ARGUMENT...``, it installs
itself and then does what ``python`` would do with the rest. Python processes that the build starts are met
by a ``sitecustomize`` beside the log. It imports nothing of ours and nothing that the interpreter has not
imported already, so that the build finds the interpreter as it would be; Python 3.8 or newer.

The log holds texts in threes, each ended by a NUL: what happened, to what, and who asked for it.

    read, written, listed, missing, there   a path: absolute, normalised, links not followed
    timed                                   a path whose time, size or mode was looked at
    walked                                  a folder that is listed to go into what lies in it
    link                                    one that was asked where it leads
    made                                    a folder that is to be there
    touched, dated                          what gets another change time, another modification time; not written
    updated                                 a path that may be read and written: its times will tell
    led                                     a link that is made; in place of who asked, where it leads
    variable, environment                   a variable's name (never its value); all of them
    process, network                        a program's path or name; a host was asked
    program, unseen, git                    of programs other than Python (`programs`)
    traced                                  the program that a traced process is
    looped                                  a variable's name: somebody goes through all of them by value
    value                                   a variable's name; in place of who asked, its sealed value (`seal`)
    done                                    nothing: a hook that uv called has returned, and what it returned is written

The log of a build that uv makes begins and ends with more (`first`).

Who asked is the nearest code on the stack that is not Python's own: ``project:FILE:LINE`` for the
project's, ``requirement:NAME`` for what is installed, else nothing; in a child, else who started it.
``manifest:`` stands before that where setuptools goes through the tree for the list of what an sdist
holds. Each fact is written once a process.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import CodeType, FrameType, ModuleType
    from typing import Any

VERSION = "3"
"""Of what is found: with another one, a stored trace does not stand."""
LOG, ROOT = "DYNCACHEKEYS_TRACE_LOG", "DYNCACHEKEYS_TRACE_ROOT"
OWN = "DYNCACHEKEYS_TRACE_OWN"
"""Which variables the build itself has set, for its children: names, with ``=`` between."""
WHO = "DYNCACHEKEYS_TRACE_WHO"
"""Who starts a child."""
SALT = "DYNCACHEKEYS_TRACE_SALT"
"""Seals the values of variables, if these are to be written down."""
STRACE = "DYNCACHEKEYS_TRACE_STRACE"
"""Where strace is, if programs may be started below it."""
PROJECT, REQUIREMENT, MANIFEST = "project:", "requirement:", "manifest:"
"""How it begins who asked."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FOLDER = 0o040000
_STANDARD = os.path.dirname(os.__file__) + os.sep
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)
_DISTUTILS = _STANDARD + "distutils" + os.sep
_HERE = __file__
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_LOADED = ("quiet", "commands", "artifacts", "below", "programs")
_PREFIX = "_dyncachekeys_"
"""Of all that is copied to a folder on ``PYTHONPATH``: it must not stand in for a module of the build's."""
_BESIDE = [_OURS + (_PREFIX if os.path.basename(_HERE).startswith(_PREFIX) else "") + name + ".py" for name in _LOADED]
"""What is loaded when a program is started, each with those before it. What they do is not the build's doing."""
_OF_PATHS = ("open", "os.listdir", "os.scandir")
"""The events of which there are many, and that begin with a path."""
_OF_ENVIRON = (
    "<frozen os>",
    "<frozen _collections_abc>",
    os.__file__,
    _STANDARD + "_collections_abc",
    _STANDARD + os.path.join("collections", "__init__.py"),
    _STANDARD + "string",  # a template, whose mapping the environment may be
)
# Whatever looks through sys.path for installed metadata lists the project's folders, too, and depends on nothing there.
_METADATA = tuple(name.replace("/", os.sep) for name in ("importlib/metadata", "importlib_metadata/", "pkg_resources/"))
_MERE_LOOKS = frozenset(
    "exists lexists isfile isdir islink ismount is_file is_dir is_symlink is_mount samefile realpath resolve _joinrealpath "
    "access which _access_check find_executable walk _walk fwalk mkdir makedirs rmtree copystat copymode copyfile "
    "_copytree scandir __init__ open _path_stat _path_isfile _path_isdir checkcache updatecache lazycache".split()
)
"""The functions of Python's own that look at a path without caring for its time."""
_WALKS = frozenset(
    "walk _walk fwalk copytree rglob _rlistdir _glob2 _iterate_directories select_recursive select_recursive_step".split()
)
"""The functions of os, shutil, glob and pathlib (Python 3.8 to 3.14) that go into the folders that they find."""
_SDIST_LIST = ("find_sources", os.path.join("setuptools", "command", "egg_info.py"))
"""The function of setuptools (84.2) that makes the list of what an sdist holds."""
_SHELLS = ("sh", "bash", "dash", "ksh", "zsh")
_SHELL = "/bin/sh" if os.name == "posix" else "cmd"
_INTERPRETERS = (*_SHELLS, "python", "pypy", "perl", "ruby", "node", "lua", "Rscript")
_stat, _lstat, _open, _access, _readlink = os.stat, os.lstat, os.open, os.access, os.readlink
_spawn: Callable[..., int] | None = getattr(os, "posix_spawn", None)
_set_variable: Callable[[Any, str, str], None] = type(os.environ).__setitem__


class Log:
    """Where facts go; appended to by all processes of the build, each fact in one write."""

    def __init__(self, path: str, root: str) -> None:
        self.path: str = path
        self.root: str = root
        self._seen: set[tuple[str, str, str]] = set()

    def __call__(self, what: str, subject: str, who: str = "") -> None:
        """Write a fact, if this process has not written it yet."""
        fact = (what, subject, who)
        if fact in self._seen:
            return
        self._seen.add(fact)
        text = "".join(part.replace("\0", "") + "\0" for part in fact)
        # Opened each time: a process may close what it did not open, and its number then is another file's.
        file = _open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, text.encode("utf-8", "surrogateescape"))
        finally:
            os.close(file)


class Tracer:
    """Audit hook (PEP 578), and what wrapped functions report that have no audit event."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.root: str = log.root.rstrip(os.sep) + os.sep
        self.starter: str = os.environ.get(WHO, "")
        self.spawn: Callable[..., int] | None = _spawn
        """Starts a process, and nobody notices."""
        self.answers: set[str] = set()
        """The files to which what a hook returned is written: uv's own code does, when the hook has ended."""
        self.is_done: bool = False
        """Whether that has happened."""
        skipped = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, os.path.dirname(os.__file__)}
        skipped |= {os.path.realpath(one) for one in skipped}
        skipped |= {os.path.dirname(log.path), _HERE, "/proc", "/dev", "/sys"}
        prefixes = {one.rstrip(os.sep) + os.sep for one in skipped if one}
        # Not if the project lies below it, as below `/usr`.
        self._skipped = tuple(prefix for prefix in prefixes if not self.root.startswith(prefix))
        self.reported: list[Any] = []
        """Paths that are just being opened relative to a folder that is open, or by the tracer itself."""
        self.programs: Starting | None = None
        """What is done around other programs, once processes are wrapped."""
        note = self.note
        self._events: dict[str, Callable[..., object]] = {
            "open": self.on_open,
            "import": lambda module, file, *rest: self.on_library(file),
            "os.listdir": self.on_list,
            "os.scandir": self.on_list,
            "os.rename": self.on_rename,
            "shutil.rmtree": lambda path, *rest: self.on_leaving(path),
            "os.link": self.on_link,
            "os.symlink": self.on_symlink,
            "os.remove": lambda path, dir_fd: note("written", path, dir_fd),
            "os.mkdir": self.on_folder,
            "os.truncate": lambda path, length: isinstance(path, int) or note("written", path),
            "os.chmod": lambda path, mode, dir_fd: note("touched", path, dir_fd),
            "os.chown": lambda path, uid, gid, dir_fd: note("touched", path, dir_fd),
            "os.utime": lambda path, times, ns, dir_fd: note("dated", path, dir_fd),
            "os.setxattr": lambda path, *rest: note("touched", path),
            "os.removexattr": lambda path, *rest: note("touched", path),
            "sqlite3.connect": self.on_database,
            "ctypes.dlopen": self.on_library,
            "subprocess.Popen": self.on_popen,
            "os.exec": self.on_exec,
            "os.posix_spawn": self.on_exec,
            "os.spawn": lambda mode, path, arguments, environ=None: self.on_exec(path, arguments),
            "os.system": lambda command: self.started(_SHELL, ["sh", "-c", os.fsdecode(command)], None),
            "socket.connect": lambda *arguments: self.log("network", "", self.who()),
            "socket.getaddrinfo": lambda *arguments: self.log("network", "", self.who()),
        }

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event."""
        handler = self._events.get(event)
        if handler is not None and not (event in _OF_PATHS and self.is_skipped(arguments[0])):
            frame = sys._getframe().f_back
            if frame is None or frame.f_code.co_filename not in _BESIDE:
                self.quietly(handler, *arguments)

    def quietly(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call what must not let the build fail, whatever goes wrong."""
        try:
            function(*arguments)
        except Exception:  # noqa: BLE001, S110
            pass

    # What happened.

    def on_open(self, path: Any, mode: str | None, flags: int) -> None:
        """Take the opening of a file."""
        if isinstance(path, int) or path in self.reported:
            return
        if self.answers and path in self.answers:
            self.is_done = True
            self.log("done", "")
        path = self.path(path)
        if path is None:
            return
        if flags & _WRITES or (isinstance(mode, str) and mode.strip("rbtU")):
            self.on_write(path, flags)
        else:
            self.on_read(path)

    def on_write(self, path: str, flags: int) -> None:
        """Take the opening of a file to be written; if it must be new and is not, that fails."""
        if flags & os.O_EXCL and exists(path):
            self.log("there", path, self.who())
        elif flags & os.O_RDWR and not flags & os.O_TRUNC and exists(path):
            self.log("updated", path, self.who())
        else:
            self.log("written", path)

    def on_read(self, path: str) -> None:
        """Take the opening of a file to be read, with the source in place of what Python keeps of it."""
        source = source_of(path)
        path = source if exists(source) else path
        is_dir = is_folder(path)
        if is_dir is None and source == path:
            self.log("missing", path, self.who())
        elif is_dir is False:  # else it is opened to be a dir_fd
            self.log("read" if _access(path, os.R_OK) else "there", path, self.who())

    def on_library(self, path: Any, *_: object) -> None:
        """Take the opening of a library or a database."""
        if isinstance(path, (str, bytes)) and os.sep in os.fsdecode(path):
            path = self.path(path)
            if path is not None:
                self.log("read" if exists(path) else "missing", path, self.who())

    def on_database(self, path: Any, *_: object) -> None:
        """Take the opening of a database of sqlite, which may be given as a URI."""
        path = os.fsdecode(path)
        if path.startswith("file:"):
            path, _, options = path[len("file:") :].partition("?")
            if "mode=memory" in options:
                return
            path = path[len("//localhost") :] if path.startswith("//localhost/") else path
            path = "/" + path.lstrip("/") if path.startswith("/") else path
            path = unquoted(path)
        if path and path != ":memory:":
            self.on_library(os.path.join(os.curdir, path))

    def on_list(self, path: Any = None, *_: object) -> None:
        """Take the listing of a folder."""
        path = self.path("." if path is None else path)
        if path is None:
            return
        frame, is_walk = outside(), False
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith("<frozen importlib") or any(part in name for part in _METADATA):
                return
            if not is_standard(name):
                break
            is_walk = is_walk or frame.f_code.co_name in _WALKS
            frame = frame.f_back
        is_dir = is_folder(path)
        self.log("missing" if is_dir is None else "listed" if is_dir else "there", path, self.who())
        if is_dir and is_walk:
            self.log("walked", path)

    def note(self, what: str, path: Any, dir_fd: int = -1) -> str | None:
        """Write down what happens to a path, relative to a folder or to the current one, and return it if it counts."""
        full = self.path(path, dir_fd)
        if full is not None:
            self.log(what, full)
        return full

    def on_folder(self, path: Any, _mode: int, dir_fd: int) -> None:
        """Take the making of a folder; one that is there already is not written."""
        full = self.note("made", path, dir_fd)
        if full is not None and not exists(full):
            self.log("written", full)

    def on_rename(self, old: Any, new: Any, old_fd: int, new_fd: int) -> None:
        """Take the renaming of something."""
        first = self.note("written", old, old_fd)
        self.note("written", new, new_fd)
        if first is not None and is_folder(first):
            self.on_leaving(first)

    def on_leaving(self, path: Any) -> None:
        """Take that a folder is about to be gone."""
        if self.programs is not None and not isinstance(path, int):
            self.programs.leaving(os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(path))))

    def on_link(self, old: Any, new: Any, old_fd: int, new_fd: int) -> None:
        """Take a further name for a file: what is then read by that name is the file."""
        self.note("written", new, new_fd)
        full = self.note("touched", old, old_fd)
        if full is not None:
            self.log("read", full, self.who())

    def on_symlink(self, target: Any, path: Any, dir_fd: int) -> None:
        """Take a link that is made: whoever reads a file through it reads the file."""
        full = os.path.abspath(self.note("written", path, dir_fd) or os.fsdecode(path))
        aim = self.path(os.path.join(os.path.dirname(full), os.fsdecode(target)))
        if aim is not None:
            self.log("led", full, aim)

    def on_popen(self, executable: Any, arguments: Any, folder: Any, _environ: Any) -> None:
        """Take the start of a process by subprocess."""
        words = [arguments] if isinstance(arguments, (str, bytes)) or hasattr(arguments, "__fspath__") else arguments
        words = [os.fsdecode(word) for word in words]
        self.started(os.fsdecode(executable or words[0]), words, folder)

    def on_exec(self, path: Any, arguments: Any, _environ: Any = None) -> None:
        """Take the start of a process by os.exec or os.posix_spawn."""
        self.started(os.fsdecode(path), [os.fsdecode(word) for word in arguments], None)

    def started(self, program: str, words: list[str], folder: Any) -> None:
        """Write down a process, and the project's script that it is or runs: nobody else may see that."""
        if self.programs is not None:
            program, words = self.programs.unwrapped(program, words)
        who = self.tell_child()
        base = os.path.join(os.getcwd(), os.fsdecode(folder) if folder else "")
        name = os.path.basename(program).rstrip("0123456789.")
        self.log("process", "isolated " + name if is_isolated(name, words[1:]) else program, who)
        for word in (program if os.sep in program else None, script_in(name, words[1:])):
            path = self.path(os.path.join(base, word)) if word else None
            if path is not None and exists(path):
                self.log("read", path, who)
        command = command_in(name, words[1:])
        if command is not None:
            self.log("process", command, who)

    # Who asked.

    def tell_child(self) -> str:
        """Say in the environment who starts a child, and return it."""
        try:
            who = self.who()
            _set_variable(os.environ, WHO, who)
        except Exception:  # noqa: BLE001  such as that the current directory is gone
            return ""
        return who

    def who(self) -> str:
        """Return the nearest code on the stack that is neither ours nor Python's own."""
        frame, nearest = outside(), ""
        while frame is not None:
            code = frame.f_code
            if code.co_name == _SDIST_LIST[0] and code.co_filename.endswith(_SDIST_LIST[1]):
                return MANIFEST + nearest
            nearest = nearest or self.named(frame)
            frame = frame.f_back
        return nearest or self.starter

    def named(self, frame: FrameType) -> str:
        """Return what some code is called; Python's is nobody, nor is ours, which calls hooks and starts processes."""
        file = frame.f_code.co_filename
        if file.startswith("<") and not file.startswith("<frozen"):  # as setuptools runs setup.py
            file = frame.f_globals.get("__file__") or file
        if file.startswith("<") or is_standard(file) or os.path.abspath(file).startswith(_OURS):
            return ""
        requirement = requirement_in(file)
        if requirement:
            return REQUIREMENT + requirement
        path = os.path.normpath(os.path.join(os.getcwd(), file))
        if path.startswith(self.root):
            return f"{PROJECT}{path[len(self.root) :].replace(os.sep, '/')}:{frame.f_lineno}"
        return ""

    def path(self, path: Any, dir_fd: int | None = None) -> str | None:
        """Return an absolute path, or nothing for one that is never of interest."""
        path = behind(path) if isinstance(path, int) else os.fsdecode(path)
        if not os.path.isabs(path):
            path = os.path.join(os.getcwd() if dir_fd is None or dir_fd == -1 else behind(dir_fd), path)
        path = os.path.normpath(path)
        return None if (path + os.sep).startswith(self._skipped) else path

    def is_skipped(self, path: Any) -> bool:
        """Tell at once of most paths that are never of interest, as of all that Python imports, that they are not."""
        return type(path) is str and path.startswith(self._skipped) and ".." not in path and path not in self.answers

    def looked(self, path: Any, dir_fd: int | None, is_there: bool, is_link: bool) -> None:
        """Write down that somebody looked whether something is there, or where it leads."""
        if isinstance(path, int) or self.is_skipped(path):
            return
        path = self.path(path, dir_fd)
        if path is None or is_for_imports():
            return
        who = self.who()
        self.log("there" if is_there else "missing", path, who)
        if is_there and is_for_times():
            self.log("timed", path, who)
        if is_link:
            self.log("link", path)


class Looking:
    """A function such as ``os.stat``. Not a function itself: it must not become a method where it is an attribute."""

    def __init__(self, tracer: Tracer, function: Callable[..., Any]) -> None:
        self.__wrapped__: Callable[..., Any] = function
        self.__name__: str = function.__name__
        self.__doc__ = function.__doc__
        self.__qualname__, self.__module__ = function.__name__, "os"
        self._tracer = tracer

    def __reduce__(self) -> str:
        """Be pickled as the function is: by its name."""
        return self.__name__

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __call__(self, path: Any, *arguments: Any, **options: Any) -> Any:
        """Call it, and report what it was asked for."""
        try:
            found = self.__wrapped__(path, *arguments, **options)
        except (FileNotFoundError, NotADirectoryError):
            self._report(path, options, is_there=False)
            raise
        self._report(path, options, is_there=found is not False or exists(path))
        return found

    def _report(self, path: Any, options: dict[str, Any], *, is_there: bool) -> None:
        is_link = is_there and self.__name__ == "readlink"
        self._tracer.quietly(self._tracer.looked, path, options.get("dir_fd"), is_there, is_link)


class Opening(Looking):
    """``os.open``, whose audit event leaves out ``dir_fd``."""

    def __call__(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        """Call it, and report what it was asked for."""
        if dir_fd is None:
            return self.__wrapped__(path, flags, mode)  # type: ignore[no-any-return]
        self._tracer.quietly(self._report_open, path, flags, dir_fd)
        self._tracer.reported.append(path)
        try:
            return self.__wrapped__(path, flags, mode, dir_fd=dir_fd)  # type: ignore[no-any-return]
        finally:
            self._tracer.reported.remove(path)

    def _report_open(self, path: Any, flags: int, dir_fd: int) -> None:
        full = self._tracer.path(path, dir_fd)
        if full is not None:
            self._tracer.on_open(full, None, flags)


def outside() -> FrameType | None:
    """Return the nearest frame that is not in this file."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename == _HERE:
        frame = frame.f_back
    return frame


def unquoted(path: str) -> str:
    """Return the path of a URI without its percent signs."""
    first, *rest = os.fsencode(path).split(b"%")
    return os.fsdecode(first + b"".join(bytes([int(one[:2], 16)]) + one[2:] for one in rest))


def is_standard(file: str) -> bool:
    """Tell whether a file is Python's own."""
    if not file.startswith(_STANDARD):
        return file.startswith("<frozen ")
    return not file.startswith(_DISTUTILS) and not any(part in file for part in _INSTALLED)


def requirement_in(file: str) -> str:
    """Return the name of the requirement that a file belongs to; empty if it belongs to none."""
    for part in _INSTALLED:
        at = file.rfind(part)
        if at >= 0:
            return file[at + len(part) :].partition(os.sep)[0].partition(".")[0]
    return "distutils" if file.startswith(_DISTUTILS) else ""


def is_for_times() -> bool:
    """Tell whether somebody asks for more than that something is there: mostly for its time, to see what is out of date."""
    frame = outside()
    while frame is not None and is_standard(frame.f_code.co_filename):
        if frame.f_code.co_name in _MERE_LOOKS:
            return False
        frame = frame.f_back
    return True


def is_for_imports() -> bool:
    """Tell whether pkgutil looks through sys.path for what other packages bring along."""
    frame = outside()
    while frame is not None and is_standard(frame.f_code.co_filename):
        if frame.f_code.co_name == "extend_path":
            return True
        frame = frame.f_back
    return False


def behind(descriptor: int) -> str:
    """Return the path of what is open. Linux only: elsewhere it is an error, and what was asked for stays unknown."""
    return _readlink(f"/proc/self/fd/{descriptor}")


def script_in(name: str, arguments: Sequence[str]) -> str | None:
    """Return the file that a program runs if it is an interpreter, or nothing."""
    for word in arguments if name in _INTERPRETERS else ():
        if word in {"-c", "-m", "-e"}:
            return None
        if not word.startswith("-"):
            return word
    return None


def command_in(name: str, arguments: Sequence[str]) -> str | None:
    """Return the program that a shell is told to run, but not what is assigned before it: that may be a secret."""
    if name not in _SHELLS or arguments[:1] != ["-c"] or not arguments[1:]:
        return None
    return next((word for word in arguments[1].split() if "=" not in word), "sh")


def is_isolated(name: str, arguments: Sequence[str]) -> bool:
    """Tell whether a program is a Python that the tracer is kept out of, by ``-I``, ``-E`` or ``-S``."""
    first = arguments[0] if arguments and name.startswith(("python", "pypy")) else ""
    is_flags = first[:1] == "-" and first[1:2] != "-"
    return is_flags and not {*"IES"}.isdisjoint(first[1:].partition("c")[0].partition("m")[0])


def is_folder(path: str) -> bool | None:
    """Tell whether a path is a folder; nothing if nothing is there."""
    try:
        return _stat(path).st_mode & 0o170000 == _FOLDER
    except OSError:
        return None


def source_of(path: str) -> str:
    """Return the source of a file in ``__pycache__`` (PEP 3147); any other path as it is."""
    folder, name = os.path.split(path)
    if os.path.basename(folder) != "__pycache__" or ".pyc" not in name:
        return path
    return os.path.join(os.path.dirname(folder), name.split(".")[0] + ".py")


def exists(path: Any) -> bool:
    """Tell whether anything is there, without anybody noticing."""
    try:
        _lstat(path)
    except (OSError, ValueError):
        return False
    return True


def wrap_looks(tracer: Tracer) -> None:
    """Wrap what looks whether something is there, and os.open; also where pathlib has taken it already."""
    for name in ("stat", "lstat", "access", "readlink", "open"):
        original = getattr(os, name)
        wrapped = (Opening if name == "open" else Looking)(tracer, original)
        for known in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if original in known:
                known.add(wrapped)
        setattr(os, name, wrapped)
        accessor = getattr(sys.modules.get("pathlib"), "_NormalAccessor", None)  # to Python 3.10
        if accessor is not None and vars(accessor).get(name) is original:
            setattr(accessor, name, wrapped)


class Variables:
    """What the build asks of the environment, and which variables are its own: those that it has set itself."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer, self._before = tracer, dict(os.environ)
        self._inherited = set(filter(None, os.environ.get(OWN, "").split("=")))
        self._salt = os.environ.get(SALT, "")
        self._own = set(self._inherited)

    def asked(self, what: str, name: Any) -> None:
        """Take that one is read, or that somebody goes through all of them."""
        name = os.fsdecode(name)
        if name not in self._own and name not in {LOG, ROOT, OWN, WHO, SALT}:
            self._tracer.log(what, name, "" if is_for_python() else self._tracer.who())
            if name and self._salt:
                self._tracer.log("value", name, seal(self._salt, self._before.get(name)))

    def looped(self) -> None:
        """Take that the project's own code goes through all of them, by value: then any may count.

        Who copies them, mostly for a child, does not.
        """
        who = self._tracer.who()
        if self._salt and who.startswith(PROJECT) and is_loop():
            for name, value in self._before.items():
                if name not in self._own and name not in {LOG, ROOT, OWN, WHO, SALT}:
                    self._tracer.log("looped", name, who)
                    self._tracer.log("value", name, seal(self._salt, value))

    def set(self, name: Any, value: Any) -> None:
        """Take that one gets a value, or is taken away."""
        name = os.fsdecode(name)
        if name in self._inherited or self._before.get(name) != (None if value is None else os.fsdecode(value)):
            self._own.add(name)
        else:  # as it was: the build has put it back
            self._own.discard(name)
        _set_variable(os.environ, OWN, "=".join(sorted(self._own)))


def seal(salt: str, value: str | None) -> str:
    """Return a keyed digest of a variable's value, from which nobody can find it out without the salt."""
    from _blake2 import blake2b  # noqa: PLC0415  hashlib would bring more along

    text = "unset" if value is None else f"set {value}"
    return str(blake2b(text.encode("utf-8", "surrogateescape"), key=bytes.fromhex(salt), digest_size=16).hexdigest())


def wrap_environ(tracer: Tracer) -> None:
    """Wrap what ``os.environ`` does: a variable read by name counts, unless the build has set it itself."""
    environ: Any = type(os.environ)
    getitem, setitem, delitem, iterate = environ.__getitem__, _set_variable, environ.__delitem__, environ.__iter__
    variables, quietly = Variables(tracer), tracer.quietly
    yielded: list[Any] = []
    """The name that a loop over all of them is at."""
    listed: list[Any] = []
    """After such a loop: where it was, and the names, the first one last."""

    def __getitem__(self: Any, name: Any) -> Any:  # noqa: N807
        # Whoever goes through all of them asks for none by name: in a loop, or as dict(os.environ) does.
        if yielded and yielded[-1] == name:
            yielded.pop()
        elif listed and listed[-1] == name and place() == listed[0]:
            listed.pop()
        else:
            quietly(variables.asked, "variable", name)
        return getitem(self, name)

    def __iter__(self: Any) -> Iterator[Any]:  # noqa: N807
        quietly(variables.asked, "environment", "")
        quietly(variables.looped)
        names, where = list(iterate(self)), place()
        for name in names:
            yielded[:] = [name]
            yield name
        yielded.clear()
        listed[:] = [where, *reversed(names)]

    def __setitem__(self: Any, name: Any, value: Any) -> None:  # noqa: N807
        quietly(variables.set, name, value)
        setitem(self, name, value)

    def __delitem__(self: Any, name: Any) -> None:  # noqa: N807
        quietly(variables.set, name, None)
        delitem(self, name)

    for function in (__getitem__, __iter__, __setitem__, __delitem__):
        setattr(environ, function.__name__, function)


def is_for_python() -> bool:
    """Tell whether Python itself reads a variable, as it looks for a program or a temporary folder."""
    frame = outside()
    while frame is not None and frame.f_code.co_filename.startswith(_OF_ENVIRON):
        if frame.f_code.co_name == "get_exec_path":
            return True
        frame = frame.f_back
    return frame is not None and is_standard(frame.f_code.co_filename) and frame.f_code.co_name != "expandvars"


def is_loop() -> bool:
    """Tell whether the environment is gone through by code of its own, or by value: not copied, as dict() does it."""
    frame = outside()
    if frame is None or not frame.f_code.co_filename.startswith(_OF_ENVIRON):
        return True
    is_view = frame.f_code.co_name == "__iter__" and type(frame.f_locals.get("self")).__name__ != "KeysView"
    while frame is not None and frame.f_code.co_filename.startswith(_OF_ENVIRON):
        is_view = is_view and frame.f_code.co_name not in {"copy", "__or__", "__ror__"}
        frame = frame.f_back
    return is_view


def place() -> tuple[int, int] | None:
    """Return which instruction of which running code reads the environment."""
    frame = outside()
    while frame is not None and frame.f_code.co_filename.startswith(_OF_ENVIRON):
        frame = frame.f_back
    return None if frame is None else (id(frame), frame.f_lasti)


class Children:
    """What children are to know: where the tracer is, who started them, and which variables are the build's own."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer, self._before = tracer, dict(os.environ)
        self._needed = {name: self._before[name] for name in (LOG, ROOT, SALT, STRACE) if name in self._before}
        self._folder = self._before.get("PYTHONPATH", "").split(os.pathsep)[0]

    def environ(self, given: Any, more: Mapping[str, str] = {}) -> Any:
        """Return the environment for a child in place of a given one; nothing, if it is to get this process's own.

        The child also gets what is in `more`.
        """
        who = self._tracer.tell_child()
        found = texts_of(given)
        is_met = LOG in found and found.get("PYTHONPATH", "").split(os.pathsep)[0] == self._folder
        if given is None and is_met and not more:
            return None
        own = {name for name, value in found.items() if self._before.get(name) != value} - {OWN, WHO}
        own.update(filter(None, found.get(OWN, "").split("=")))
        if not is_met:
            path = os.pathsep.join(filter(None, [self._folder, found.get("PYTHONPATH")]))
            found = {**found, **self._needed, "PYTHONPATH": path}
        return {**found, OWN: "=".join(sorted(own)), WHO: who, **more}


def texts_of(environ: Any) -> dict[str, str]:
    """Return what an environment holds, by default this process's own, without anybody's reading a variable."""
    source = os.environ if environ is None else environ
    source = getattr(source, "_data", source)
    return {os.fsdecode(name): os.fsdecode(value) for name, value in dict(source).items()}


def quoted(word: str) -> str:
    """Return a word as it is written for a shell."""
    return "'" + word.replace("'", "'\\''") + "'"


def loaded(path: str, **modules: Any) -> Any:
    """Return a module of a file beside this one, which nobody else sees; it gets others."""
    module = type(sys)("dyncachekeys_" + os.path.basename(path)[:-3])
    vars(module).update(modules, __file__=path)
    with open(path, "rb") as stream:
        exec(compile(stream.read(), path, "exec"), vars(module))  # noqa: S102
    return module


class Starting:
    """What is done around programs that are started; the code for it is loaded when the first one is.

    Args:
        tracer: Whose log it is.
        strace: Where strace is; empty if no program is to be started below it.
    """

    def __init__(self, tracer: Tracer, strace: str) -> None:
        self._tracer, self._strace = tracer, strace
        self._loaded: Any = None
        self._commands: dict[str, str] = {}
        """Commands for a shell that stand in place of others."""
        self._busy: set[int] = set()
        """Threads that are just starting a program: subprocess calls `os` for that."""
        self._thread: Callable[[], int] = sys.modules["_thread"].get_ident

    def _programs(self) -> Any:
        if self._loaded is None:
            self._tracer.reported += _BESIDE
            modules: dict[str, Any] = {}
            for path in _BESIDE:
                modules[os.path.basename(path)[:-3].replace(_PREFIX, "")] = loaded(path, **modules)
            self._tracer.reported[:] = [path for path in self._tracer.reported if path not in _BESIDE]
            self._loaded = modules["programs"].Programs(self._tracer, self._strace)
        return self._loaded

    def replaced(
        self, program: Any, words: Sequence[Any], folder: Any, environ: Any
    ) -> tuple[list[str] | None, dict[str, str]]:
        """Return which words to start instead, if others, and what to add to the variables."""
        if self._thread() in self._busy:
            return None, {}
        try:
            texts, folder = [os.fsdecode(word) for word in words], os.fsdecode(folder) if folder else None
            wanted, more = self._programs().start(os.fsdecode(program), texts, folder, texts_of(environ))
        except Exception:  # noqa: BLE001  whatever it is, the program is to be started
            return None, {}
        return (None if wanted == texts else wanted), more

    def replaced_popen(self, given: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, str]]:
        """Return what subprocess is to do instead, by the arguments of ``Popen._execute_child``; and the same again."""
        args, executable, folder, environ, is_shell = given[0], given[1], given[5], given[6], given[9]
        words = [args] if isinstance(args, (str, bytes)) or hasattr(args, "__fspath__") else [*args]
        if is_shell and os.name == "posix":
            words = [executable or _SHELL, "-c", *words]
        wanted, more = self.replaced(executable or words[0], words, folder, environ)
        if wanted is not None:
            given = (wanted, None, *given[2:9], False, *given[10:])
        return given, more

    def replaced_command(self, command: Any) -> Any:
        """Return which command to give to a shell instead."""
        wanted, more = self.replaced(_SHELL, ["sh", "-c", command], None, None) if os.name == "posix" else (None, {})
        if wanted is None and not more:
            return command
        text = "".join(f"export {name}={quoted(value)}; " for name, value in more.items())
        text += os.fsdecode(command) if wanted is None else "exec " + " ".join(map(quoted, wanted))
        self._commands[text] = os.fsdecode(command)
        return text

    def once(self, function: Callable[..., Any], *given: Any, **options: Any) -> Any:
        """Call what starts a program that has been taken."""
        thread = self._thread()
        self._busy.add(thread)
        try:
            return function(*given, **options)
        finally:
            self._busy.discard(thread)

    def unwrapped(self, program: str, words: list[str]) -> tuple[str, list[str]]:
        """Return the program and the words that these stand in place of, if they do."""
        if words[:2] == [self._strace, "-D"]:
            words = words[words.index("--") + 1 :]
            return words[0], words
        return program, [self._commands.get(word, word) for word in words]

    def leaving(self, folder: str) -> None:
        """Take that a folder is about to be removed or moved."""
        names = os.listdir(os.path.dirname(self._tracer.log.path))
        if any(name.startswith(("ninja-", "cargo-")) for name in names):
            self._programs().leaving(folder)

    def finish(self) -> None:
        """Take that this process ends: what is known of builds is kept, and what is still being written waited for."""
        if self._loaded is not None:
            self._tracer.quietly(self._loaded.finish)


def wrap_processes(tracer: Tracer, strace: str = "") -> Callable[[ModuleType], None]:
    """Let children find the tracer, and other programs leave what they read; return what patches ``subprocess``."""
    children = Children(tracer)
    starting = tracer.programs = Starting(tracer, strace)

    def with_third(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(path: Any, argv: Any, env: Any, *given: Any, **options: Any) -> Any:
            wanted, more = starting.replaced(path, argv, None, env)
            env = children.environ(env, more)
            if wanted is not None:
                path, argv = wanted[0], wanted
            return starting.once(function, path, argv, env, *given, **options)

        return wrapped

    for name in ("execve", "posix_spawn", "posix_spawnp"):
        if hasattr(os, name):
            setattr(os, name, with_third(getattr(os, name)))
    wrap_plain(starting)

    def patch(subprocess: Any) -> None:
        original = subprocess.Popen._execute_child

        def _execute_child(self: Any, *given: Any) -> Any:
            given, more = starting.replaced_popen(given)
            return starting.once(original, self, *given[:6], children.environ(given[6], more), *given[7:])

        subprocess.Popen._execute_child = _execute_child

    return patch


def wrap_plain(starting: Starting) -> None:
    """Wrap what starts a program with the environment of this process."""
    execve, execv, system = os.execve, os.execv, os.system

    def _execv(path: Any, argv: Any, /) -> Any:
        wanted, more = starting.replaced(path, argv, None, None)
        if more:
            return starting.once(execve, path, argv, {**texts_of(None), **more})
        return starting.once(execv, *((path, argv) if wanted is None else (wanted[0], wanted)))

    def _system(command: Any) -> int:
        return starting.once(system, starting.replaced_command(command))  # type: ignore[no-any-return]

    os.execv, os.system = _execv, _system


class Patching:
    """Finds no module, but patches subprocess when it is imported: importing it earlier is not ours to do."""

    def __init__(self, patch: Callable[[ModuleType], None]) -> None:
        self._patch = patch

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:  # noqa: ARG002
        """Return the spec of subprocess, patched; nothing for all else."""
        if name != "subprocess":
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        from importlib.util import find_spec  # noqa: PLC0415

        spec: Any = find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            self._patch(module)

        spec.loader.exec_module = exec_module
        return spec


def install(path: str, root: str) -> Tracer:
    """Trace this process from here on, into a log in a folder of its own. The code below `root` is the project's."""
    tracer = Tracer(Log(path, root))
    patch = wrap_processes(tracer, os.environ.get(STRACE, ""))
    if "subprocess" in sys.modules:
        patch(sys.modules["subprocess"])
    else:
        sys.meta_path.insert(0, Patching(patch))  # type: ignore[arg-type]
    tracer.log("traced", (getattr(sys, "orig_argv", None) or [sys.executable])[0])
    wrap_environ(tracer)
    wrap_looks(tracer)
    sys.addaudithook(tracer.hook)
    if tracer.programs is not None:
        import atexit  # noqa: PLC0415  part of the interpreter

        atexit.register(tracer.programs.finish)
    return tracer


COPIED = {"sitecustomize.py": "sitecustomize.py"}
"""What a folder on ``PYTHONPATH`` must hold, by what it is copied from, beside this file."""
COPIED.update({f"{_PREFIX}{name}.py": f"{name}.py" for name in ("tracer", "first", *_LOADED)})


def copy_to(folder: str) -> None:
    """Have Python processes that find a folder on ``PYTHONPATH`` traced: Python imports ``sitecustomize`` at its start."""
    for name, source in COPIED.items():
        with open(os.path.join(os.path.dirname(_HERE), source), "rb") as stream:
            content = stream.read()
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(content)


def prepare(log: str) -> None:
    """Have Python processes that this one starts find the tracer."""
    folder = os.path.dirname(log)
    copy_to(folder)
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = folder + (os.pathsep + inherited if inherited else "")


def main(arguments: list[str]) -> None:
    """Do what the command line says, in an empty ``__main__``."""
    log, root, rest = os.path.abspath(arguments[0]), os.path.abspath(arguments[1]), arguments[2:]
    prepare(log)
    os.environ[LOG], os.environ[ROOT] = log, root
    code: Any
    if rest[0] == "-c":
        code, file, folder, sys.argv[:] = rest[1], None, "", ["-c", *rest[2:]]
    else:
        with open(rest[0], "rb") as stream:
            code = stream.read()
        file, folder, sys.argv[:] = rest[0], os.path.dirname(os.path.abspath(rest[0])), rest
    if not getattr(sys.flags, "safe_path", False):  # from Python 3.11 on
        sys.path[0] = folder  # it was this file's
    run(log, root, compile(code, file or "<string>", "exec"), file)


def run(log: str, root: str, code: CodeType, file: str | None) -> None:
    """Trace this process, and run code as ``python`` runs its main program."""
    space: dict[str, Any] = vars(sys.modules["__main__"])
    given: dict[str, Any] = {name: space[name] for name in ("__builtins__", "__loader__") if name in space}
    space.clear()
    space.update(given, __name__="__main__", __doc__=None, __package__=None, __spec__=None)
    if file is not None:
        space["__file__"] = file
    install(log, root)
    exec(code, space)  # noqa: S102


if __name__ == "__main__":
    # The build gets `__main__` for itself, so what runs here runs under another name.
    _space: dict[str, Any] = {"__name__": "dyncachekeys_tracer", "__file__": __file__}
    with open(__file__, "rb") as _stream:
        exec(compile(_stream.read(), __file__, "exec"), _space)  # noqa: S102
    _space["main"](sys.argv[1:])
