"""A build that was made unwatched, before the set-up or by an older uv: one more is asked for, once."""

from __future__ import annotations

from dyncachekeys.syncing.status import Status
from dyncachekeys.uv import workspace


def why(status: Status) -> tuple[str, ...]:
    """Return why one more build is to be made: that of what is installed was not watched. Asked for once."""
    project, program = status.project, status.program
    if status.builds is None or status.record is None or status.state.digest is None or status.state.asked:
        return ()
    if has_build(status) or (program is not None and not program.watches):
        return ()
    from dyncachekeys.uv import build_variables  # noqa: PLC0415  only where builds are watched, and none was

    if build_variables.is_built_by_uv(project.pyproject):
        return ()
    is_set_up = build_variables.is_set_up(workspace.settings(status.files), project.name)
    return ("the last build was not watched, so what it read is not known",) if is_set_up else ()


def has_build(status: Status) -> bool:
    """Tell whether there is a record of a build, and not only of its metadata step."""
    chosen = status.builds.chosen if status.builds is not None else None
    return chosen is not None and any(record.step == "build" for record in chosen.records)
