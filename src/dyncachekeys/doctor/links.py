"""Findings about the links through which uv sees files: where they make it slow, and where it does not follow them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from dyncachekeys.doctor.finding import Finding
from dyncachekeys.doctor.package import SLOW, WHERE, Package, file_of
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick.snapshot import FOLDER_LINKS, LINK_FOLDER
from dyncachekeys.uv.mtimes import matches
from dyncachekeys.watch.behind import MOST_BESIDE, is_crowded
from dyncachekeys.watch.folders import hiding
from dyncachekeys.watch.links import LinkFolder, path_of


def findings(package: Package) -> Iterator[Finding]:
    """Yield what is wrong with the links of a project that has a generated region."""
    if not package.project.region:
        return
    home = package.project.root / HOME
    single, whole = len(LinkFolder(home).texts()), LinkFolder(home, FOLDER_LINKS).texts()
    if single > SLOW:
        message = f"uv goes through the {single:,} links of {LINK_FOLDER} in every command"
        remedy = (
            "name a folder in front of the patterns (`csrc/**/*.c`), so that one link stands for all of it, or set "
            '`watch = "digest"` for the key'
        )
        yield Finding("DCK014", message, LINK_FOLDER, remedy)
    for name, text in sorted(whole.items()):
        yield from _of_folder(package, name, path_of(text))
    glob = hiding(one.text for one in package.globs)
    if glob is not None and any(path.startswith(f"{FOLDER_LINKS}/") for path in map(file_of, package.entries) if path):
        message = f"`{glob}` begins above {FOLDER_LINKS}, so uv does not follow the links there, and sees no new files"
        remedy = "begin it with a folder, or give its files to a `files` key"
        yield Finding("DCK015", message, WHERE, remedy)


def _of_folder(package: Package, name: str, folder: str) -> Iterator[Finding]:
    globs = [path for path in map(file_of, package.entries) if path and path.startswith(f"{FOLDER_LINKS}/{name}/")]
    found = {path for glob in globs for path in itertools.islice(matches(package.files, glob), SLOW + 1)}
    if len(found) > SLOW:
        message = f"uv goes through more than {SLOW:,} files in `{folder}` in every command"
        remedy = 'narrow the patterns, or set `watch = "digest"` for the key'
        yield Finding("DCK014", message, folder, remedy)
    elif is_crowded(package.files, folder, len(found)):
        message = f"uv passes more than {MOST_BESIDE:,} other files in `{folder}` in every command"
        remedy = "name the folders below it in the patterns, or move the other files elsewhere"
        yield Finding("DCK014", message, folder, remedy)
