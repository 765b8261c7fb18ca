"""What uv accepts, records and compares: measured, not taken from its documentation (``docs/uv-facts.md``).

Also which projects `uv sync` would build (`workspace`), the project's environment, and the setting by which builds
are watched (`build_variables`).
May use: `files`, `process`, `pyproject`.
"""
