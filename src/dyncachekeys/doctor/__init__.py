"""A project, its cache keys and uv, checked against what uv really does.

`examine` gathers the findings; each family of them is a module. Only `metadata`, for `--build`, runs code of the
project. Knows nothing of its own about what a build depends on: that is `propose`, which it may use, with everything below it.
"""
