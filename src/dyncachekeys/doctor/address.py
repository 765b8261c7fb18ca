"""Where the documentation explains a code."""

from __future__ import annotations

PAGE = "docs/doctor.md"
"""It has an anchor for each code."""
_LABEL = "documentation"
"""Of the entry of ``[project.urls]``, in lower case, that says where the site is (core metadata: ``Project-URL``)."""


def address(code: str) -> str | None:
    """Return the address of a code; nothing as long as the metadata of our package name no site."""
    site = _site()
    return f"{site.rstrip('/')}/doctor/{anchor(code)}" if site is not None else None


def anchor(code: str) -> str:
    """Return the anchor of a code on its page."""
    return f"#{code.lower()}"


def _site() -> str | None:
    import importlib_metadata  # noqa: PLC0415  only where somebody wants the address

    try:
        urls = importlib_metadata.metadata("dyncachekeys").get_all("Project-URL") or []
    except importlib_metadata.PackageNotFoundError:  # run from its source
        return None
    labelled = (url.partition(",") for url in urls)
    return next((url.strip() for label, _, url in labelled if label.strip().lower() == _LABEL), None)
