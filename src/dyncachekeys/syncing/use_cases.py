"""The use cases for one project: sync, check and resolve. No output, no exit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.resolving.engine import Resolution
from dyncachekeys.syncing.apply import finish
from dyncachekeys.syncing.planning import make_plan
from dyncachekeys.syncing.report import ProjectReport
from dyncachekeys.syncing.reporting import report_of


def sync(
    root: str | os.PathLike[str], environ: Mapping[str, str] | None = None, *, quick_check: QuickCheck | None = None
) -> ProjectReport:
    """Resolve a project's keys and write what differs: the region, then the stamp, then the state.

    Args:
        root: The folder that holds ``pyproject.toml``.
        environ: The environment; that of this process, if not given.
        quick_check: What the quiet path saw; what it found unchanged is not looked at again.

    Returns:
        What was found and what was written.

    Raises:
        DyncachekeysError: what the user needs to fix. Nothing was written, unless a `WriteError` says so.
    """
    environ = os.environ if environ is None else environ
    return finish(make_plan(Path(root), environ, quick_check), environ)


def check(
    root: str | os.PathLike[str], environ: Mapping[str, str] | None = None, *, quick_check: QuickCheck | None = None
) -> ProjectReport:
    """Return what `sync` would find and write. Writes nothing. Arguments and errors as `sync`."""
    return report_of(make_plan(Path(root), os.environ if environ is None else environ, quick_check))


def resolve(root: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Resolution:
    """Return the inputs of a project's keys. Writes nothing. Arguments and errors as `sync`."""
    return make_plan(Path(root), os.environ if environ is None else environ).status.resolution
