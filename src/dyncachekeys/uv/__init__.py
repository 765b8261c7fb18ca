"""What uv accepts, records and compares: measured, not read in its documentation (``docs/uv-facts.md``)."""

from dyncachekeys.names import is_credential
from dyncachekeys.uv.accepts import CURRENT, DEFAULTS, LINKS, STAMP_FILE, is_literal_path, malformed
from dyncachekeys.uv.newest import expanded, newest, newest_linked
from dyncachekeys.uv.program import Program, find
from dyncachekeys.uv.record import Record, expected_record, installed_record

__all__ = [
    "CURRENT",
    "DEFAULTS",
    "LINKS",
    "STAMP_FILE",
    "Program",
    "Record",
    "expanded",
    "expected_record",
    "find",
    "installed_record",
    "is_credential",
    "is_literal_path",
    "malformed",
    "newest",
    "newest_linked",
]
