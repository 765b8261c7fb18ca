"""Runs in the build's own interpreter, in front of the build, and writes down what it asks for.

Started by its path, as ``python tracer.py LOG ROOT [-c CODE | FILE] ARGUMENT...``, it installs
itself and then does what ``python`` would do with the rest. Python processes that the build starts are met
by a ``sitecustomize`` beside the log. It imports nothing of ours and nothing that the interpreter has not
imported already, so that the build finds the interpreter as it would be; Python 3.8 or newer.

The log holds texts in threes, each ended by a NUL: what happened, to what, and who asked for it.

    read, written, listed, missing, there   a path: absolute, normalised, links not followed
    link                                    one that was asked where it leads
    made                                    a folder that is to be there
    touched, dated                          what gets another change time, another modification time; not written
    updated                                 a path that may be read and written: its times will tell
    led                                     a link that is made; in place of who asked, where it leads
    imported                                nothing: only who asked for a module, wherever that lies
    variable, environment                   a variable's name (never its value); all of them
    process, network                        a program's path or name; a host was asked
    traced                                  the program that a traced process is

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
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType, FrameType, ModuleType
    from typing import Any

VERSION = "3"
"""Of what is found: another one looks again."""
LOG, ROOT = "DYNCACHEKEYS_TRACE_LOG", "DYNCACHEKEYS_TRACE_ROOT"
OWN = "DYNCACHEKEYS_TRACE_OWN"
"""Which variables the build itself has set, for its children: names, with ``=`` between."""
WHO = "DYNCACHEKEYS_TRACE_WHO"
"""Who starts a child."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FOLDER = 0o040000
_STANDARD = os.path.dirname(os.__file__) + os.sep
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)
_HERE = __file__
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
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
_MANIFEST = ("find_sources", os.path.join("setuptools", "command", "egg_info.py"))
"""The function of setuptools (84.2) that makes the list of what an sdist holds."""
_SHELLS = ("sh", "bash", "dash", "ksh", "zsh")
_INTERPRETERS = (*_SHELLS, "python", "pypy", "perl", "ruby", "node", "lua", "Rscript")
_stat, _lstat, _open, _access, _readlink = os.stat, os.lstat, os.open, os.access, os.readlink
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
    """Audit hook (PEP 578) and the wrapped functions that no audit event tells of."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.root: str = log.root.rstrip(os.sep) + os.sep
        self.starter: str = os.environ.get(WHO, "")
        skipped = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, os.path.dirname(os.__file__)}
        skipped |= {os.path.realpath(one) for one in skipped} | {
            os.path.dirname(log.path),
            _HERE,
            "/proc",
            "/dev",
            "/sys",
        }
        self._skipped = tuple(one.rstrip(os.sep) + os.sep for one in skipped if self.matters(one))
        self.told_already: list[Any] = []
        """Paths that are just being opened relative to a folder that is open."""
        self._events: dict[str, Callable[..., None]] = {
            "open": self.on_open,
            "import": self.on_import,
            "os.listdir": self.on_list,
            "os.scandir": self.on_list,
            "os.rename": lambda old, new, old_fd, new_fd: self.on_written((old, old_fd), (new, new_fd)),
            "os.link": self.on_link,
            "os.symlink": self.on_symlink,
            "os.remove": lambda path, dir_fd: self.on_written((path, dir_fd)),
            "os.mkdir": self.on_folder,
            "os.truncate": lambda path, length: self.on_written((path, -1)),
            "os.chmod": lambda path, mode, dir_fd: self.on_touched(path, dir_fd),
            "os.chown": lambda path, uid, gid, dir_fd: self.on_touched(path, dir_fd),
            "os.utime": lambda path, times, ns, dir_fd: self.on_touched(path, dir_fd, "dated"),
            "os.setxattr": lambda path, *rest: self.on_touched(path, -1),
            "os.removexattr": lambda path, *rest: self.on_touched(path, -1),
            "sqlite3.connect": self.on_database,
            "ctypes.dlopen": self.on_library,
            "subprocess.Popen": self.on_popen,
            "os.exec": self.on_exec,
            "os.posix_spawn": self.on_exec,
            "os.spawn": self.on_spawn,
            "os.system": self.on_system,
            "socket.connect": self.on_network,
            "socket.getaddrinfo": self.on_network,
        }

    def matters(self, prefix: str) -> bool:
        """Tell whether a prefix may be left out: not if the project lies below it, as below ``/usr``."""
        return bool(prefix) and not self.root.startswith(prefix.rstrip(os.sep) + os.sep)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event. Whatever goes wrong here must not be the build's."""
        handler = self._events.get(event)
        if handler is None:
            return
        try:
            handler(*arguments)
        except Exception:  # noqa: BLE001, S110
            pass

    # What happened.

    def on_open(self, path: Any, mode: str | None, flags: int) -> None:
        """Take the opening of a file."""
        if isinstance(path, int) or path in self.told_already:
            return
        frame = outside(sys._getframe(1))
        if frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
            self.log("imported", "", self.who())
        path = self.path(path)
        if path is None:
            return
        if flags & _WRITES or (isinstance(mode, str) and mode.strip("rbtU")):
            if flags & os.O_EXCL and exists(path):  # which is why it fails
                self.log("there", path, self.who())
            elif flags & os.O_RDWR and not flags & os.O_TRUNC and exists(path):
                self.log("updated", path, self.who())
            else:
                self.log("written", path)
        else:
            self.on_read(path)

    def on_read(self, path: str) -> None:
        """Take the opening of a file to be read, with the source in place of what Python keeps of it."""
        source = source_of(path)
        path = source if exists(source) else path
        try:
            is_folder = _stat(path).st_mode & 0o170000 == _FOLDER
        except OSError:
            if source == path:
                self.log("missing", path, self.who())
            return
        if not is_folder:  # else it is opened to be a dir_fd
            self.log("read" if _access(path, os.R_OK) else "there", path, self.who())

    def on_import(self, _module: str, file: str | None, *_: object) -> None:
        """Take the loading of an extension module."""
        if file:
            self.on_library(file)

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
        frame = outside(sys._getframe(1))
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith("<frozen importlib") or any(part in name for part in _METADATA):
                return
            if not is_standard(name):
                break
            frame = frame.f_back
        try:
            what = "listed" if _stat(path).st_mode & 0o170000 == _FOLDER else "there"
        except OSError:
            what = "missing"
        self.log(what, path, self.who())

    def on_written(self, *given: tuple[Any, int]) -> None:
        """Take what makes, moves or removes paths, each with the folder that it is relative to, or -1."""
        for path, dir_fd in given:
            full = None if isinstance(path, int) else self.path(path, None if dir_fd == -1 else dir_fd)
            if full is not None:
                self.log("written", full)

    def on_folder(self, path: Any, _mode: int, dir_fd: int) -> None:
        """Take the making of a folder; one that is there already is not written."""
        full = self.path(path, None if dir_fd == -1 else dir_fd)
        if full is not None:
            self.log("made", full)
            if not exists(full):
                self.log("written", full)

    def on_touched(self, path: Any, dir_fd: int, what: str = "touched") -> None:
        """Take what changes a file's times and not what it holds."""
        full = self.path(path, None if dir_fd == -1 else dir_fd)
        if full is not None:
            self.log(what, full)

    def on_link(self, old: Any, new: Any, old_fd: int, new_fd: int) -> None:
        """Take a further name for a file: what is then read by that name is the file."""
        self.on_written((new, new_fd))
        self.on_touched(old, old_fd)
        path = self.path(old, None if old_fd == -1 else old_fd)
        if path is not None:
            self.log("read", path, self.who())

    def on_symlink(self, target: Any, path: Any, dir_fd: int) -> None:
        """Take a link that is made: whoever reads a file through it reads the file."""
        self.on_written((path, dir_fd))
        full = self.path(path, None if dir_fd == -1 else dir_fd) or os.fsdecode(path)
        aim = self.path(os.path.join(os.path.dirname(os.path.abspath(full)), os.fsdecode(target)))
        if aim is not None:
            self.log("led", os.path.abspath(full), aim)

    def on_popen(self, executable: Any, arguments: Any, folder: Any, _environ: Any) -> None:
        """Take the start of a process by subprocess."""
        words = [arguments] if isinstance(arguments, (str, bytes)) or hasattr(arguments, "__fspath__") else arguments
        words = [os.fsdecode(word) for word in words]
        self.started(os.fsdecode(executable or words[0]), words, folder)

    def on_exec(self, path: Any, arguments: Any, _environ: Any = None) -> None:
        """Take the start of a process by os.exec or os.posix_spawn."""
        self.started(os.fsdecode(path), [os.fsdecode(word) for word in arguments], None)

    def on_spawn(self, _mode: int, path: Any, arguments: Any, _environ: Any = None) -> None:
        """Take the start of a process by os.spawn."""
        self.on_exec(path, arguments)

    def on_system(self, command: Any) -> None:
        """Take a command for the shell."""
        self.started("/bin/sh" if os.name == "posix" else "cmd", ["sh", "-c", os.fsdecode(command)], None)

    def on_network(self, *_: object) -> None:
        """Take a question to the network."""
        self.log("network", "", self.who())

    def started(self, program: str, words: list[str], folder: Any) -> None:
        """Write down a process, and the project's script that it is or runs: nobody else may see that."""
        who = self.tell_child()
        base = os.path.join(os.getcwd(), os.fsdecode(folder) if folder else "")
        name = os.path.basename(program).rstrip("0123456789.")
        script = script_in(words[1:]) if name in _INTERPRETERS else None
        alone = name.startswith(("python", "pypy")) and any(
            word[:1] == "-" and word[1:2] != "-" and set("IES") & set(word[1:].partition("c")[0].partition("m")[0])
            for word in words[1:2]
        )
        self.log("process", "isolated " + name if alone else program, who)
        for word in (program if os.sep in program else None, script):
            path = self.path(os.path.join(base, word)) if word else None
            if path is not None and exists(path):
                self.log("read", path, who)
        if name in _SHELLS and words[1:2] == ["-c"] and words[2:]:
            # Not what is assigned before it: that may be a secret.
            self.log("process", next((word for word in words[2].split() if "=" not in word), "sh"), who)

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
        frame, nearest = outside(sys._getframe(1)), ""
        while frame is not None:
            if frame.f_code.co_name == _MANIFEST[0] and frame.f_code.co_filename.endswith(_MANIFEST[1]):
                return "manifest:" + nearest
            name = frame.f_code.co_filename
            if name.startswith("<") and not name.startswith("<frozen"):  # as setuptools runs setup.py
                name = frame.f_globals.get("__file__") or name
            if not nearest and not name.startswith("<") and not is_standard(name):
                nearest = self.named(name, frame.f_lineno)
            frame = frame.f_back
        return nearest or self.starter

    def named(self, file: str, line: int) -> str:
        """Return what the code in a file is called; ours, which calls the hooks and starts processes, is nobody."""
        if os.path.abspath(file).startswith(_OURS):
            return ""
        for part in _INSTALLED:
            at = file.rfind(part)
            if at >= 0:
                return "requirement:" + file[at + len(part) :].partition(os.sep)[0].partition(".")[0]
        if _STANDARD + "distutils" + os.sep in file:
            return "requirement:distutils"
        path = os.path.normpath(os.path.join(os.getcwd(), file))
        if path.startswith(self.root):
            return f"project:{path[len(self.root) :].replace(os.sep, '/')}:{line}"
        return ""

    def path(self, path: Any, dir_fd: int | None = None) -> str | None:
        """Return an absolute path, or nothing for one that is never of interest."""
        path = behind(path) if isinstance(path, int) else os.fsdecode(path)
        if not os.path.isabs(path):
            path = os.path.join(os.getcwd() if dir_fd is None else behind(dir_fd), path)
        path = os.path.normpath(path)
        return None if (path + os.sep).startswith(self._skipped) else path

    def looked(self, path: Any, dir_fd: int | None, *, there: bool, link: bool) -> None:
        """Write down that somebody looked whether something is there, or where it leads."""
        if not isinstance(path, int) and not is_for_imports():
            path = self.path(path, dir_fd)
            if path is not None:
                self.log("there" if there else "missing", path, self.who())
                if link and there:
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
        """Call it, and tell of what it was asked for."""
        try:
            found = self.__wrapped__(path, *arguments, **options)
        except (FileNotFoundError, NotADirectoryError):
            self._told(path, options, there=False)
            raise
        self._told(path, options, there=found is not False or exists(path))
        return found

    def _told(self, path: Any, options: dict[str, Any], *, there: bool) -> None:
        try:
            self._tracer.looked(path, options.get("dir_fd"), there=there, link=self.__name__ == "readlink")
        except Exception:  # noqa: BLE001, S110
            pass


