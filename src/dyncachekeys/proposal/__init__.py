"""A configuration that fits a project: facts about it, keys for them, and the edit that writes them down."""

from dyncachekeys.proposal.proposing import Proposal, propose
from dyncachekeys.proposal.wishes import Wishes
from dyncachekeys.proposal.writing import Edit, ignoring, write

__all__ = ["Edit", "Proposal", "Wishes", "ignoring", "propose", "write"]
