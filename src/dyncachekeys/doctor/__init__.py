"""`doctor`: a project, its cache keys and uv, checked against what uv really does. Runs no code of the project."""

from dyncachekeys.doctor.examination import examine
from dyncachekeys.doctor.finding import CATALOGUE, Finding, Level

__all__ = ["CATALOGUE", "Finding", "Level", "examine"]
