"""The public API as a page for people: ``docs/python-api.md`` is made of signatures and docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import griffe

_INTRODUCTION = """\
# Python API

<!-- Made from the source by `python schema/api.py`; do not edit. -->

All that is public stands here; all else may change with any release. [Writing a resolver](writing-a-resolver.md) shows how it is used.
"""


def page(public: Iterable[tuple[str, griffe.Object, str]]) -> str:
    """Return the reference of the public names, in Markdown.

    Args:
        public: Each name, what it stands for, and the name under which that came before, if it did.
    """
    lines, module = [_INTRODUCTION], ""
    for path, thing, same in public:
        above, _, name = path.rpartition(".")
        if above != module:
            module = above
            lines += [f"## `{module}`", ""]
        if same:
            lines += [f"- `{name}` is [`{same}`](#{same.rpartition('.')[2].lower()})"]
        else:
            lines += [
                "",
                f"### `{name}`",
                "",
                "```python",
                _code(name, thing),
                "```",
                "",
                *_text(thing),
                *_members(thing),
            ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def _code(name: str, thing: griffe.Object) -> str:
    """Return how a thing is called, or written."""
    if isinstance(thing, griffe.Function):
        return _line_by_line(f"def {thing.signature(name=name)}")
    if isinstance(thing, griffe.Class):
        made = thing.all_members.get("__init__")
        made = made.final_target if isinstance(made, griffe.Alias) else made
        if isinstance(made, griffe.Function) and name != "Context":  # which nobody makes but dyncachekeys
            return _line_by_line(made.signature(name=name).removesuffix(" -> None"))
        return f"class {name}"
    if isinstance(thing, griffe.Attribute):
        value = str(thing.value)
        return f"{name}: str" if value.startswith("'") else f"{name} = {value}"
    return name


def _line_by_line(code: str, width: int = 100) -> str:
    if len(code) <= width:
        return code
    head, _, rest = code.partition("(")
    arguments, _, end = rest.rpartition(")")
    return "\n".join([f"{head}(", *(f"    {one}," for one in _split(arguments)), f"){end}"])


def _split(arguments: str) -> Iterator[str]:
    """Yield the arguments of a signature, which are parted by commas that stand in no bracket."""
    depth, part = 0, ""
    for character in arguments:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            yield part.strip()
            part = ""
        else:
            part += character
    yield part.strip()


def _members(thing: griffe.Object) -> Iterator[str]:
    members = sorted(thing.members.items()) if isinstance(thing, griffe.Class) else []
    rows = [
        (f"{name}{str(one.signature()).removeprefix(one.name)}" if isinstance(one, griffe.Function) else name, one)
        for name, one in members
        if not name.startswith("_") and isinstance(one, griffe.Function | griffe.Attribute) and one.docstring
    ]
    for shown, one in rows:
        first, *more = _text(one)
        yield f"- `{shown}`: {first[:1].lower()}{first[1:]}"
        yield from (f"    {line}" if line else "" for line in more)


def _text(thing: griffe.Object) -> list[str]:
    """Return a docstring in Markdown: its text, then what goes in, what comes out, and what is raised."""
    sections = thing.docstring.parse("google") if thing.docstring else ()
    text = "\n".join(part for section in sections for part in _section(section))
    return re.sub(r" \(U\d+\)", "", text.replace("``", "`")).split("\n")  # rows of uv-facts.md are for contributors


def _section(section: griffe.DocstringSection) -> Iterator[str]:
    if isinstance(section, griffe.DocstringSectionText):
        yield from (section.value, "")
    elif isinstance(section, griffe.DocstringSectionParameters | griffe.DocstringSectionAttributes):
        yield from (f"- `{one.name}`: {_joined(one.description)}" for one in section.value)
        yield ""
    elif isinstance(section, griffe.DocstringSectionRaises):
        yield from (f"- raises `{one.annotation}`: {_joined(one.description)}" for one in section.value)
        yield ""
    elif isinstance(section, griffe.DocstringSectionReturns):
        yield from (f"- returns {_joined(one.description)}" for one in section.value)
        yield ""


def _joined(text: str) -> str:
    return " ".join(text.split())
