"""Who notices a change of each input: an entry of uv's, a link, the stamp, or a name (`coverage`).

`by_stamp` and `by_name` are the two transports; `links` makes links, `linkable` tells which files may have one, and
`folders`, `behind` and `in_force` are about links to whole folders. May use: `resolving`, `uv`, `files`.
"""
