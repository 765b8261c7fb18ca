"""The user's own entries as keys: what each tried to say."""

from __future__ import annotations

import itertools
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dyncachekeys.config.model import DEFAULTS
from dyncachekeys.files import pattern as files_pattern
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.uv.entries import is_glob
from dyncachekeys.uv.mtimes import without_braces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dyncachekeys.propose.facts import Facts, OldEntry

DEFAULT_FILES = (FILE, "setup.py", "setup.cfg")
_MACHINE = re.compile(r"[/~\\]|[A-Za-z]:")
_LOCAL = re.compile(r"(?:^|/)[^/.]+$|\.(?:cfg|conf|env|ini|json|local|toml|txt|ya?ml)$")
"""What is ignored and rather a setting of this checkout than a product."""
_SOURCES = "From cache-keys."
_PYTHON = (
    "Python sources, since they stood in cache-keys. In an editable install, which is uv's default, an edit of them",
    "needs no build: take this key away, unless the build itself reads them.",
)


@dataclass(frozen=True, slots=True)
class Carried:
    """What becomes of one entry."""

    entry: Any
    by: str | None
    """The key that covers it; nothing if it stays where it is."""
    why: str = ""
    """Why it stays."""
    declared: tuple[Declaration, ...] = ()
    """What it asks for."""


def migrate(facts: Facts, declared: Mapping[str, Declaration]) -> list[Carried]:
    """Return what becomes of each of the user's entries.

    Args:
        facts: The project.
        declared: The keys that there are without them.
    """
    return [_carried(one, facts, declared) for one in facts.old]


def watches_pyproject(facts: Facts) -> bool:
    """Tell whether ``pyproject.toml`` shall count as a whole: unless a list of entries leaves it out."""
    if not facts.listed:
        return True
    named = [one for one in facts.old if _file(one.entry) is not None]
    return not named or any(_file(one.entry) == FILE or FILE in one.files for one in named)


def _carried(one: OldEntry, facts: Facts, declared: Mapping[str, Declaration]) -> Carried:
    entry = one.entry
    text = _file(entry)
    if text is not None:
        return _of_a_file(one, text, facts, declared)
    if isinstance(entry, dict) and len(entry) == 1:
        if isinstance(entry.get("dir"), str):
            return _of_a_dir(one, entry["dir"].rstrip("/"), facts, declared)
        if isinstance(entry.get("env"), str) and entry["env"]:
            return _unless_there(
                entry, Declaration("environment", "env", {"names": [entry["env"]]}, (_SOURCES,)), declared
            )
        if "git" in entry:
            return _of_git(entry, declared)
    return Carried(entry, None, "uv can't read it, or not as meant: `dyncachekeys doctor` says more")


def _of_git(entry: dict[str, Any], declared: Mapping[str, Declaration]) -> Carried:
    git = entry["git"]
    asked = {"commit": True} if git is True else git
    if not isinstance(asked, dict) or not asked.keys() <= {"commit", "tags"}:
        return Carried(entry, None, "uv can't read it: `dyncachekeys doctor` says more")
    options: dict[str, str | bool | list[str]] = {name: True for name in ("commit", "tags") if asked.get(name) is True}
    if not options:
        return Carried(entry, None, "it asks for nothing")
    return _unless_there(entry, Declaration("git", "git", options, (_SOURCES,)), declared)


def _unless_there(entry: Any, asked: Declaration, declared: Mapping[str, Declaration]) -> Carried:
    """Return an entry with the key that it asks for, unless another key says all of that already."""
    there = declared.get(asked.name)
    known = there.options if there is not None else {}
    covered = all(_includes(known.get(name), value) for name, value in asked.options.items())
    return Carried(entry, asked.name, declared=() if covered else (asked,))


def _includes(known: object, value: object) -> bool:
    return set(value) <= set(known) if isinstance(known, list) and isinstance(value, list) else known == value


