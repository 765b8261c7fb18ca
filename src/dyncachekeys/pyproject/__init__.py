"""``pyproject.toml``: read, and our region spliced into ``[tool.uv] cache-keys``, text to text.

`project` reads the file, `insert`, `renew` and `remove` edit its text, and each edit is proved by parsing both sides.
`assign` puts one text under any other path, for uv's settings, and `take_away` takes out what is under one. `tables`
looks into what was read. Writes nothing. May use: `encoding`, `errors`.
"""
