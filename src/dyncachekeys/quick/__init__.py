"""The fast path: is there anything to do at all, and the edit of known files.

It sits in front of every uv command, so it imports nothing above it: a snapshot of what the last run looked
at, the check whether that still holds, and what an edit changes (stamp, history). May use: `errors` and,
for annotations, `model`.
"""
