"""Python read without running it: which files of the tree a piece of code imports, and what it assigns.

May use: nothing of ours.
"""
