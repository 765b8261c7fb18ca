"""`watch`: sync whenever something changes, so that plain uv is exact meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.cli import render
from dyncachekeys.cli.sync import print_synced
from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.files import git
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.quick.output import Printer, counted
from dyncachekeys.syncing import use_cases, wake
from dyncachekeys.syncing.scope import Scope

if TYPE_CHECKING:
    import argparse

Events = Iterable[tuple[int, str]]
"""What happened (1 added, 2 modified, 3 deleted), and the path."""
_MODIFIED = 2
_TICK = 250
"""Milliseconds at most for which events are gathered, and between looks at whether the project and the terminal are still there."""
_STEP = 50
"""Milliseconds without an event after which those before it belong together."""
_LONGEST_PAUSE = 2.0
"""Seconds between two syncs at most while events do not come to an end, as where a resolver writes into the tree."""
_GIT_TAKES = 10.0
"""Seconds for which git's lock on its index is waited for; one that is older was left behind."""


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Watch the projects of a scope until they are gone. Arguments and errors as `commands.execute`."""
    watch = _watchfiles()
    if not scope.has_keys:
        use_cases.check_all(scope)  # says what is missing
    return _Watch(options, scope.root).run(watch)


def _watchfiles() -> Callable[..., Iterator[Events]]:
    try:
        import watchfiles  # noqa: PLC0415  an extra
    except ImportError as error:
        remedy = "install the extra: `uv tool install 'dyncachekeys[watch]'`, or `pip install 'dyncachekeys[watch]'`"
        problem = Problem("missing-extra", f"needs watchfiles: {error}", "dyncachekeys watch", remedy)
        raise ConfigurationError([problem]) from error
    return watchfiles.watch


class _Watch:
    """What has been reported, and what is still to be done."""

    def __init__(self, options: argparse.Namespace, root: Path) -> None:
        self._options = options
        self._err = Printer(sys.stderr, options.color)
        self._root = root
        self._places = wake.Places()
        self._reported: tuple[Problem, ...] = ()
        self._failed = False
        self._retry_at: float | None = None
        """When to try again what had to wait, in seconds of the monotonic clock."""
        self._ends_with_terminal = _has_terminal() and not _is_immune()

    def run(self, watch: Callable[..., Iterator[Events]]) -> int:
        """Sync now and whenever something happens, until the project or the terminal is gone."""
        self._sync()
        while self._goes_on():
            self._places = self._places_now()
            with contextlib.suppress(FileNotFoundError):  # gone since it was listed
                self._follow(self._places.folders, self._events(watch))
        return 0

    def _follow(self, folders: frozenset[str], events: Iterator[Events]) -> None:
        """Sync whenever something happens in some folders, until others count, or nothing at all."""
        if self._options.verbose:
            self._err(f"Watching {counted(len(folders), 'folder')} for {self._root}")
        busy, is_first = 0, True
        for some in events:
            if not self._goes_on():
                return
            # Between the last sync and the first look something may have happened.
            if some or is_first or self._is_due():
                time.sleep(min(_LONGEST_PAUSE, busy * _STEP / 1000))
                self._sync()
                self._places = self._places_now()
                is_new = any(change != _MODIFIED and path in folders for change, path in some)
                if is_new or self._places.folders != folders:
                    return
            busy, is_first = busy + 1 if some else 0, False

    def _places_now(self) -> wake.Places:
        return wake.places(Scope(self._root), everywhere=self._failed)

    def _goes_on(self) -> bool:
        if not self._root.is_dir():
            self._err(f"{self._root} is gone")
            return False
        return not self._ends_with_terminal or _has_terminal()

    def _is_due(self) -> bool:
        return self._retry_at is not None and time.monotonic() >= self._retry_at

    def _sync(self) -> None:
        """Sync, and print what was stamped; an error once, for as long as it is the same."""
        self._retry_at = None
        if not (self._root / FILE).is_file() or self._waits_for_git():  # it is being saved, or on another branch
            return
        began = time.perf_counter()
        try:
            scope = Scope(self._root, self._options.package)
            reports = use_cases.sync_all(scope) if scope.has_keys else []
        except DyncachekeysError as error:
            self._failed = True
            if error.problems != self._reported:
                self._reported = error.problems
                render.failure(error, as_json=self._options.format == "json", on_one_line=True)
        else:
            had_failed, self._failed, self._reported = self._failed, False, ()
            if any(report.changed for report in reports) or (had_failed and reports):
                if self._options.format == "json":
                    render.projects(reports, on_one_line=True)
                else:
                    print_synced(reports, time.perf_counter() - began, self._options, sys.stdout)
        sys.stdout.flush()

    def _waits_for_git(self) -> bool:
        """Tell whether a rebase has commits left to apply: what we write would stop it. Wait while git writes."""
        folder = git.ask(self._root, "rev-parse", "--absolute-git-dir")
        if folder is None:
            return False
        end = time.monotonic() + _GIT_TAKES
        lock = Path(folder, "index.lock")
        while lock.exists() and time.monotonic() < end:
            time.sleep(_STEP / 1000)
        if not git.is_mid_rebase(self._root):
            return False
        if self._options.verbose:
            self._err("Waiting for a rebase to end")
        self._retry_at = time.monotonic() + 1
        return True

    def _events(self, watch: Callable[..., Iterator[Events]]) -> Iterator[Events]:
        """Yield what happens where it counts, nothing at the least once a tick.

        Raises:
            ConfigurationError: the system does not let us watch so many.
            FileNotFoundError: one is gone.
        """
        folders = self._places.folders
        settings = {"recursive": False, "step": _STEP, "debounce": _TICK, "rust_timeout": _TICK}
        try:
            # Not by `watch_filter`: where something else happens all the time, it would never be our turn.
            for some in watch(*sorted(folders), watch_filter=None, yield_on_timeout=True, **settings):
                yield {(change, path) for change, path in some if self._places.has(path)}
        except FileNotFoundError:
            raise
        except (OSError, RuntimeError) as error:
            remedy = "raise `fs.inotify.max_user_watches` with sysctl, or set WATCHFILES_FORCE_POLLING=1"
            problem = Problem("not-watchable", f"the system refuses to watch it: {error}", "dyncachekeys watch", remedy)
            raise ConfigurationError([problem]) from error


def _is_immune() -> bool:
    """Tell whether the end of a terminal is to be survived, as below `nohup`."""
    return hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def _has_terminal() -> bool:
    """Tell whether this process has a terminal; of one in the background, the end of it is told by no signal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return False
    return True
