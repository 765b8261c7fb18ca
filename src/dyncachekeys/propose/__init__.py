"""A configuration that fits a project: facts about it, keys for them, and the edit that writes them down.

`propose` runs no code of the project; `audit` runs its build under the tracer. May use: `syncing` and all below it.
"""
