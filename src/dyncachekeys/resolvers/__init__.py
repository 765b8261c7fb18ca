"""The built-in resolvers: one file each, named as its entry point, written against `dyncachekeys.plugin`.

May use: `plugin`, and what reads text: `backends`, `pysource`.
"""
