"""What uv accepts, records and compares: measured, not read in its documentation (``docs/uv-facts.md``)."""

from dyncachekeys.uv.accepts import CURRENT, STAMP_FILE, is_credential, is_literal_path
from dyncachekeys.uv.newest import expanded, newest
from dyncachekeys.uv.record import Record, expected_record, installed_record

__all__ = [
    "CURRENT",
    "STAMP_FILE",
    "Record",
    "expanded",
    "expected_record",
    "installed_record",
    "is_credential",
    "is_literal_path",
    "newest",
]