def _of_a_file(one: OldEntry, text: str, facts: Facts, declared: Mapping[str, Declaration]) -> Carried:
    if _MACHINE.match(text):
        return Carried(one.entry, None, "it names a place of this machine, and keys are the same for everybody")
    if posixpath.normpath(text.removeprefix("!")) == ".":
        return Carried(one.entry, None, "it is the project's own folder, which uv passes over: name what counts in it")
    covering = _covering(posixpath.normpath(text), facts, declared)
    if covering is not None:
        return Carried(one.entry, covering)
    mixed = not is_glob(text) or one.ignored != one.files
    local = [path for path in one.ignored if mixed or _LOCAL.search(path)]
    if local and not text.startswith("!"):
        return Carried(one.entry, None, f"git ignores {local[0]}, which a key would leave out")
    plain = list(_plain(text.removeprefix("!")))
    found = [pattern for each in plain for pattern in _patterns(each, one.files)]
    wrong = next(filter(None, map(files_pattern.check, found)), None)
    if wrong is not None:
        return Carried(one.entry, None, wrong)
    if one.is_folder:
        found = [f"{pattern.rstrip('/')}/" for pattern in found]
    declaration = Declaration("sources", "files", {"patterns": found}, (_SOURCES,))
    if text.startswith("!"):
        declaration = Declaration("sources", "files", {"patterns": [], "exclude": found}, ())
    elif one.ignored and one.ignored == one.files and is_glob(text):
        why = "Stood in cache-keys, but git ignores it: a product. Its absence counts, not its content."
        declaration = Declaration("outputs", "outputs", {"patterns": found}, (why,))
    elif is_glob(text) and text.endswith((".py", ".pyi")):
        declaration = Declaration("python", "files", {"patterns": found}, _PYTHON)
    return Carried(one.entry, declaration.name, declared=(declaration,))


def _of_a_dir(one: OldEntry, folder: str, facts: Facts, declared: Mapping[str, Declaration]) -> Carried:
    python = [path for path in one.files if path.endswith((".py", ".pyi", "/py.typed"))]
    native = set(facts.natives) & set(one.files)
    if native and "sources" in declared and len(native) + len(python) == len(one.files):
        return Carried(one.entry, "sources")
    if one.files and not python:
        pattern = f"{_rooted(posixpath.normpath(folder))}/"
        why = f"Of `{folder}`, uv saw only that it came or went; what it holds counts now."
        if files_pattern.check(pattern) is None:
            asked = Declaration("sources", "files", {"patterns": [pattern]}, (why,))
            return Carried(one.entry, "sources", declared=(asked,))
    if folder == "src" and watches_pyproject(facts):
        return Carried(one.entry, DEFAULTS)
    return Carried(one.entry, None, "that a folder comes or goes is for uv to watch")


def _covering(path: str, facts: Facts, declared: Mapping[str, Declaration]) -> str | None:
    """Return the key that watches a file anyway."""
    if path in DEFAULT_FILES and watches_pyproject(facts):
        return DEFAULTS
    if path in facts.in_tree and "backend" in declared:
        return "backend"
    if path in facts.requirement_files:
        return "requirements"
    for name, held in (("version", facts.version_files), ("metadata", facts.metadata_files)):
        if path in held and name in declared:
            return name
    outputs = declared.get("outputs")
    written = outputs.options["patterns"] if outputs is not None else []
    return "outputs" if isinstance(written, list) and files_pattern.exactly(path) in written else None


def _file(entry: Any) -> str | None:
    text = entry.get("file") if isinstance(entry, dict) and len(entry) == 1 else entry
    if not isinstance(text, str) or not text:
        return None
    while text.startswith("./"):
        text = text[2:]
    return text or None


def _plain(glob: str) -> Iterator[str]:
    """Yield what a glob with braces stands for; gitignore patterns know none (U12), but ranges of letters."""
    return without_braces(re.sub(r"\{([^{}]*)\}", _with_range, glob))


def _with_range(braces: re.Match[str]) -> str:
    choices = braces[1].split(",")
    letters = [choice for choice in choices if len(choice) == 1 and choice.isalnum()]
    if len(letters) < 2:  # noqa: PLR2004
        return braces[0]
    others = [choice for choice in choices if choice not in letters]
    letter = f"[{''.join(letters)}]"
    return f"{{{','.join([letter, *others])}}}" if others else letter


def _patterns(text: str, matched: tuple[str, ...]) -> Iterator[str]:
    """Yield the gitignore pattern for a path or a glob of uv.

    Below its literal folder, a glob without a slash matches at any depth for uv (U12), which its author
    mostly does not know: that is kept if something deeper is matched now.
    """
    parts = text.split("/")
    plain = list(itertools.takewhile(lambda part: not is_glob(part), parts))
    if len(plain) == len(parts):
        yield _rooted(posixpath.normpath(text))
        return
    base, rest = "/".join(plain), "/".join(parts[len(plain) :])
    if not base:
        bare = rest.removeprefix("**/")
        yield bare if "/" not in bare else rest if rest.startswith("**/") else f"/{rest}"
        return
    deep = "/" not in rest and any("/" in path[len(base) + 1 :] for path in matched)
    yield f"{_rooted(base)}/{'**/' if deep else ''}{rest}"


def _rooted(path: str) -> str:
    return path if path.startswith("../") else f"/{path}"
