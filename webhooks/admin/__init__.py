"""Staff pages of callbacks, one file per table."""

from webhooks.admin import attempt, endpoint, message, received, refused, search, source

__all__ = ["attempt", "endpoint", "message", "received", "refused", "search", "source"]
