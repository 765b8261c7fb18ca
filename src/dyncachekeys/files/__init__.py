"""The file system as a resolution sees it: trees, selections by patterns, ignore rules, git's own files.

Each file is looked at once in a run, and read only if it differs from what the last run remembered.
May use: `pyproject`, `quick`.
"""
