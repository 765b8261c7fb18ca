"""What a project needs to have watched, whoever watches it: the keys that `init` would write, and what they find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.model import Input
from dyncachekeys.process import environ as process_environ
from dyncachekeys.propose.decide import InitOptions, beside_defaults, decide
from dyncachekeys.propose.inspect import inspect
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.pyproject.project import BUILD_RESOLVER, Project
from dyncachekeys.resolving.engine import only
from dyncachekeys.uv.build_variables import is_built_by_uv

_BY_VALUE = "table"
"""Of `pyproject.toml`, which is among uv's defaults."""
_PACKAGE = "package"


class Need(NamedTuple):
    """A key that a project needs, and what it finds there."""

    key: Declaration
    inputs: tuple[Input, ...]
    origins: Mapping[str, str]
    """For files that the configuration names: by which of its keys."""


def needs(project: Project, files: Files, environ: Mapping[str, str], consumer: Path | None = None) -> Iterator[Need]:
    """Yield what a package needs, known from reading it: no code of it is run, and no record of a build counts.

    Args:
        project: A package that uv builds.
        files: Its files.
        environ: The environment.
        consumer: The project that we are in, which may have the package as a path source.

    Raises:
        DyncachekeysError: a folder can't be listed, or an ignore file can't be read.
    """
    # Plugins are a stranger's code, and an old uv is no matter of what the build reads.
    facts = replace(inspect(project, files, environ, consumer), plugins=frozenset(), records=True)
    table = decide(facts, InitOptions())
    names = {key.name for key in table.keys}
    for key in (*table.keys, *(one for one in beside_defaults(facts) if one.name not in names)):
        if key.resolver != BUILD_RESOLVER or is_built_by_uv(project.pyproject):
            yield Need(key, _found(key, project, files, environ), facts.origins.keys)


def _found(key: Declaration, project: Project, files: Files, environ: Mapping[str, str]) -> tuple[Input, ...]:
    """Return what a key finds, and what is there of it; of what is in no file, the key itself stands for it."""
    if key.resolver == _BY_VALUE:
        return ()
    if key.resolver == _PACKAGE and "name" in key.options:  # another one, whose own keys may run its code
        return (Input("value", f"the package {key.options['name']}", "", key.why[0]),)
    try:
        (found,) = only(key.name, key.as_table(), project, process_environ.for_keys(environ), files).keys
    except DyncachekeysError:  # `sync` reports it for the key
        return ()
    return tuple(one for one in found.inputs if one.kind != "directory" and one.state != MISSING)
