"""The import guard: what of a project stands in its environment, and asks before the package is first imported.

`place` keeps the one ``.pth`` file of an environment, `import_names` finds out which names belong to a project,
`in_python` runs in the environment's own interpreter, and imports nothing of ours. What is asked there is answered by
`quick.guard` and, if that is not certain, by `syncing.guarded`. May use: `uv`, `files`, `pyproject`, `quick`.
"""
