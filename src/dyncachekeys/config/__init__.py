"""``[tool.dyncachekeys]``: the one model of which validation, schema and reference are made.

`model` turns tables into dataclasses, `options` checks a resolver's options against its signature.
May use: the modules at the root.
"""
