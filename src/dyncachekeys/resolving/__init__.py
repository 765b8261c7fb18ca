"""From keys to inputs: each key's resolver is found, run, and its results get their states and reasons.

Built-in resolvers run here, all others in a process of their own (`isolated`, `worker`, `wire`).
May use: `plugin`, `trace`, `config`, `uv`, `files`.
"""
