"""A configuration that fits a project: facts about it, keys for them, and the edit that writes them down."""

from dyncachekeys.proposal.proposing import Edit, Proposal, propose, write

__all__ = ["Edit", "Proposal", "propose", "write"]
