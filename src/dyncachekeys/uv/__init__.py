"""What uv accepts, records and compares: measured, not taken from its documentation (``docs/uv-facts.md``).

Also which projects `uv sync` would build (`workspace`), and the project's environment.
May use: `files`, `process`, `pyproject`.
"""
