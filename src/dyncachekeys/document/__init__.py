"""The splicing of our region into ``[tool.uv] cache-keys``: text to text, no I/O."""

from dyncachekeys.document.insertion import put
from dyncachekeys.document.removal import Cut, cut, has_region
from dyncachekeys.document.source import parse, user_entries

__all__ = ["Cut", "cut", "has_region", "parse", "put", "user_entries"]
