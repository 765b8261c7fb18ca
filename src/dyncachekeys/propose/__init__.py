"""A configuration that fits a project: facts about it, keys for them, and the edit that writes them down.

`set_up` adds the line by which builds are watched; `undo` takes away what `init` has written. `propose` runs no code of
the project; `audit` runs its build under the tracer. May use: `syncing` and all below it.
"""
