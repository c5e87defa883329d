"""Writing entries, each with a line in the log, and adding to the entry of the current request."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db.models import Model

from staff.audit.actors import Actor, at_the_shell, command
from staff.audit.snapshots import clean, short
from staff.models import AuditEntry

log = structlog.get_logger("audit")


@dataclass
class Act:
    """What is known so far of what the current request does."""

    on: Model | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    is_recorded: bool = False


at_hand: ContextVar[Act | None] = ContextVar("act", default=None)


def note(on: Model | None = None, **detail: Any) -> None:
    """Set the row on which the current request acts, and add to its entry's details. Without a request do nothing."""
    act = at_hand.get()
    if act:
        act.on = on or act.on
        act.detail |= detail


def record(
    act: str,
    *,
    kind: str = AuditEntry.Kind.CHANGE,
    actor: Actor | None = None,
    on: Model | None = None,
    changes: dict[str, Any] | None = None,
    **detail: Any,
) -> AuditEntry:
    """Store that `actor` did something, and log it. Outside of a request the actor is who runs the command.

    The log line is written first, so that it is there even if the database refuses the entry.
    """
    if actor is None:
        actor, detail = at_the_shell(), {"command": command(), **detail}
    entry = AuditEntry(
        kind=kind,
        act=clean(act, most=150),
        actor=clean(actor.name, most=150),
        actor_key=actor.key,
        address=actor.address,
        changes=changes or {},
        detail=short(detail),
        **_named(on),
    )
    log.info(
        "audit_entry_stored", **{name: value for name, value in _fields(entry).items() if value not in (None, "", {})}
    )
    entry.save()
    if this := at_hand.get():
        this.is_recorded = True
    return entry


def _named(on: Model | None) -> dict[str, str]:
    if on is None:
        return {}
    return {"object_type": on._meta.label_lower, "object_key": str(on.pk)[:64], "object_name": str(on)[:255]}


def _fields(entry: AuditEntry) -> dict[str, Any]:
    return {field.name: getattr(entry, field.name) for field in entry._meta.concrete_fields}
