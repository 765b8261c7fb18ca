"""Allowing what keys run of the tree, without running it: for hooks, which run nothing else (`resolving.consent`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dyncachekeys.config.model import read
from dyncachekeys.errors import ConfigurationError, Problem, WriteError
from dyncachekeys.files.tree import Files
from dyncachekeys.pyproject.project import HOME, load
from dyncachekeys.quick import atomic
from dyncachekeys.resolving.allowed import Allowed
from dyncachekeys.resolving.consent import Consent, runs_code
from dyncachekeys.resolving.key_consent import KeyConsent
from dyncachekeys.rewrite.interrupted import noting
from dyncachekeys.syncing.home import check_home, not_written, prepare
from dyncachekeys.syncing.last_run import last_run
from dyncachekeys.uv import workspace


def allow(root: Path, tell: Callable[[str], None] | None = None) -> list[str]:
    """Remember that hooks may run what the keys of a project run, as it is now. Runs nothing.

    Args:
        root: The folder that holds ``pyproject.toml``.
        tell: Is called with who is waited for.

    Returns:
        The keys that run code of the tree, by their paths.

    Raises:
        DyncachekeysError: the configuration is wrong, or nothing can be remembered.
    """
    check_home((root := root.resolve()) / HOME)
    project = load(root)
    files = Files.of(project)
    project = workspace.with_inherited(project, files)
    config, problems = read(project.table or {}, project.inherited)
    if problems:
        raise ConfigurationError(problems)
    last = last_run(root, None)
    if not last.believed:
        message = f"git tracks {HOME}, so nothing can be remembered there"
        raise WriteError(Problem("state-tracked", message, HOME, f"run `git rm -r --cached {HOME}`"))
    own = Consent(root / HOME, last.salt, asks=False, believed=True)
    keys = [
        KeyConsent(own, project, files, config.plugin_path, key, config.where(name))
        for name, key in config.keys.items()
        if runs_code(key)
    ]
    for key in keys:
        before = own.known.get(key.name, Allowed("", {}))
        own.note(key, before, [*before.code])
    if own.is_news:
        _write(own, root, tell)
    return [key.where for key in keys]


def _write(own: Consent, root: Path, tell: Callable[[str], None] | None) -> None:
    home = root / HOME
    try:
        with atomic.Lock(home, tell=tell), noting(lambda: [home]):
            prepare(root)
            name, content = own.dumped()
            atomic.replace(home / name, content, home=str(home))
    except OSError as error:
        raise not_written(error, root, ()) from error
