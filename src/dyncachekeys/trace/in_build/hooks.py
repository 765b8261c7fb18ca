"""Calls hooks of a build backend (PEP 517, PEP 660) in the build's own interpreter, as uv does.

Started by its path, as ``python calls.py REQUEST.json``; imports nothing of ours. What a hook returns goes
back into the request's ``answer``. Python 3.8 or newer.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INSTEAD: dict[str, tuple[str, ...]] = {
    "metadata": (
        "prepare_metadata_for_build_editable",
        "build_editable",
        "prepare_metadata_for_build_wheel",
        "build_wheel",
    ),
    "editable": ("build_editable",),
    "wheel": ("build_wheel",),
}
"""What a step calls: the first hook that the backend has. Without metadata hooks, uv takes them from a wheel."""


HOOKS: frozenset[str] = frozenset(name for names in INSTEAD.values() for name in names)


def loaded(name: str, folders: list[str]) -> Any:
    """Import the backend as uv 0.13 does: the object may be a submodule."""
    sys.path[:0] = folders
    module_name, _, attributes = name.partition(":")
    first, *rest = attributes.split(".") if attributes else [""]
    found: Any = __import__(module_name, fromlist=[first] if first else ["_"])
    for attribute in ([first] if first else []) + rest:
        found = getattr(found, attribute)
    return found


def call(backend: Any, step: str, out: str, settings: Any) -> Any:
    """Do one step with some ``config_settings``, and return what the hook returned."""
    if step.startswith("requires-"):
        hook = getattr(backend, "get_requires_for_build_" + step.partition("-")[2], None)
        return [] if hook is None else list(hook(settings))
    if step in HOOKS:  # just this one, if the backend has it
        hook = getattr(backend, step, None)
        folder = os.path.join(out, step)
        os.makedirs(folder, exist_ok=True)
        return None if hook is None else hook(folder, settings)
    for name in INSTEAD[step]:
        hook = getattr(backend, name, None)
        if hook is not None:
            folder = os.path.join(out, name)
            os.makedirs(folder, exist_ok=True)
            return hook(folder, settings)
    message = "the backend has none of these hooks: " + ", ".join(INSTEAD[step])
    raise AttributeError(message)


def main(path: str) -> None:
    """Carry out a request."""
    with open(path, encoding="utf-8") as stream:
        request = json.load(stream)
    backend = loaded(request["backend"], request["path"])
    answers = [call(backend, step, request["out"], request["settings"] or None) for step in request["steps"]]
    with open(request["answer"], "w", encoding="utf-8") as stream:
        json.dump(answers, stream)


if __name__ == "__main__":
    order: str = sys.argv[1]
    if not getattr(sys.flags, "safe_path", False):  # from Python 3.11 on
        del sys.path[0]  # this file's folder
    sys.argv[:] = ["-c"]  # what a backend sees under uv, and setuptools looks for in the project
    main(order)
