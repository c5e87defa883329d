"""How long entries are kept: the one way in which they go."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from staff.models import AuditEntry


def old_entries(now: datetime) -> QuerySet[AuditEntry]:
    """Return the entries whose time is over, by a query set that may delete them."""
    return QuerySet(AuditEntry).filter(at__lt=now - timedelta(days=settings.AUDIT_RETENTION_DAYS)).order_by("at")
