"""Repositories whose configuration starts programs, as an unpacked archive or a folder of a clone can bring them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kit import GIT_IDENTITY

_HOOKS = "fsmonitor-watchman post-checkout post-index-change pre-auto-gc reference-transaction"
_QUIET = {**GIT_IDENTITY, "PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0"}


@dataclass
class Hostile:
    """A repository. Whatever it starts adds its name to ``log``."""

    root: Path
    log: Path

    def git(self, *arguments: str, check: bool = True, **environ: str) -> str:
        """Run git as anybody would, and return what it prints."""
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**_QUIET, **environ},
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def evil(self, name: str, then: str = "exit 1") -> str:
        """Return the path of a program that leaves its name in the log."""
        program = self.root.parent / f"evil-{name}"
        program.write_text(f"#!/bin/sh\necho {name} >> '{self.log}'\n{then}\n", encoding="utf-8")
        program.chmod(0o755)
        return str(program)

    def started(self) -> set[str]:
        """Return what was started since the last time."""
        names = set(self.log.read_text(encoding="utf-8").split()) if self.log.exists() else set()
        self.log.unlink(missing_ok=True)
        return names

    def configure(self, settings: Mapping[str, str]) -> None:
        for name, value in settings.items():
            self.git("config", name, value)


def make(folder: Path, name: str = "repository") -> Hostile:
    """Return a repository with two commits that starts nothing yet."""
    root = folder / name
    root.mkdir(parents=True)
    made = Hostile(root, folder / "started")
    made.git("init", "--quiet", "--initial-branch=main")
    for number in ("1", "2"):
        (root / "a.bin").write_text(f"content {number}\n", encoding="utf-8")
        made.git("add", ".")
        made.git("commit", "--quiet", f"--message={number}")
    return made


def touch(path: Path) -> None:
    """Give a file another time, so that git has to look at what it holds."""
    info = path.stat()
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns - 10**10))


# One after the other: what starts something, and the question to git at which it does.


def fsmonitor(one: Hostile) -> None:
    one.configure({"core.fsmonitor": one.evil("fsmonitor")})


def hooks(one: Hostile) -> None:
    for name in _HOOKS.split():
        hook = one.root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >> '{one.log}'\n", encoding="utf-8")
        hook.chmod(0o755)
    touch(one.root / "a.bin")


def filter_clean(one: Hostile) -> None:
    (one.root / ".git/info/attributes").write_text("*.bin filter=evil\n", encoding="utf-8")
    one.configure({"filter.evil.clean": one.evil("clean", "cat"), "filter.evil.required": "true"})
    touch(one.root / "a.bin")


def filter_process(one: Hostile) -> None:
    (one.root / ".gitattributes").write_text("*.bin filter=evil\n", encoding="utf-8")
    one.configure({"filter.evil.process": one.evil("process"), "filter.evil.clean": one.evil("clean", "cat")})
    touch(one.root / "a.bin")


def filter_smudge(one: Hostile) -> None:
    filter_clean(one)
    one.configure({"filter.evil.smudge": one.evil("smudge", "cat")})


def odd_filter(one: Hostile) -> None:
    """Give a driver a name that ``-c NAME=VALUE`` can't say."""
    (one.root / ".gitattributes").write_text("*.bin filter=e=vil\n", encoding="utf-8")
    one.configure({"filter.e=vil.clean": one.evil("clean", "cat")})
    touch(one.root / "a.bin")


def filter_of_submodule(one: Hostile) -> None:
    inner = make(one.root.parent, "inner")
    one.git("submodule", "--quiet", "add", str(inner.root), "sub")
    one.git("commit", "--quiet", "--message=sub")
    below = Hostile(one.root / "sub", one.log)
    below.configure({"filter.deep.clean": one.evil("clean", "cat")})
    attributes = one.root / ".git/modules/sub/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("*.bin filter=deep\n", encoding="utf-8")
    touch(below.root / "a.bin")


def textconv(one: Hostile) -> None:
    (one.root / ".gitattributes").write_text("*.bin diff=evil\n", encoding="utf-8")
    one.configure({"diff.evil.textconv": one.evil("textconv", 'cat "$1"')})


def diff_command(one: Hostile) -> None:
    (one.root / ".gitattributes").write_text("*.bin diff=evil\n", encoding="utf-8")
    one.configure({"diff.evil.command": one.evil("command")})


