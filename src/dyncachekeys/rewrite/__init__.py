"""A file of the user's, replaced so that nothing is lost: no edit of somebody else, no owner, no right.

What somebody saves meanwhile is found at the last instant (`replace`), where the system can exchange two names
(`exchange`) and say who writes (`writers`); what belongs to the file goes on to the new one (`attributes`); what a
killed run has left is removed, or kept under a name (`leftovers`); and Ctrl-C says what it was too late for
(`interrupted`). May use: `quick`, `errors`.
"""
