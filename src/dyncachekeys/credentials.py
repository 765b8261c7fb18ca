"""Which variables may hold what nobody else should know, going by their names."""

from __future__ import annotations

import re

_CREDENTIAL = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_KEY|PRIVATE_KEY", re.IGNORECASE)


def is_credential(name: str) -> bool:
    """Tell whether a variable's name looks like a credential's: uv stores values in plain text (U8)."""
    return bool(_CREDENTIAL.search(name))
