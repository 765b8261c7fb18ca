"""Whether the words of a module let it import in another way than by a statement, asked before all of it is read."""

from __future__ import annotations

import re
import unicodedata

BY_NAME = frozenset({"importlib.import_module", "importlib.__import__", "builtins.__import__", "__import__"})
"""What imports a module by a name that is computed."""
BY_PATH = {
    "importlib.util.spec_from_file_location": 1,
    "importlib.machinery.SourceFileLoader": 1,
    "runpy.run_path": 0,
}
"""What runs a file by its path, and which argument the path is."""

_FUNCTIONS = frozenset(name.rpartition(".")[2] for name in (*BY_NAME, *BY_PATH))
_GAP = r"(?:[\s\\)]|#[^\r\n]*[\r\n])*"
"""What may stand between two words: `(sys).path` is `sys.path` too."""
_PATH = re.compile(rf"\bsys\b{_GAP}(?:\.{_GAP}path\b|as\b|import\b)")
"""``sys.path``, and what gives another name to it."""
_CODING = re.compile(rb"coding[:=][ \t]*([-\w.]+)")


def may_compute(source: bytes) -> bool:
    """Tell whether a module may call one of these functions, or change ``sys.path``; no is certain.

    Whatever name it gives to them, theirs stand somewhere in its text.
    """
    declared = _CODING.search(b"\n".join(source.split(b"\n", 2)[:2]))
    if declared is not None and declared[1].lower() != b"utf-8":
        return True
    try:
        text = source.decode()
    except UnicodeDecodeError:
        return True
    text = text if text.isascii() else unicodedata.normalize("NFKC", text)  # as Python does with names
    return any(word in text for word in _FUNCTIONS) or ("sys" in text and _PATH.search(text) is not None)
