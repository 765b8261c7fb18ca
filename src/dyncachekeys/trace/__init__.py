"""A build traced from inside: what it reads, lists, looks for, asks of the environment and runs.

`in_build` runs in the build's own interpreter; all else filters what it logs, and stores it like a depfile.
May use: `uv`, `files`, `process`, `pyproject`, and what lies below them.
"""
