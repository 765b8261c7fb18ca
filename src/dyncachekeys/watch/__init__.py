"""Who notices a change of each input: an entry of uv's, a link, the stamp, or a name (`coverage`).

`by_stamp` and `by_name` are the two transports. May use: `resolving`, `uv`, `files`.
"""
