"""Write what is public in Python, ``schema/public-api.txt`` and ``docs/python-api.md``, or with ``--check`` compare it.

Public is what ``dyncachekeys`` and ``dyncachekeys.plugin`` name in ``__all__``. griffe reads it without importing
anything. A change of it shows in a commit, where whoever reviews asks whether a resolver of somebody's breaks by it.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

import api_page

ROOT = Path(__file__).parent.parent
LISTED = Path(__file__).with_name("public-api.txt")
PAGE = ROOT / "docs/python-api.md"
PACKAGE = "dyncachekeys"
MODULES = ("plugin", "")
"""Below the package, the first to name a thing describes it; the root names some of `plugin` again."""


def listed() -> str:
    """Return the list."""
    lines = ["# What is public in Python. Written by `python schema/api.py`; not to be edited by hand."]
    for path, thing, same in public():
        lines += ["", *([f"{path} is {same}"] if same else _described(path, thing))]
    return "\n".join(lines) + "\n"


def public() -> Iterator[tuple[str, griffe.Object, str]]:
    """Yield each public name with what it stands for, and the name under which that came before, if it did."""
    package = griffe.load(PACKAGE, search_paths=[ROOT / "src"], resolve_aliases=True)
    described: dict[str, str] = {}
    for below in MODULES:
        module = package[below] if below else package
        for name in sorted(map(str, module.exports or ())):
            found = module.members[name]
            thing = found.final_target if isinstance(found, griffe.Alias) else found
            path = f"{module.path}.{name}"
            yield path, thing, described.get(thing.path, "")
            described.setdefault(thing.path, path)


def _described(path: str, thing: griffe.Object) -> Iterator[str]:
    if isinstance(thing, griffe.Function):
        yield f"def {_signature(thing, path)}"
    elif isinstance(thing, griffe.Class):
        bases = ", ".join(str(base) for base in thing.bases)
        yield f"class {path}({bases})" if bases else f"class {path}"
        for name, member in sorted({**thing.inherited_members, **thing.members}.items()):
            target = member.final_target if isinstance(member, griffe.Alias) else member
            if name == "__init__" or not name.startswith("_"):
                yield f"    {_member(name, target)}"
    elif isinstance(thing, griffe.Attribute):
        yield f"{path} = {thing.value}"


def _member(name: str, member: griffe.Object) -> str:
    if isinstance(member, griffe.Function):
        return f"def {_signature(member, name)}"
    if isinstance(member, griffe.Attribute):
        value = "" if member.value is None or "instance-attribute" in member.labels else f" = {member.value}"
        return f"{name}: {member.annotation or _taken_over(member)}{value}"
    return f"{name}: {member.kind.value}"


def _taken_over(attribute: griffe.Attribute) -> object:
    """Return the type of the parameter that an attribute keeps as it is."""
    made, name = attribute.parent.members.get("__init__") if attribute.parent else None, str(attribute.value)
    return made.parameters[name].annotation if isinstance(made, griffe.Function) and name in made.parameters else None


def _signature(function: griffe.Function, name: str) -> str:
    return function.signature(name=name)


if __name__ == "__main__":
    text, page = listed(), api_page.page(public())
    if "--check" not in sys.argv:
        LISTED.write_text(text, encoding="utf-8", newline="\n")
        PAGE.write_text(page, encoding="utf-8", newline="\n")
    elif PAGE.read_text(encoding="utf-8") != page:
        sys.exit(f"{PAGE.name} is not what the docstrings say: run `python schema/api.py`")
    elif (committed := LISTED.read_text(encoding="utf-8")) != text:
        changed = difflib.unified_diff(committed.splitlines(), text.splitlines(), LISTED.name, "now", lineterm="")
        remedy = "What is public has changed: if it has to, run `python schema/api.py`, and say so in CHANGELOG.md."
        sys.exit("\n".join([*changed, "", remedy]))
