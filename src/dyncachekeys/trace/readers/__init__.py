"""Reads what programs other than Python left of what they read (`in_build.programs`)."""

from dyncachekeys.trace.readers.facts import facts_of

__all__ = ["facts_of"]
