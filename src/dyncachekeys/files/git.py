"""Asking git, whatever a hook has put into the environment; nothing that a repository's configuration names is started.

Every question of ours goes through here. What git can't answer without such programs is not asked.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from dyncachekeys.quick import git_index

if TYPE_CHECKING:
    from dyncachekeys.files.git_guard import Question
    from dyncachekeys.model import Completed

LONGEST = 120.0
"""Seconds that git may take for an answer."""
_LARGEST = 1 << 30
"""Bytes that an answer may have."""


def ask(root: Path, *arguments: str) -> str | None:
    """Return what git prints, without the last line break; nothing where there is no git, no repository or an error.

    Bytes that are not UTF-8 stay what they are, as in the names of files. Git's index is never written.
    """
    from dyncachekeys.files import git_guard  # noqa: PLC0415  most runs need not ask git

    question = git_guard.question(arguments)
    if git_guard.bare_repository(root / question.folder) is not None:
        return None
    guarded = git_guard.guarded(question, lambda words: _output(root, words))
    if guarded is None:
        return None
    with _own_index(root, question) as own:
        printed = _output(root, guarded, own)
    return None if printed is None else printed.decode("utf-8", "surrogateescape").removesuffix("\n")


@contextlib.contextmanager
def _own_index(root: Path, question: Question) -> Iterator[dict[str, str]]:
    """Give git a copy of its index, where it would write into its own; as the variables that tell it so."""
    if not question.refreshes_index:
        yield {}
        return
    import tempfile  # noqa: PLC0415  few questions are of this kind

    with tempfile.TemporaryDirectory(prefix="dyncachekeys-index-") as folder:
        own = Path(folder, "index")
        place = ask(root, *question.options, "rev-parse", "--git-path", "index") or ""
        with contextlib.suppress(OSError):  # nothing was added yet
            own.write_bytes((root / question.folder / place).read_bytes())
        yield {"GIT_INDEX_FILE": str(own)}


def refusal(root: Path) -> str | None:
    """Return why git can't be asked about a folder, in words; nothing if it can."""
    from dyncachekeys.files import git_guard  # noqa: PLC0415  as above

    bare = git_guard.bare_repository(root)
    if bare is not None:
        return f"git is not asked: `{bare}` is a bare repository, and its configuration may have come with the tree"
    try:
        done = _run(root, git_guard.guarded(git_guard.question(["rev-parse", "--git-dir"]), lambda _: None) or ())
    except FileNotFoundError:
        return "there is no program `git` on PATH"
    except OSError as error:
        return f"git gives no answer: {error}"
    message = done.error.decode("utf-8", "replace").strip().partition("\n")[0]
    return f"git refuses: {message}" if done.code else None


def _output(root: Path, arguments: Sequence[str], variables: Mapping[str, str] = MappingProxyType({})) -> bytes | None:
    """Return what git prints; nothing if it fails, or is not there."""
    try:
        done = _run(root, arguments, variables)
    except OSError:
        return None
    return None if done.code else done.output


def _run(root: Path, arguments: Sequence[str], variables: Mapping[str, str] = MappingProxyType({})) -> Completed:
    """Run git, with arguments that are guarded. Errors as `process.run`; `FileNotFoundError` also if it is not there."""
    from dyncachekeys.files import git_guard  # noqa: PLC0415  as above
    from dyncachekeys.process import programs, run  # noqa: PLC0415

    environ = {**git_guard.environ(os.environ), **variables}
    program = programs.on_path("git", environ.get("PATH", os.defpath))
    if program is None:
        raise FileNotFoundError
    return run.run([program, *arguments], folder=root, environ=environ, timeout=LONGEST, max_output=_LARGEST)


def in_repository(root: Path) -> bool:
    """Tell whether a folder lies in a work tree, without asking git."""
    return any((folder / ".git").exists() for folder in (root, *root.parents))


def tracks(root: Path, name: str) -> bool:
    """Tell whether git tracks anything of that name in a folder, or below it.

    Of an index in which the name stands nowhere, git need not be asked (`quick.git_index`).
    """
    home = next((folder / ".git" for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    try:
        index = (home / "index").read_bytes()
    except FileNotFoundError:  # nothing was added yet
        return False
    except OSError:  # in a linked worktree it lies elsewhere
        index = b""
    if git_index.names_in_full(index) and os.fsencode(name) not in index:
        return False
    return bool(ask(root, "ls-files", "--", name))


def is_mid_rebase(folder: Path) -> bool:
    """Tell whether a rebase has commits left to apply there.

    Git calls hooks at its start and at its end, both times with the list of what is left to do in place.
    """
    todo = ask(folder, "rev-parse", "--git-path", "rebase-merge/git-rebase-todo")
    try:
        lines = (folder / todo).read_text(encoding="utf-8", errors="replace").splitlines() if todo else []
    except OSError:
        return False
    return any(line.strip() and not line.startswith("#") for line in lines)
