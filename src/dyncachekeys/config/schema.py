"""The schema of ``[tool.dyncachekeys]``, as the installed package has it: for validate-pyproject."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def schema(tool: str = "dyncachekeys") -> dict[str, Any]:
    """Return the JSON schema of the table, draft 7.

    The entry point of the group ``validate_pyproject.tool_schema`` (validate-pyproject, "Writing your own plugins").

    Args:
        tool: The name of the table below ``[tool]``.

    Raises:
        KeyError: it is another one than ours.
    """
    if tool != "dyncachekeys":
        raise KeyError(tool)
    text = Path(__file__).with_name("dyncachekeys.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
