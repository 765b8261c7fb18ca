"""Makes both folders of links what a plan says: those to single files, and those to whole folders."""

from __future__ import annotations

import os
from collections.abc import Mapping

from dyncachekeys.quick.snapshot import FOLDER_LINKS, LINK_FOLDER
from dyncachekeys.quick.stamp import links_refused
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.watch.hard_links import HardLinks
from dyncachekeys.watch.links import LinkFolder


def fill_links(plan: Plan) -> list[str] | None:
    """Make both folders of links what they shall be.

    Returns:
        The folders that were written, relative to the project; nothing if no links can be made here.

    Raises:
        OSError: something can't be written.
    """
    single = LinkFolder(plan.home)
    try:
        _fill_both(plan)
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and not links_refused(error):
            raise
        if not single.can_link():
            single.give_up(getattr(error, "strerror", None) or "not implemented")
            return None
        _fill_both(plan)  # it was for a moment only
    _fill_hard(plan)
    written = [
        path for path, links in ((LINK_FOLDER, plan.links), (FOLDER_LINKS, plan.folder_links)) if links is not None
    ]
    for path in {*written, LINK_FOLDER}:
        if LinkFolder(plan.home, path).stat:
            plan.status.files.relist(path)
    return written


def _fill_hard(plan: Plan) -> None:
    """Have the hard links that there should be, if uv is to build; else only take those away that would make it."""
    links = HardLinks(plan.home)
    if plan.decision.move != "moved":
        links.take_away(plan.lost)
    elif LinkFolder(plan.home).stat is not None:
        links.renew(plan.hard_links, plan.status.files)


def _fill_both(plan: Plan) -> None:
    """Fill one after the other. Between two steps uv sees each file at least once: else it would build for that (U29)."""
    single, whole = LinkFolder(plan.home), LinkFolder(plan.home, FOLDER_LINKS)
    if plan.folder_links:
        whole.add(plan.folder_links, os.fspath(plan.home))
    if plan.links is not None:
        _fill(single, plan.links if plan.coverage.has_links else None)
    if plan.folder_links is not None:
        _fill(whole, plan.folder_links or None)


def _fill(folder: LinkFolder, links: Mapping[str, str] | None) -> None:
    if links is None:
        folder.remove()
    else:
        folder.fill(links)
