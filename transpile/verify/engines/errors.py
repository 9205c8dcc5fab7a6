"""The one error that engines raise."""

from __future__ import annotations


class EngineError(Exception):
    """An engine can't be started, or refuses a query or a document; the text is its own reason."""
