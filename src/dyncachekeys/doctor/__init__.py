"""A project, its cache keys and uv, checked against what uv really does. Runs no code of the project.

`examine` gathers the findings; a module for each family of them. May use: `syncing` and everything below it.
"""
