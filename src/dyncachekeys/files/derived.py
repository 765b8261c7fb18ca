"""Results of pure functions of the content of files: stored between runs, and found again by that content.

A cache only: results that are damaged, of another release or another Python, or stored where they can't be trusted,
are ignored.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping

from dyncachekeys.files import state_file
from dyncachekeys.quick.digest import framed
from dyncachekeys.quick.snapshot import RELEASE

FILE = "derived.json"
"""In the project's ``.dyncachekeys``."""
_BASIS = [RELEASE, sys.version, str(getattr(sys, "get_int_max_str_digits", int)())]
"""What an answer may depend on besides question and content."""


class Derived:
    """Answers that are functions of a question and of a file's content; ``known`` are those of the last run."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._known = known or {}
        self._used: dict[str, str] = {}

    def recall(self, question: str, content: bytes) -> str | None:
        """Return the known answer to a question, as in `answer`, about a file's content with this SHA-256."""
        key = _key(question, content)
        known = self._used.get(key) or self._known.get(key)
        if known is not None:
            self._used[key] = known
        return known

    def answer(self, question: str, data: bytes, function: Callable[[bytes], str]) -> str:
        """Return the answer to a question; what the function raises is not stored.

        Args:
            question: Names the function and its version, and all that the answer depends on besides the content.
            data: The content.
            function: Gives the answer, if it is not known.
        """
        content = hashlib.sha256(data).digest()
        known = self.recall(question, content)
        if known is not None:
            return known
        answer = function(data)
        if _is_text(answer):
            self._used[_key(question, content)] = answer
        return answer

    @property
    def is_news(self) -> bool:
        """Whether there are answers to be stored, or to be forgotten since nobody asked for them."""
        return self._used != self._known

    def dump(self) -> bytes:
        """Return what this run used, as it is stored."""
        return state_file.dump({"basis": _BASIS, "answers": self._used, "sum": _sum(self._used)})


def load(path: str | os.PathLike[str]) -> Derived:
    """Read the stored answers; none where they can't be trusted."""
    try:
        data = state_file.read(path)
        answers = {str(key): str(answer) for key, answer in data["answers"].items()}
        if data["basis"] == _BASIS and data["sum"] == _sum(answers):
            return Derived(answers)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    return Derived()


def _key(question: str, content: bytes) -> str:
    return hashlib.sha256(framed([question.encode("utf-8", "surrogatepass"), content])).hexdigest()


def _sum(answers: Mapping[str, str]) -> str:
    """Return a checksum: a bit that flipped on the disk must not become an answer."""
    return hashlib.sha256(framed(text.encode() for pair in sorted(answers.items()) for text in pair)).hexdigest()


def _is_text(answer: str) -> bool:
    """Tell whether JSON gives an answer back unchanged: it would join the halves of a surrogate pair."""
    try:
        answer.encode()
    except UnicodeEncodeError:
        return False
    return True
