"""A configuration that fits a project: facts about it, keys for them, and the edit that writes them down.

May use: `syncing` and everything below it.
"""
