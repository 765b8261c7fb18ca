"""Check the spelling of all that people read: pages, messages, pictures, and the comments and docstrings of the source.

A word is right if hunspell's American dictionary has it, or ``.ci/words.txt``, which has what we spell as the British
do, names, and terms. Code does not count: what stands in backticks, paths, links, and whatever has capitals within.
With files as arguments, only these are read.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from hunspell import Hunspell

ROOT = Path(__file__).parent.parent
WORDS = Path(__file__).with_name("words.txt")
READ = (
    *("*.md", "docs/**/*.md", "plugins/*/*.md", "examples/**/*.md", ".github/**/*.md"),
    *("tests/messages/messages.txt", "docs/img/*.svg"),
    *("noxfile.py", "src/**/*.py", "schema/*.py", "benchmarks/*.py", "plugins/*/src/**/*.py"),
)
NOT_READ = ("schema/completion.py",)  # whose strings are scripts of shells
NO_PROSE = (
    re.compile(r"^( *)(```+|~~~+).*?^ *\2`*$", re.DOTALL | re.MULTILINE),  # blocks of code
    re.compile(r"<style>.*?</style>|<[^>\n]*>", re.DOTALL),
    re.compile(r"(`+)[^`]+?\1"),
    re.compile(r"(?<=\])\([^()\s]*\)|https?://\S+"),
    re.compile(r"\{[^{}\n]*\}"),  # what a message puts in
)
WORD = re.compile(r"(?<![\w./\\$@~=-])[A-Za-z]+(?:'[a-z]+)?(?![\w/\\(=]|[.@]\w)")


def main(names: list[str]) -> int:
    """Print each word that is not known with its place, and return the exit code."""
    known, dictionary = frozenset(WORDS.read_text(encoding="utf-8").split()), Hunspell("en_US")
    paths = [*map(Path, names)] or _read()
    wrong, used = 0, set[str]()
    for path in paths:
        for number, word in _words(path):
            stem = re.sub(r"'s$", "", word)
            if re.search(r"[A-Za-z][A-Z]", stem):
                continue
            if stem in known or stem.lower() in known:
                used |= {stem, stem.lower()}
            elif not dictionary.spell(stem) and not dictionary.spell(word):
                wrong += 1
                sys.stdout.write(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{number}: {word}\n")
    unused = sorted(known - used) if not names else []
    if wrong:
        sys.stdout.write(f"{wrong} words are not known: correct them, or add them to .ci/words.txt\n")
    if unused:
        sys.stdout.write(f"nobody uses these of .ci/words.txt any more: {' '.join(unused)}\n")
    return 1 if wrong or unused else 0


def _read() -> list[Path]:
    found = {path for pattern in READ for path in ROOT.glob(pattern)}
    return sorted(found - {ROOT / name for name in NOT_READ})


def _words(path: Path) -> Iterator[tuple[int, str]]:
    for begin, text in _prose(path):
        for pattern in NO_PROSE:
            text = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)  # noqa: PLW2901 - lines stay
        for number, line in enumerate(text.splitlines(), begin):
            yield from ((number, found[0]) for found in WORD.finditer(line))


def _prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what is prose in a file, each with the number of its first line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield 1, text
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith('"""')):
            yield token.start[0], token.string


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
