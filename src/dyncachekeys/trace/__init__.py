"""A build watched from inside: what it reads, lists, looks for, asks of the environment and runs.

`in_build` runs in the build's own interpreter; all else judges what it wrote down, and keeps it like a depfile.
May use: `uv`, `files`, `process`, `pyproject`.
"""
