"""All that we know of build backends: which tables, files and scripts they read, and whence their metadata is.

May use: `pysource`, `uv`, `files`, `pyproject`.
"""
