"""Watching a build from inside: what it reads, lists, misses, asks of the environment, starts and writes."""
