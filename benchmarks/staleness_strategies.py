"""The ways to have uv rebuild that are compared."""

from __future__ import annotations

from staleness_project import DEFAULT_STATIC, Setup, Strategy


def _nothing(_: Setup) -> str:
    return ""


def _static(setup: Setup) -> str:
    entries = (one if one.startswith("{") else f'"{one}"' for one in (*DEFAULT_STATIC, *setup.static))
    return f"[tool.uv]\ncache-keys = [{', '.join(entries)}]\n"


def _reinstall(_: Setup) -> str:
    return '[tool.uv]\nreinstall-package = ["demo"]\n'


def _dyncachekeys(first: str, setup: Setup) -> str:
    options = f"[tool.dyncachekeys]\n{first}\n{setup.options}\n"
    return f'{options}[tool.dyncachekeys.keys.backend]\nresolver = "backend"\n{setup.keys}'


def _exact(setup: Setup) -> str:
    return _dyncachekeys('watch = "digest"', setup)


def _auto(setup: Setup) -> str:
    return _dyncachekeys('watch = "auto"', setup)


def _guarded(setup: Setup) -> str:
    return _dyncachekeys('watch = "digest"\nguard = "build"', setup)


def _transport(setup: Setup) -> str:
    return _dyncachekeys('transport = "digest"', setup)


EXACT = Strategy("dyncachekeys, exact", _exact, prepares=True, hook=True)
DIGEST = Strategy("dyncachekeys, digest transport", _transport, prepares=True, hook=True)
PLAIN = Strategy("dyncachekeys, auto, plain uv", _auto, prepares=True)
GUARD = Strategy("dyncachekeys, guard, no uv command", _guarded, prepares=True, imports=True)
WATCHED_EXACT = Strategy(
    "watched builds, `init --watch digest` alone", _nothing, prepares=True, hook=True, init=("--watch", "digest")
)
WATCHED = Strategy("watched builds, `init` alone", _nothing, prepares=True, hook=True, init=())
WATCHED_PLAIN = Strategy("watched builds, `init`, then plain uv", _nothing, init=())
STRATEGIES = [
    Strategy("no keys", _nothing),
    Strategy("static keys, by hand", _static),
    Strategy("reinstall-package", _reinstall),
    EXACT,
    Strategy("dyncachekeys, auto with hook", _auto, prepares=True, hook=True),
    PLAIN,
    DIGEST,
    GUARD,
    WATCHED_EXACT,
    WATCHED,
    WATCHED_PLAIN,
]
