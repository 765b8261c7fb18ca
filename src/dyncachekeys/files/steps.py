"""A gitignore(5) pattern, taken apart into steps: one for each segment, from the folder where its list is.

Equal to git 2.52. Older ones read ``foo**/bar`` as ``foobar`` or ``foo*/**/bar``, against gitignore(5): "Other
consecutive asterisks are considered regular asterisks". As in git, ``?`` and ``[...]`` match a byte of UTF-8.
"""

from __future__ import annotations

import os
import re

ERRORS = "surrogatepass" if os.name == "nt" else "surrogateescape"
EXACT, EXTENSION, SUFFIX, PREFIX, REGEX, ANY = range(6)
_STAR, _DEEP = b".*", b"**"
_UNPADDED = re.compile(rb"(?:\\.|\\\Z| +(?![ ]|\Z)|[^\\ ])*", re.DOTALL)
_CLASSES = {  # git's own: of the white space, it counts neither the form feed nor the vertical tab
    b"alnum": rb"0-9A-Za-z", b"alpha": rb"A-Za-z", b"blank": rb" \t", b"cntrl": rb"\x00-\x1f\x7f",
    b"digit": rb"0-9", b"graph": rb"!-~", b"lower": rb"a-z", b"print": rb" -~", b"punct": rb"!-/:-@\[-`{-~",
    b"space": rb" \t\n\r", b"upper": rb"A-Z", b"xdigit": rb"0-9A-Fa-f",
}  # fmt: skip
_RANGE = rb"(?:-(?!\])(?:\\.|[^\\]))?"
_IN_SET = rb"\[:(?:%s):\]|(?!\[:[^\]]*:\])(?:\\.|[^\\\]])%s" % (b"|".join(_CLASSES), _RANGE)
_SET_ITEM = re.compile(rb"\[:(?P<named>[a-z]+):\]|\\?(?P<first>.)(?:-\\?(?P<last>.))?", re.DOTALL)
_SIMPLE = re.compile(rb"(?P<before>\.\*)?(?P<text>(?:\\x..)*)(?(before)|(?P<after>\.\*)?)\Z")
_TOKEN = re.compile(
    rb"(?P<slash>\\?/)|(?P<deep>(?:\A|(?<=/))\*\*+(?=/|\Z))|(?P<star>\*+)|\?|(?P<plain>\\.|[^\\\[])"
    rb"|\[(?:(?P<negated>[!^])|(?![!^]))(?P<set>(?:\]%s|(?!\]))(?:%s)*)\]" % (_RANGE, _IN_SET),
    re.DOTALL,
)


class Step:
    """One segment of a pattern, and what follows below it; a deep one may be any number of folders down (``**/``)."""

    __slots__ = ("deep", "index", "kind", "only_folders", "regex", "rest", "text")

    def __init__(self, index: int, only_folders: bool, deep: bool, glob: bytes, rest: Step | None) -> None:
        self.index, self.only_folders, self.deep, self.rest = index, only_folders, deep, rest
        self.kind, self.text = _kind(glob)
        self.regex = re.compile(glob, re.DOTALL) if self.kind == REGEX else None

    def matches(self, name: str) -> bool:
        """Tell whether the segment matches a name."""
        if self.regex:
            return self.regex.fullmatch(name.encode(errors=ERRORS)) is not None
        if self.kind == EXACT:
            return name == self.text
        return name.startswith(self.text) if self.kind == PREFIX else name.endswith(self.text)


def _kind(glob: bytes) -> tuple[int, str]:
    """Return the kind of a glob, and the text that a name must have."""
    simple = _SIMPLE.match(glob)
    if not simple:
        return REGEX, ""
    text = bytes.fromhex(simple["text"].decode().replace("\\x", "")).decode(errors=ERRORS)
    if not (simple["before"] or simple["after"]):
        return EXACT, text
    if re.search("[\ud800-\udfff]", text):  # half a character of UTF-8: a part of the name's bytes, but not of its text
        return REGEX, ""
    if simple["after"]:
        return PREFIX, text
    return (ANY if not text else SUFFIX if text.rfind(".") else EXTENSION), text


def first_step(index: int, line: str) -> Step | None:
    """Return the first step of a line's pattern; nothing if it can never match."""
    line = "" if line.startswith("#") else line.removeprefix("!").removesuffix("\r").partition("\0")[0]
    text = _UNPADDED.match(line.encode(errors=ERRORS)).group()  # type: ignore[union-attr]  # it matches the empty text, too
    path = text.removesuffix(b"/")
    globs = _globs(re.sub(rb"(\A|(?<=/))\*\*+\\/", rb"*/**/", path.removeprefix(b"/")))
    if b"/" not in path:
        globs.insert(0, _DEEP)
    if globs[-1] == _DEEP:
        globs.append(_STAR)
    if b"" in globs:
        return None
    step = None
    for before, glob in reversed(list(zip([b"", *globs], globs, strict=False))):
        if glob != _DEEP:
            step = Step(index, path != text, before == _DEEP, glob, step)
    return step


def _globs(text: bytes) -> list[bytes]:
    """Return the regular expression of each segment; an empty one never matches."""
    globs, at = [b""], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:  # a backslash at the end, or a bracket that is not closed
            return [b""]
        at = token.end()
        if token["slash"]:
            globs.append(b"")
        elif token["set"]:
            globs[-1] += b"[%s%s]" % (b"^" if token["negated"] else b"", _SET_ITEM.sub(_set_item, token["set"]))
        elif token["plain"]:
            globs[-1] += b"\\x%02x" % token["plain"][-1]
        else:
            globs[-1] += _DEEP if token["deep"] else _STAR if token["star"] else b"."
    return globs


def _set_item(item: re.Match[bytes]) -> bytes:
    if item["named"]:
        return _CLASSES[item["named"]]
    first, last = ord(item["first"]), ord(item["last"] or item["first"])
    return b"\\x%02x-\\x%02x" % (first, max(first, last))
