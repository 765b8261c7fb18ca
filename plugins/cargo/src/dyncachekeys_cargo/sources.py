"""The files that one crate is compiled from."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Any

from dyncachekeys.plugin import Context, File, Result, Selected
from dyncachekeys_cargo.manifests import Manifest, Manifests, pattern, table
from dyncachekeys_cargo.scan import Named, named_in, rerun_in

_ROOTS = frozenset({"lib.rs", "main.rs", "mod.rs"})
"""Files whose modules stand beside them; those of ``x.rs`` stand in ``x/``."""


class Sources:
    """What one crate is compiled from.

    Args:
        context: What is asked.
        manifest: The crate's.
        gitignore: Whether ignored files are left out where only a pattern chooses them.
    """

    def __init__(self, context: Context, manifest: Manifest, *, gitignore: bool) -> None:
        self.variables: dict[str, str] = {}
        """Names of variables that the sources read while they are compiled, each with the reason."""
        self._context, self._manifest, self._gitignore = context, manifest, gitignore
        self._place = Manifests(context).placed
        self._script, roots = _targets(manifest.data)
        self._roots = {self._place(manifest.folder, path): reason for path, reason in roots.items()}
        self._folders = dict.fromkeys(self._place(manifest.folder, path) for path in _folders(roots))
        self._seen: set[str] = set()
        self._todo: list[str] = []

    def results(self) -> Iterator[Result]:
        """Yield the sources, and whatever they name, to the end."""
        for folder in self._folders:
            chosen = self._chosen(pattern(folder, "**/*.rs"))
            self._todo += [path for path in chosen if path not in self._seen]
            self._seen.update(chosen)
            yield chosen
        for path, reason in self._roots.items():
            yield from self._new(path, reason)
        for path in self._todo:
            yield from self._named_by(path)

    def _chosen(self, chooses: str) -> Selected:
        return self._context.files([chooses], gitignore=self._gitignore, expected=False)

    def _new(self, path: str, reason: str) -> Iterator[File]:
        if path not in self._seen:
            self._seen.add(path)
            if path.endswith(".rs") and self._context.is_file(path):
                self._todo.append(path)
            yield File(path, reason)

    def _named_by(self, path: str) -> Iterator[Result]:
        text = self._context.read_bytes(path).decode("utf-8", "replace")
        script = self._script is not None and path == self._place(self._manifest.folder, self._script)
        for named in [*named_in(text), *(rerun_in(text) if script else ())]:
            yield from self._followed(path, named)

    def _followed(self, path: str, named: Named) -> Iterable[Result]:
        crate, reason = self._manifest.folder, f"named in {path}"
        match named.kind:
            case "variable":
                self.variables.setdefault(named.text, reason)
                return ()
            case "module":
                return [file for one in self._module(path, named.text) for file in self._new(one, f"module of {path}")]
            case "file":
                target = self._place(posixpath.dirname(path), named.text)
            case _:  # a path that begins with a slash is one behind CARGO_MANIFEST_DIR
                target = self._place(crate, named.text.lstrip("/") or ".")
        if self._context.is_dir(target):
            return [self._chosen(pattern(target, "**"))]
        return self._new(target, reason)

    def _module(self, path: str, name: str) -> list[str]:
        """Return the files of a module that are there and that no pattern has chosen."""
        folder, own = posixpath.split(path)
        base = folder if own in _ROOTS or path in self._roots else path.removesuffix(".rs")
        candidates = [self._place(base, f"{name}.rs"), self._place(base, name, "mod.rs")]
        if not self._seen.isdisjoint(candidates):
            return []
        return [one for one in candidates if self._context.is_file(one)]


def _targets(data: Any) -> tuple[str | None, dict[str, str]]:
    """Return the build script, and all roots that the manifest or Cargo's layout names, each with the reason."""
    package = table(data, "package")
    build = package.get("build", True)
    script = build if isinstance(build, str) else "build.rs" if build else None
    found = {} if script is None else {script: "build script"}
    bins = data.get("bin")
    for kind, target in [("lib", data.get("lib")), *(("bin", one) for one in (bins if isinstance(bins, list) else ()))]:
        path = table(target).get("path")
        if isinstance(path, str):
            found.setdefault(path, f"[{kind}] path")
    return script, found


def _folders(roots: Iterable[str]) -> Iterator[str]:
    """Yield the folders of which every source counts: ``src``, and those of roots elsewhere.

    Not the crate's own folder: there, modules are followed, or tests and other crates would count.
    """
    yield "src"
    for path in roots:
        folder = posixpath.normpath(posixpath.dirname(path) or ".")
        if folder.split("/")[0] not in {"src", "."}:
            yield folder