def diff_external(one: Hostile) -> None:
    one.configure({"diff.external": one.evil("external")})


def signature(one: Hostile) -> None:
    commit = one.git("cat-file", "commit", "HEAD").split("\n\n", 1)
    signed = f"{commit[0]}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\nsigned\n"
    (one.root.parent / "commit").write_text(signed, encoding="utf-8")
    one.git("update-ref", "HEAD", one.git("hash-object", "-t", "commit", "-w", str(one.root.parent / "commit")))
    one.configure({"gpg.program": one.evil("gpg"), "log.showSignature": "true"})


def alternates(one: Hostile) -> None:
    other = make(one.root.parent, "other")
    (one.root / ".git/objects/info/alternates").write_text(f"{other.root}/.git/objects\n", encoding="utf-8")
    one.configure({"core.alternateRefsCommand": one.evil("alternates")})


def _promise(one: Hostile, url: str) -> None:
    """Have an object missing, and to be fetched from somewhere."""
    blob = one.git("rev-parse", "HEAD:a.bin")
    (one.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    one.configure(
        {
            "core.repositoryFormatVersion": "1",
            "extensions.partialClone": "origin",
            "remote.origin.url": url,
            "remote.origin.promisor": "true",
            "protocol.allow": "always",
        }
    )


def lazy_ext(one: Hostile) -> None:
    _promise(one, f"ext::{one.evil('ext')}")


def lazy_ssh(one: Hostile) -> None:
    _promise(one, "ssh://nowhere.invalid/x")
    one.configure({"core.sshCommand": one.evil("ssh")})


def lazy_upload(one: Hostile) -> None:
    _promise(one, str(one.root))
    one.configure({"remote.origin.uploadpack": one.evil("upload")})


def lazy_helper(one: Hostile) -> None:
    _promise(one, "https://nowhere.invalid/x")
    one.configure({"credential.helper": one.evil("credential"), "remote.origin.vcs": "evil"})
    Path(one.evil("vcs")).rename(one.root.parent / "git-remote-evil")


Trap = Callable[[Hostile], None]
TRAPS: Mapping[str, tuple[Trap, str]] = {
    "fsmonitor": (fsmonitor, "status"),
    "hooks": (hooks, "status"),
    "filter.clean": (filter_clean, "status"),
    "filter.clean, diff-index": (filter_clean, "describe --always --dirty"),
    "filter.process": (filter_process, "diff --quiet"),
    "filter.smudge": (filter_smudge, "cat-file --filters HEAD:a.bin"),
    "filter with an odd name": (odd_filter, "status"),
    "filter of a submodule, status": (filter_of_submodule, "status --porcelain"),
    "filter of a submodule, describe": (filter_of_submodule, "describe --always --dirty"),
    "textconv": (textconv, "diff HEAD~1 HEAD"),
    "textconv of a blob": (textconv, "show --textconv HEAD:a.bin"),
    "diff.command": (diff_command, "log -p --ext-diff -1"),
    "diff.external": (diff_external, "diff HEAD~1 HEAD"),
    "gpg": (signature, "log -1"),
    "gpg by format": (signature, "log -1 --format=%G?"),
    "core.alternateRefsCommand": (alternates, "rev-list --alternate-refs"),
    "lazy fetch, ext": (lazy_ext, "cat-file -p HEAD:a.bin"),
    "lazy fetch, ssh": (lazy_ssh, "cat-file -p HEAD:a.bin"),
    "lazy fetch, uploadpack": (lazy_upload, "cat-file -p HEAD:a.bin"),
    "lazy fetch, helper": (lazy_helper, "cat-file -p HEAD:a.bin"),
}
"""By name: what sets it, and the question at which git itself falls into it."""


def bare(folder: Path, worktree: str = ".") -> Hostile:
    """Return a folder that is a bare repository with a work tree, as any clone can bring one."""
    made = make(folder)
    for path in (made.root / ".git").iterdir():
        path.rename(made.root / path.name)
    (made.root / ".git").rmdir()
    config = made.root / "config"
    evil = made.evil("fsmonitor of a bare repository".replace(" ", "-"))
    lines = ("[core]", "repositoryformatversion = 0", "bare = false", f"worktree = {worktree}", f'fsmonitor = "{evil}"')
    config.write_text("\n\t".join(lines) + "\n", encoding="utf-8")
    return made
