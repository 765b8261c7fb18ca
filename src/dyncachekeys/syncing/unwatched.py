"""A build that was made unwatched, before the set-up or by an older uv: one more is asked for, once."""

from __future__ import annotations

from collections.abc import Iterator

from dyncachekeys.model import Notice
from dyncachekeys.syncing.status import Status
from dyncachekeys.uv import workspace


def why(status: Status) -> tuple[str, ...]:
    """Return why one more build is to be made: that of what is installed was not watched. Asked for once."""
    program = status.program
    if status.builds is None or status.record is None or status.state.digest is None or status.state.asked:
        return ()
    if has_build(status) or (program is not None and not program.watches):
        return ()
    return ("the last build was not watched, so what it read is not known",) if _is_off(status) is False else ()


def notices(status: Status) -> Iterator[Notice]:
    """Yield that builds are set up to be watched, and uv is told to read no such thing."""
    if status.builds is not None and not has_build(status) and _is_off(status):
        message = (
            "UV_NO_CONFIG is set, so uv reads no `tool.uv`, and its builds are not watched: unset it, "
            "or name what the build reads in keys"
        )
        yield Notice("build-unwatched", message, "tool.uv.extra-build-variables")


def _is_off(status: Status) -> bool | None:
    """Tell whether uv reads no settings that have its builds watched; nothing if there are none."""
    from dyncachekeys.uv import build_variables  # noqa: PLC0415  only where builds are watched, and none was

    project = status.project
    if build_variables.is_built_by_uv(project.pyproject):
        return None
    if not build_variables.is_set_up(workspace.settings(status.files), project.name):
        return None
    return build_variables.reads_no_settings(status.environ)


def has_build(status: Status) -> bool:
    """Tell whether there is a record of a build, and not only of its metadata step."""
    chosen = status.builds.chosen if status.builds is not None else None
    return chosen is not None and any(record.step == "build" for record in chosen.records)
