"""``resolver = "cmake"``: what a CMake build really reads, from what the last one wrote down.

Facts: CMake 3.25 and ninja 1.11. Neither need be there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from dyncachekeys.plugin import Checked, Context, File, Result, check_pattern, resolver
from dyncachekeys_cmake.builds import Builds, build_folders
from dyncachekeys_cmake.includes import Includes

__all__ = ["SOURCES", "cmake"]

Pattern = Annotated[str, Checked(check_pattern)]
_SUFFIXES = ("c", "cc", "cpp", "cxx", "cu", "h", "hh", "hpp", "hxx", "inc", "ipp")
SOURCES = (
    *("CMakeLists.txt", "CMakePresets.json", "*.cmake", "*.cmake.in", "*.h.in", "*.hpp.in"),
    *(f"{folder}/**/*.{suffix}" for folder in ("src", "include") for suffix in _SUFFIXES),
)
"""What counts whether or not a build was there, by default."""


@resolver(tracked=True)
def cmake(
    context: Context,
    *,
    build_dir: Annotated[
        list[Pattern] | None, "patterns of build folders; by default scikit-build-core's, else `build`"
    ] = None,
    sources: Annotated[list[Pattern] | None, "patterns of files that count in any case"] = None,
    outside: Annotated[bool, "count files outside the repository as well, such as system headers"] = False,
) -> Iterable[Result]:
    """Yield the sources, whatever the last build's records name in the tree, and what those include."""
    folders = build_dir if build_dir is not None else build_folders(context.pyproject)
    builds = Builds(context, folders, outside=outside)
    # What the last build on this machine wrote down does not follow from the tree alone.
    yield from (File(path, reason, tree=False) for path, reason in builds.named.items())
    chosen = context.files(
        SOURCES if sources is None else sources,
        [f"{folder.rstrip('/')}/" for folder in folders],
        expected=sources is not None,
    )
    yield chosen
    includes = Includes(context, builds.tree, builds.searched)
    for path, includer in includes.beyond([*builds.named, *(path for path in chosen if path not in builds.named)]):
        yield File(path, f"included by {includer}", tree=False)
