"""``pyproject.toml``: read, and our region spliced into ``[tool.uv] cache-keys``, text to text.

`project` reads the file, `insert` and `remove` edit its text, and `proof` parses both sides of each edit.
Writes nothing. May use: `quick` and what stands at the root below it.
"""
