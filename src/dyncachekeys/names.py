"""Names: of packages (PEP 503), in requirements (PEP 508), and of variables that hold credentials."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_REQUIRED = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:[\[(<>=!~;@]|$)")
_CREDENTIAL = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|API_?KEY|PRIVATE_?KEY", re.IGNORECASE)
_WORDS = frozenset({"PAT", "CRED", "CREDS", "DSN", "JWT", "COOKIE", "SSHPASS"})
_LAST_WORDS = frozenset({"AUTH", "PASS", "PWD"})
"""At the end of a name only: `SSH_AUTH_SOCK` is none."""
_KEYS_OF = frozenset(
    "ACCESS ACCOUNT AUTH DEPLOY ENCRYPTION GPG HOST MASTER PGP SERVICE SIGN SIGNING SSH STORAGE".split()  # noqa: SIM905
)
"""What stands before ``KEY`` in the name of one that is no name of something else, as `CACHE_KEY` is."""
_BETWEEN_WORDS = re.compile(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])")
_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):([^/\s@]+)(?=@)")
_SHORTEST_HIDDEN = 4
"""What has fewer characters hides nothing, and is found in all texts."""


def normalised_name(name: str) -> str:
    """Return a package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required_name(requirement: object) -> str | None:
    """Return the normalised name in a requirement (PEP 508); nothing if it has none.

    Without `parsed`, whose import takes 50 ms: a `table` key with a preset asks for it in every full run.
    """
    found = _REQUIRED.match(requirement) if isinstance(requirement, str) else None
    return normalised_name(found.group(1)) if found else None


def parsed(requirement: str) -> Requirement | None:
    """Return a requirement, taken apart (PEP 508); nothing if it is not valid."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415  most runs don't need it

    try:
        return Requirement(requirement)
    except InvalidRequirement:
        return None


def normalised(requirement: str) -> str:
    """Return a requirement in one spelling, so that it can be compared with others."""
    found = parsed(requirement)
    if found is None:
        return requirement.strip()
    found.name = normalised_name(found.name)
    return str(found)


def is_local(requirement: str) -> bool:
    """Tell whether a requirement is a path or an option of uv, and not a name or a URL of something elsewhere."""
    found = parsed(requirement)
    url = found.url if found else None
    target = (url or requirement).strip()
    scheme, is_url, _ = target.partition("://")
    if is_url and re.fullmatch(r"[A-Za-z][A-Za-z0-9.+-]*", scheme):
        return "file" in scheme.lower().split("+")
    if url or target.startswith(("-", ".", "~")):
        return True
    name = target.partition(";")[0].rstrip()
    return any(sign in name for sign in "/\\:") or name.endswith((".whl", ".zip", ".gz", ".bz2", ".xz"))


def is_credential(name: str) -> bool:
    """Tell whether a variable's name looks like a credential's: uv stores values in plain text (U8).

    By whole words, where a word is short: a `PAT` is one, a `PATTERN` is none.
    """
    words = [word.upper() for word in _BETWEEN_WORDS.split(name) if word]
    keys = any(first in _KEYS_OF and then == "KEY" for first, then in pairwise(words))
    is_last = bool(words) and words[-1] in _LAST_WORDS and words != ["PWD"]
    return keys or is_last or not _WORDS.isdisjoint(words) or bool(_CREDENTIAL.search(name))


def holds_password(value: str) -> bool:
    """Tell whether a value holds a URL with a password."""
    return _PASSWORD.search(value) is not None


class Mask:
    """Hides credentials in texts: the values of what looks like one give way to its name, `${NAME}`.

    Args:
        environ: The variables that whoever wrote the texts could see.
        shortest: How many characters a value must have, so that not every text is full of it.
    """

    def __init__(self, environ: Mapping[str, str], *, shortest: int = _SHORTEST_HIDDEN) -> None:
        hidden: dict[str, str] = {}
        for name, value in environ.items():
            if is_credential(name):
                hidden.update(dict.fromkeys((value, *value.splitlines()), name))
            elif passwords := _PASSWORD.findall(value):
                hidden.update(dict.fromkeys((value, *(password for _, password in passwords)), name))
        longest_first = sorted(hidden, key=len, reverse=True)
        self._shown: dict[str, str] = {
            value: f"${{{hidden[value]}}}" for value in longest_first if len(value) >= shortest
        }

    def __call__(self, text: str) -> str:
        """Return a text as it may be shown, such as a program's errors."""
        for value, shown in self._shown.items():
            text = text.replace(value, shown)
        return _PASSWORD.sub("***", text) if "://" in text else text
