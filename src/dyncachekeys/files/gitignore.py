"""gitignore(5) patterns for a walk that goes down folder by folder: what can match is known before the names are."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Sequence


class Rules:
    """The patterns of one list, which stand at one folder: lines as in a .gitignore file, without newlines."""

    __slots__ = ("negated", "top")

    def __init__(self, lines: Iterable[str]) -> None:
        lines = tuple(lines)
        self.negated: tuple[bool, ...] = tuple(line.startswith("!") for line in lines)
        """By the index of the line; a comment and a blank line have theirs, too."""
        self.top: FolderRules = FolderRules(frozenset(filter(None, map(first_step, range(len(lines)), lines))), -1, {})
        """The folder at which they stand."""


class FolderRules:
    """What rules say in one folder. Folders in which they say the same share one."""

    __slots__ = ("_names", "_onward", "_places", "_stay", "_steps", "below")

    def __init__(
        self, steps: frozenset[Step], below: int, places: dict[tuple[frozenset[Step], int], FolderRules]
    ) -> None:
        self._steps, self._places = steps, places
        self._stay = frozenset(step for step in steps if step.deep)
        self._onward: dict[str | None, list[Step]] = {}
        for step in (step for step in steps if step.rest):
            self._onward.setdefault(step.text if step.kind == EXACT else None, []).append(step)
        self._names: tuple[_LastSteps, _LastSteps] | None = None
        self.below: int = below
        """The highest index of a pattern that matched this folder or one above it, or -1."""

    @property
    def can_match(self) -> bool:
        """Whether a pattern can match anything in this folder or below it."""
        return self.below >= 0 or bool(self._steps)

    def enter(self, name: str) -> FolderRules:
        """Return the place of a subfolder."""
        below = max(self.below, self.find(name, True))
        perhaps = (*self._onward.get(name, ()), *self._onward.get(None, ()))
        onward = [step.rest for step in perhaps if step.rest and step.matches(name)]
        steps = self._stay.union(onward) if onward else self._stay
        key = (steps, below)
        return self._places.get(key) or self._places.setdefault(key, FolderRules(steps, below, self._places))

    def find(self, name: str, is_dir: bool) -> int:
        """Return the index of the last pattern that matches this very entry of the folder, or -1."""
        return (self._names or self._look())[is_dir].find(name)

    def _look(self) -> tuple[_LastSteps, _LastSteps]:
        last = sorted((step for step in self._steps if not step.rest), key=lambda step: step.index)
        self._names = _LastSteps([step for step in last if not step.only_folders]), _LastSteps(last)
        return self._names


class _LastSteps:
    """The last steps of patterns, in order of index, by what makes them quick to find."""

    __slots__ = ("_any", "_exact", "_extensions", "_heads", "_others", "_regex", "_tails")

    def __init__(self, steps: Sequence[Step]) -> None:
        self._any = max((step.index for step in steps if step.kind == ANY), default=-1)
        steps = [step for step in steps if step.index > self._any]
        self._exact, self._extensions = _texts(steps, EXACT), _texts(steps, EXTENSION)
        self._heads, self._tails = tuple(_texts(steps, PREFIX)), tuple(_texts(steps, SUFFIX))
        self._others = [step for step in reversed(steps) if step.kind in {PREFIX, SUFFIX, REGEX}]
        regexes = [step.regex.pattern for step in self._others if step.regex]
        self._regex = re.compile(b"|".join(regexes), re.DOTALL) if regexes else None

    def find(self, name: str) -> int:
        found = self._exact.get(name, self._any)
        extension = self._extensions.get(name[name.rfind(".") :], self._any)
        if extension > found:  # noqa: PLR1730  # max() takes as long as all the rest
            found = extension
        if not self._others:
            return found
        plain = name.endswith(self._tails) or name.startswith(self._heads)
        if plain or (self._regex and self._regex.fullmatch(name.encode(errors=ERRORS))):
            return next((step.index for step in self._others if step.index > found and step.matches(name)), found)
        return found


def _texts(steps: Sequence[Step], kind: int) -> dict[str, int]:
    """Return the texts of the steps of one kind, each with the highest index."""
    return {step.text: step.index for step in steps if step.kind == kind}


ERRORS = "surrogatepass" if os.name == "nt" else "surrogateescape"
EXACT, EXTENSION, SUFFIX, PREFIX, REGEX, ANY = range(6)
_STAR, _DEEP = b".*", b"**"
_NUMBERS = itertools.count()
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
    # Each item is taken as it is read first, and never again in another way: that could be done in ever so many ways.
    rb"|\[(?:(?P<negated>[!^])|(?![!^]))(?P<set>(?:\]%s|(?!\]))(?:(?=(?P<item>%s))(?P=item))*)\]" % (_RANGE, _IN_SET),
    re.DOTALL,
)


class Step:
    """One segment of a pattern, and what follows below it; a deep one may be any number of folders down (``**/``)."""

    __slots__ = ("deep", "index", "kind", "only_folders", "regex", "rest", "text")

    def __init__(self, index: int, only_folders: bool, deep: bool, glob: bytes, rest: Step | None) -> None:
        self.index: int = index
        self.only_folders: bool = only_folders
        self.deep: bool = deep
        self.rest: Step | None = rest
        self.kind: int
        self.text: str
        self.kind, self.text = _kind(glob)
        self.regex: re.Pattern[bytes] | None = re.compile(_linear(glob), re.DOTALL) if self.kind == REGEX else None

    def matches(self, name: str) -> bool:
        """Tell whether the segment matches a name."""
        if self.regex:
            return self.regex.fullmatch(name.encode(errors=ERRORS)) is not None
        if self.kind == EXACT:
            return name == self.text
        return name.startswith(self.text) if self.kind == PREFIX else name.endswith(self.text)


def _linear(glob: bytes) -> bytes:
    """Return a regular expression that matches the same, in steps that grow with the length of what it is put to.

    What stands between two stars is of one length, so it may stand where it is found first. Without saying so, `re`
    would try all places, for each star: `*a*a*a*a*a*b` would not end. The groups need names of their own, since
    expressions are joined.
    """
    first, *between = glob.split(_STAR)
    if not between[1:]:
        return glob
    last = between.pop()
    numbered = ((next(_NUMBERS), part) for part in between if part)
    return first + b"".join(b"(?=(?P<s%d>.*?%s))(?P=s%d)" % (n, part, n) for n, part in numbered) + _STAR + last


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
    globs: list[list[bytes]] = [[]]
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:  # a backslash at the end, or a bracket that is not closed
            return [b""]
        at = token.end()
        if token["slash"]:
            globs.append([])
        elif token["set"]:
            items = _SET_ITEM.sub(_set_item, token["set"])
            globs[-1].append(b"[%s%s]" % (b"^" if token["negated"] else b"", items))
        elif token["plain"]:
            globs[-1].append(b"\\x%02x" % token["plain"][-1])
        else:
            globs[-1].append(_DEEP if token["deep"] else _STAR if token["star"] else b".")
    return [*map(b"".join, globs)]


def _set_item(item: re.Match[bytes]) -> bytes:
    if item["named"]:
        return _CLASSES[item["named"]]
    first, last = ord(item["first"]), ord(item["last"] or item["first"])
    return b"\\x%02x-\\x%02x" % (first, max(first, last))
