"""Counts of the attempts that are kept, by the hour, and why callbacks failed; as the services of that day counted."""

import math
from collections import Counter

from django.db import migrations
from django.db.models import OuterRef, Subquery

_STATUSES = {401: "login", 403: "login", 407: "login", 404: "path", 405: "path", 410: "path"}
_STATUSES |= {429: "busy", 502: "gateway", 503: "gateway", 504: "gateway"}
_HUNDREDS = {3: "redirect", 4: "rejected", 5: "server"}
_WORDS = (
    ("host name is unknown", "host"),
    ("URL's host", "address"),
    ("refused the connection", "refused"),
    ("closed the connection before", "closed"),
    ("within", "timeout"),
    ("certificate", "tls"),
    ("TLS", "tls"),
    ("not HTTP", "not_http"),
    ("worker stopped", "worker"),
    ("disabled", "disabled"),
    ("was not verified", "unverified"),
)
_BATCH_ROWS = 2000


def _cause(status, words):
    if status is not None:
        return _STATUSES.get(status) or _HUNDREDS.get(status // 100, "other")
    return next((cause for part, cause in _WORDS if part in words), "other")


def _step(took_ms):
    return min(int(math.log2(max(took_ms, 1)) * 2), 50) if took_ms is not None else 0


def _hour(moment):
    return int(moment.timestamp() // 3600)


def fill(apps, schema_editor):
    """Go through the attempts and the failed callbacks once; broken off, it is run again from the beginning."""
    tables = {name: apps.get_model("webhooks", name) for name in ("Attempt", "AttemptCount", "Message")}
    tables["AttemptCount"].objects.all().delete()
    attempts, given_up = Counter(), Counter()
    _count_attempts(tables["Attempt"], attempts)
    _name_causes(tables["Message"], tables["Attempt"], given_up)
    rows = [
        tables["AttemptCount"](
            endpoint_id=key[0], hour=key[1], cause=key[2], step=key[3], attempts=attempts[key], given_up=given_up[key]
        )
        for key in attempts | given_up
    ]
    tables["AttemptCount"].objects.bulk_create(rows, batch_size=_BATCH_ROWS)


def _count_attempts(attempt_table, attempts):
    ended = attempt_table.objects.exclude(ended_at=None).order_by()
    found = ended.values_list("message__endpoint_id", "ended_at", "status", "duration_ms", "error")
    for endpoint, ended_at, status, took_ms, error in found.iterator(chunk_size=_BATCH_ROWS):
        accepted = status is not None and 200 <= status < 300
        cause = "" if accepted else _cause(status, error)
        attempts[endpoint, _hour(ended_at), cause, _step(took_ms) if accepted else 0] += 1


def _name_causes(message_table, attempt_table, given_up):
    last = attempt_table.objects.filter(message=OuterRef("pk")).order_by("-number")
    failed = message_table.objects.filter(state="failed", content_deleted_at=None).annotate(
        status=Subquery(last.values("status")[:1]),
        words=Subquery(last.values("error")[:1]),
        ended_at=Subquery(last.values("ended_at")[:1]),
    )
    causes = {}
    for message in failed.order_by().iterator(chunk_size=_BATCH_ROWS):
        ended = message.error.startswith("Every attempt")
        cause = _cause(message.status, message.words or "") if ended else _cause(None, message.error)
        causes.setdefault(cause, []).append(message.pk)
        given_up[message.endpoint_id, _hour(message.ended_at or message.created_at), cause, 0] += 1
    for cause, keys in causes.items():
        for start in range(0, len(keys), _BATCH_ROWS):
            message_table.objects.filter(pk__in=keys[start : start + _BATCH_ROWS]).update(cause=cause)


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0016_health_over_time")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