class Opening(Looking):
    """``os.open``, whose audit event does not tell of ``dir_fd``."""

    def __call__(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        """Call it, and tell of what it was asked for."""
        if dir_fd is None:
            return self.__wrapped__(path, flags, mode)  # type: ignore[no-any-return]
        tracer = self._tracer
        try:
            full = tracer.path(path, dir_fd)
            if full is not None:
                tracer.on_open(full, None, flags)
        except Exception:  # noqa: BLE001, S110
            pass
        tracer.told_already.append(path)
        try:
            return self.__wrapped__(path, flags, mode, dir_fd=dir_fd)  # type: ignore[no-any-return]
        finally:
            tracer.told_already.remove(path)


def outside(frame: FrameType | None) -> FrameType | None:
    """Return the nearest frame that is not in this file."""
    while frame is not None and frame.f_code.co_filename == _HERE:
        frame = frame.f_back
    return frame


def unquoted(path: str) -> str:
    """Return the path of a URI without its percent signs."""
    first, *rest = os.fsencode(path).split(b"%")
    return os.fsdecode(first + b"".join(bytes([int(one[:2], 16)]) + one[2:] for one in rest))


def is_standard(file: str) -> bool:
    """Tell whether a file is Python's own."""
    own = (*_INSTALLED, os.sep + "distutils" + os.sep)
    return file.startswith("<frozen ") or (file.startswith(_STANDARD) and not any(part in file for part in own))


def is_for_imports() -> bool:
    """Tell whether pkgutil looks through sys.path for what other packages bring along."""
    frame = outside(sys._getframe(1))
    while frame is not None and is_standard(frame.f_code.co_filename):
        if frame.f_code.co_name == "extend_path":
            return True
        frame = frame.f_back
    return False


def behind(descriptor: int) -> str:
    """Return the path of what is open. Linux only: elsewhere it is an error, and what was asked for stays unknown."""
    return _readlink(f"/proc/self/fd/{descriptor}")


def script_in(words: Sequence[str]) -> str | None:
    """Return the file that an interpreter is told to run, or nothing."""
    for word in words:
        if word in {"-c", "-m", "-e"}:
            return None
        if not word.startswith("-"):
            return word
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
        self._own = set(self._inherited)

    def asked(self, what: str, name: Any) -> None:
        """Take that one is read, or that somebody goes through all of them."""
        try:
            name = os.fsdecode(name)
            if name not in self._own and name not in {LOG, ROOT, OWN, WHO}:
                self._tracer.log(what, name, "" if is_for_python() else self._tracer.who())
        except Exception:  # noqa: BLE001, S110
            pass

    def set(self, name: Any, value: Any) -> None:
        """Take that one gets a value, or is taken away."""
        try:
            name = os.fsdecode(name)
            if name in self._inherited or self._before.get(name) != (None if value is None else os.fsdecode(value)):
                self._own.add(name)
            else:  # as it was: the build has put it back
                self._own.discard(name)
            _set_variable(os.environ, OWN, "=".join(sorted(self._own)))
        except Exception:  # noqa: BLE001, S110
            pass


def wrap_environ(tracer: Tracer) -> None:
    """Wrap what ``os.environ`` does: a variable read by name counts, unless the build has set it itself."""
    environ: Any = type(os.environ)
    getitem, setitem, delitem, iterate = environ.__getitem__, _set_variable, environ.__delitem__, environ.__iter__
    variables = Variables(tracer)
    passing: list[Any] = []
    passed: list[Any] = []

    def __getitem__(self: Any, name: Any) -> Any:  # noqa: N807
        # Whoever goes through all of them asks for none by name: in a loop, or as dict(os.environ) does.
        if passing and passing[-1] == name:
            passing.pop()
        elif passed and passed[-1] == name and place() == passed[0]:
            passed.pop()
        else:
            variables.asked("variable", name)
        return getitem(self, name)

    def __iter__(self: Any) -> Iterator[Any]:  # noqa: N807
        variables.asked("environment", "")
        names, where = list(iterate(self)), place()
        for name in names:
            passing[:] = [name]
            yield name
        passing.clear()
        passed[:] = [where, *reversed(names)]

    def __setitem__(self: Any, name: Any, value: Any) -> None:  # noqa: N807
        variables.set(name, value)
        setitem(self, name, value)

    def __delitem__(self: Any, name: Any) -> None:  # noqa: N807
        variables.set(name, None)
        delitem(self, name)

    for function in (__getitem__, __iter__, __setitem__, __delitem__):
        setattr(environ, function.__name__, function)


def is_for_python() -> bool:
    """Tell whether Python itself reads a variable, as it looks for a program or a temporary folder."""
    frame = outside(sys._getframe(1))
    while frame is not None and frame.f_code.co_filename.startswith(_OF_ENVIRON):
        if frame.f_code.co_name == "get_exec_path":
            return True
        frame = frame.f_back
    return frame is not None and is_standard(frame.f_code.co_filename) and frame.f_code.co_name != "expandvars"


def place() -> tuple[int, int] | None:
    """Return which instruction of which running code reads the environment."""
    frame = outside(sys._getframe(1))
    while frame is not None and frame.f_code.co_filename.startswith(_OF_ENVIRON):
        frame = frame.f_back
    return None if frame is None else (id(frame), frame.f_lasti)


class Children:
    """What children are to know: where the tracer is, who started them, and which variables are the build's own."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer, self._before = tracer, dict(os.environ)
        self._needed = {name: self._before[name] for name in (LOG, ROOT) if name in self._before}
        self._folder = self._before.get("PYTHONPATH", "").split(os.pathsep)[0]

    def environ(self, given: Any) -> Any:
        """Return the environment for a child in place of a given one; nothing, if it is to get this process's own."""
        who = self._tracer.tell_child()
        source = os.environ if given is None else given
        source = getattr(source, "_data", source)  # without anybody's reading a variable
        found = {os.fsdecode(name): os.fsdecode(value) for name, value in dict(source).items()}
        is_met = LOG in found and found.get("PYTHONPATH", "").split(os.pathsep)[0] == self._folder
        if given is None and is_met:
            return None
        own = {name for name, value in found.items() if self._before.get(name) != value} - {OWN, WHO}
        own.update(filter(None, found.get(OWN, "").split("=")))
        if not is_met:
            path = os.pathsep.join(filter(None, [self._folder, found.get("PYTHONPATH")]))
            found = {**found, **self._needed, "PYTHONPATH": path}
        return {**found, OWN: "=".join(sorted(own)), WHO: who}


def wrap_processes(tracer: Tracer) -> Callable[[ModuleType], None]:
    """Let children find the tracer although they are given an environment of their own.

    Returns:
        What does the same to the module ``subprocess``.
    """
    children = Children(tracer)

    def with_third(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **options: Any) -> Any:
            if "env" in options:
                options["env"] = children.environ(options["env"])
            elif given[2:]:
                given = (*given[:2], children.environ(given[2]), *given[3:])
            return function(*given, **options)

        return wrapped

    for name in ("execve", "posix_spawn", "posix_spawnp"):
        if hasattr(os, name):
            setattr(os, name, with_third(getattr(os, name)))

    def patch(subprocess: Any) -> None:
        original = subprocess.Popen._execute_child

        def _execute_child(self: Any, *given: Any) -> Any:
            return original(self, *given[:6], children.environ(given[6]), *given[7:])

        subprocess.Popen._execute_child = _execute_child

    return patch


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


def install(path: str, root: str) -> None:
    """Trace this process from here on.

    Args:
        path: The log, in a folder of its own.
        root: The repository's folder: its code is the project's.
    """
    tracer = Tracer(Log(path, root))
    patch = wrap_processes(tracer)
    if "subprocess" in sys.modules:
        patch(sys.modules["subprocess"])
    else:
        sys.meta_path.insert(0, Patching(patch))  # type: ignore[arg-type]
    tracer.log("traced", (getattr(sys, "orig_argv", None) or [sys.executable])[0])
    wrap_environ(tracer)
    wrap_looks(tracer)
    sys.addaudithook(tracer.hook)


_FOR_CHILDREN = """\
import os, sys
sys.path[:] = [one for one in sys.path if one != {folder!r}]
del sys.modules["sitecustomize"]
if sys.version_info >= (3, 8) and os.environ.get({log!r}):
    space = {{"__name__": "dyncachekeys_tracer", "__file__": {file!r}}}
    with open({file!r}, "rb") as stream:
        exec(compile(stream.read(), {file!r}, "exec"), space)
    space["install"](os.environ[{log!r}], os.environ[{root!r}])
try:
    import sitecustomize
except ImportError:
    sys.modules["sitecustomize"] = type(sys)("sitecustomize")
"""


def prepare(log: str) -> None:
    """Have Python processes that this one starts find the tracer: Python imports ``sitecustomize`` at its start."""
    folder = os.path.dirname(log)
    with open(os.path.join(folder, "sitecustomize.py"), "w", encoding="utf-8") as stream:
        stream.write(_FOR_CHILDREN.format(folder=folder, log=LOG, root=ROOT, file=_HERE))
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
    kept: dict[str, Any] = {name: space[name] for name in ("__builtins__", "__loader__") if name in space}
    space.clear()
    space.update(kept, __name__="__main__", __doc__=None, __package__=None, __spec__=None)
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
