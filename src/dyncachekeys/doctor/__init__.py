"""A project, its cache keys and uv, checked against what uv really does.

`examine` gathers the findings; each family of them is a module. Only `metadata`, for `--build`, runs code of the
project. May use: `syncing` and everything below it.
"""
