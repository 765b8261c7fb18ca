"""``resolver = "cmake"``: what a build by CMake or Meson really reads, from what the last one wrote down.

Facts: CMake 3.25, Meson 1.11 and ninja 1.11. None need be there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Annotated

from dyncachekeys.plugin import Checked, Context, File, Result, check_pattern, resolver
from dyncachekeys_cmake.builds import Builds, build_folders
from dyncachekeys_cmake.includes import Includes
from dyncachekeys_cmake.tree import Tree

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
        list[Pattern] | None,
        "patterns of build folders; by default that of scikit-build-core or meson-python, else `build`",
    ] = None,
    sources: Annotated[list[Pattern] | None, "patterns of files that count in any case"] = None,
    exclude: Annotated[list[Pattern] | None, "patterns of files that are none of these"] = None,
    outside: Annotated[bool, "count files outside the repository as well, such as system headers"] = False,
) -> Iterable[Result]:
    """Yield the sources, whatever the last build's records name in the tree, and what those include."""
    folders = build_dir if build_dir is not None else build_folders(context.pyproject)
    builds = Builds(context, folders, outside=outside)
    # What the last build on this machine wrote down does not follow from the tree alone.
    yield from (File(path, reason, tree=False) for path, reason in builds.named.items())
    chosen = context.files(
        SOURCES if sources is None else sources,
        [*(f"{folder.rstrip('/')}/" for folder in folders), *(exclude or [])],
        expected=sources is not None,
    )
    yield chosen
    yield from _included(context, chosen)
    includes = Includes(context, builds.tree, builds.searched)
    for path, includer in includes.beyond([*builds.named, *(path for path in chosen if path not in builds.named)]):
        yield File(path, f"included by {includer}", tree=False)


def _included(context: Context, chosen: Iterable[str]) -> Iterator[Result]:
    """Yield what chosen files include, as far as that is the same for everybody: no folder of a build is searched."""
    for path, includer in Includes(context, Tree(context, (), outside=False), ()).beyond(chosen):
        folder, name = posixpath.split(path)
        like = f"{folder}/*{posixpath.splitext(name)[1]}"  # a pattern, since git's ignore rules don't hold for names
        if path in set(context.files([like if folder.startswith("../") else f"/{like}"], expected=False)):
            yield File(path, f"included by {includer}")
