"""Other programs: where they are, how they are run, in which environment, and virtual environments made by uv.

May use: `errors`, `model`.
"""
