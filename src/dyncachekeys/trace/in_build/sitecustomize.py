"""Has a process traced: Python imports this at its start where the folder that holds it stands on ``PYTHONPATH``.

In a build that uv makes, the first process begins a log, and what it starts goes on with it. On a Python that the
tracer does not know nothing is done but to say so. It has to be readable for each Python that a build may run on.
"""

import os
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_OLDEST, _NEWEST = (3, 8), (3, 14)


def _is_known():  # type: ignore[no-untyped-def]
    return sys.implementation.name == "cpython" and _OLDEST <= sys.version_info[:2] <= _NEWEST


def _complain():  # type: ignore[no-untyped-def]
    builds = os.path.join(os.path.dirname(_FOLDER), "builds")
    if os.environ.get("DYNCACHEKEYS_TRACE_LOG") or not os.path.isdir(builds):
        return
    version = ".".join(str(number) for number in sys.version_info[:3])
    with open(os.path.join(builds, "problems"), "a") as stream:
        stream.write("interpreter\t" + getattr(sys, "implementation", sys).name + " " + version + "\n")


def _variables_of_uv():  # type: ignore[no-untyped-def]
    try:
        with open("/proc/%d/environ" % os.getppid(), "rb") as stream:  # noqa: UP031  also for old Pythons
            pairs = [os.fsdecode(pair).partition("=") for pair in stream.read().split(b"\0")]
    except OSError:  # not Linux
        return None
    return {name: value for name, _, value in pairs if name}


def _give_back(path):  # type: ignore[no-untyped-def]
    """Let the build have the ``PYTHONPATH`` that uv itself has: it has been replaced by the one that leads here."""
    if os.path.abspath(os.environ["PYTHONPATH"]) == _FOLDER:
        os.environ["PYTHONPATH"] += os.pathsep + path
        places = [os.path.abspath(one) for one in path.split(os.pathsep)]
        sys.path[:] = list(dict.fromkeys(places + sys.path))  # each once, as Python has it


def _trace():  # type: ignore[no-untyped-def]
    variables = None if os.environ.get("DYNCACHEKEYS_TRACE_LOG") else _variables_of_uv()  # type: ignore[no-untyped-call]
    if variables and variables.get("PYTHONPATH"):
        _give_back(variables["PYTHONPATH"])  # type: ignore[no-untyped-call]
    if not _is_known():  # type: ignore[no-untyped-call]
        _complain()  # type: ignore[no-untyped-call]
        return
    import _dyncachekeys_install as tracer  # type: ignore[import-not-found]

    names = tracer.protocol
    if os.environ.get(names.LOG):
        tracer.install(os.environ[names.LOG], os.environ[names.ROOT])
    else:
        import _dyncachekeys_first as first  # type: ignore[import-not-found]

        first.start(_FOLDER, tracer, variables)


try:
    _trace()  # type: ignore[no-untyped-call]
except Exception:  # whatever it is, the build goes on
    pass
# The build is to find the interpreter as it would be without us, another such module included.
sys.path[:] = [one for one in sys.path if one != _FOLDER]
_names = ("sitecustomize", "_dyncachekeys_install", "_dyncachekeys_first")
_kept = [sys.modules.pop(_name, None) for _name in _names]  # else Python 2 clears a module, this one included
try:
    import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
except ImportError:
    sys.modules["sitecustomize"] = type(sys)("sitecustomize")
