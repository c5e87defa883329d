"""Accounts and groups that a command changes, Django's own commands too. On pages the middleware records more."""

from typing import Any

from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from staff.audit import snapshots
from staff.audit.recording import at_hand, note, record


@receiver(pre_save, sender=User)
@receiver(pre_save, sender=Group)
def remember(instance: Model, **_: Any) -> None:
    """Remember the row before the change."""
    if at_hand.get() is None:
        was = snapshots.find(type(instance), str(instance.pk)) if instance.pk else None
        instance.audit_before = snapshots.values_of(was)  # type: ignore[attr-defined]


@receiver(post_save, sender=User)
@receiver(post_save, sender=Group)
def saved(instance: Model, created: bool, **_: Any) -> None:  # noqa: FBT001
    """Record what changed."""
    if at_hand.get() is not None:
        return
    now = snapshots.find(type(instance), str(instance.pk))
    changes = snapshots.differences(getattr(instance, "audit_before", {}), snapshots.values_of(now))
    if changes.keys() - {"last_login"}:
        record(f"{instance._meta.label_lower}.{'add' if created else 'change'}", on=instance, changes=changes)


@receiver(post_delete, sender=User)
@receiver(post_delete, sender=Group)
def deleted(instance: Model, **_: Any) -> None:
    """Record the deletion."""
    if at_hand.get() is None:
        record(f"{instance._meta.label_lower}.delete", on=instance)


@receiver(post_save, sender=LogEntry)
def added(instance: LogEntry, **_: Any) -> None:
    """Take the row that a form added from Django's own log entry: the form's address does not name it."""
    if instance.action_flag == ADDITION and at_hand.get() is not None:
        note(on=instance.get_edited_object())
