"""The file of all messages is what the source says, and each error says what to do."""

from __future__ import annotations

import re

from messages.texts import FILE, all_texts


def test_the_file_is_what_the_source_says() -> None:
    assert FILE.read_text(encoding="utf-8") == all_texts(), (
        "run `python tests/messages/texts.py`, and read what differs"
    )


def test_each_error_and_finding_says_what_to_do() -> None:
    blocks = re.split(r"\n(?=[^ ])", FILE.read_text(encoding="utf-8"))
    told = [block for block in blocks if block.startswith(("Problem ", "Finding "))]
    assert len(told) > 100, "the reader of the source no longer meets them"
    assert [block for block in told if "\n  do: " not in block] == []
