"""The project's git repository: what uv reads of it (U9), and git's own files as part of the snapshot."""

from __future__ import annotations

from dyncachekeys.files import git, refs
from dyncachekeys.files.tree import Files


def commit(files: Files) -> str | None:
    """Return the commit that is checked out; nothing without a repository, or before its first commit."""
    folder = refs.find(files)
    if folder is None:
        return None
    if refs.is_reftable(files, folder):
        refs.note(files, folder)
        return git.ask(files.root, "rev-parse", "--verify", "--quiet", "HEAD")
    return refs.head(files, folder)


def tags(files: Files) -> dict[str, str]:
    """Return the tags, each with the object that it names; none without a repository."""
    folder = refs.find(files)
    if folder is None:
        return {}
    if refs.is_reftable(files, folder):
        refs.note(files, folder)
        found = git.ask(files.root, "for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags") or ""
        return dict(line.rsplit(" ", 1) for line in found.splitlines())
    return refs.tags(files, folder)


def is_read_by_uv(files: Files, what: str, *, packed: bool) -> bool:
    """Tell whether uv finds by itself what is there now (U9).

    Args:
        files: The project's files.
        what: ``commit`` or ``tags``.
        packed: Whether it reads packed refs and linked worktrees. None reads reftable or SHA-256, or follows a name
            to another name.
    """
    folder = refs.find(files)
    if folder is None:
        return True
    if what == "commit":
        return refs.head_for_uv(files, folder, packed=packed) == commit(files)
    return refs.tags_for_uv(files, folder, packed=packed) == tags(files)


def is_there(files: Files) -> bool:
    """Tell whether the project is in a repository, by the files in which git keeps it."""
    return refs.find(files) is not None


def note(files: Files) -> None:
    """Make the next run notice a change of HEAD, a branch or a tag, or a new repository."""
    folder = refs.find(files)
    if folder is not None:
        refs.note(files, folder)


def blocker(files: Files, *, needs_git: bool) -> str | None:
    """Return why nothing can be found out about the repository; nothing if it can.

    Without ``needs_git``, only commit and tags are wanted, which we can read ourselves.
    """
    folder = refs.find(files)
    if folder is None:
        return "there is no git repository here or above"
    if not needs_git and not refs.is_reftable(files, folder):
        return None
    return git.refusal(files.root)
