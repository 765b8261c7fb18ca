"""The dynamic cache-keys resolver for uv. This is the index of the public names, and the home of the version."""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # `typing` takes longer to import than the quiet path takes
if TYPE_CHECKING:
    from dyncachekeys.errors import DyncachekeysError as DyncachekeysError
    from dyncachekeys.plugin import Context as Context
    from dyncachekeys.plugin import Directory as Directory
    from dyncachekeys.plugin import Env as Env
    from dyncachekeys.plugin import File as File
    from dyncachekeys.plugin import Git as Git
    from dyncachekeys.plugin import Output as Output
    from dyncachekeys.plugin import Selected as Selected
    from dyncachekeys.plugin import Value as Value
    from dyncachekeys.plugin import resolver as resolver
    from dyncachekeys.syncing.use_cases import check as check
    from dyncachekeys.syncing.use_cases import resolve as resolve
    from dyncachekeys.syncing.use_cases import sync as sync

_HOMES = {
    "Context": "plugin",
    "Directory": "plugin",
    "DyncachekeysError": "errors",
    "Env": "plugin",
    "File": "plugin",
    "Git": "plugin",
    "Output": "plugin",
    "Selected": "plugin",
    "Value": "plugin",
    "check": "syncing.use_cases",
    "resolve": "syncing.use_cases",
    "resolver": "plugin",
    "sync": "syncing.use_cases",
}
__all__ = [
    "Context",
    "Directory",
    "DyncachekeysError",
    "Env",
    "File",
    "Git",
    "Output",
    "Selected",
    "Value",
    "__version__",
    "check",
    "resolve",
    "resolver",
    "sync",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562): importing any module runs this one."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
