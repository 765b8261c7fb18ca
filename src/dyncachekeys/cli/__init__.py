"""The command line: parsed, carried out and printed here; nothing below prints or exits.

May use: everything.
"""
