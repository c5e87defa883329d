"""The audit trail, and what each person chose for their lists.

The trail says who did what, on what, when and from where. Its rows are never changed, and nobody deletes them by hand.
"""

from typing import Any, NoReturn

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from textsearch.fields import FoldedField, FoldingQuerySet, Searched


class AppendOnlyError(Exception):
    """An entry of the audit trail cannot be changed or deleted."""


class AppendOnlyQuerySet(FoldingQuerySet["AuditEntry"]):
    """Adds and reads entries. Only `staff.audit.retention` deletes, by a query set of its own."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        raise AppendOnlyError("Entries of the audit trail are neither changed nor deleted.")

    update = delete = bulk_update = _refuse

    def bulk_create(self, *args: Any, update_conflicts: bool = False, **options: Any) -> Any:
        """Store new entries.

        Raises:
            AppendOnlyError: one that is stored would be changed.

        """
        if update_conflicts:
            self._refuse()
        return super().bulk_create(*args, **options)


class AuditEntry(Searched):
    """One act. It stores the names of accounts and rows as they were then, and stays when they go."""

    class Kind(models.TextChoices):
        CHANGE = "change", "change"
        EXPORT = "export", "export"
        LOGIN = "login", "login"
        REFUSED = "refused", "refused"

    at = models.DateTimeField("when", default=timezone.now, db_index=True)
    kind = models.CharField(max_length=10, choices=Kind)
    act = models.CharField("what", max_length=150, help_text="Such as webhooks.endpoint.rotate_secret")
    actor = models.CharField("who", max_length=150, help_text="The account, or for a command the system's user")
    actor_key = models.BigIntegerField("account number", null=True)
    address = models.CharField("from where", max_length=64, blank=True)
    object_type = models.CharField("table", max_length=100, blank=True)
    object_key = models.CharField("row", max_length=64, blank=True)
    object_name = models.CharField("on what", max_length=255, blank=True)
    words = FoldedField(of=("actor", "act", "object_name", "object_key", "address"))
    changes = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder, help_text="Field: before and after; secrets are named, not shown"
    )
    detail = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        ordering = ["-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["object_type", "object_key", "-id"], name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.act} by {self.actor}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new entry.

        Raises:
            AppendOnlyError: it is stored already.
            IntegrityError: another entry has its number.

        """
        if not self._state.adding:
            raise AppendOnlyError("Entries of the audit trail are not changed.")
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        """Refuse, always."""
        raise AppendOnlyError("Entries of the audit trail are not deleted.")


class SavedView(models.Model):
    """A list as a person wants to see it again: filters, search, sorting and columns, under a name."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    table = models.CharField(max_length=100, help_text="What the list is of")
    name = models.CharField(max_length=80)
    query = models.TextField(blank=True, help_text="Filters and search, as in the list's address")
    sorting = models.JSONField(default=list, help_text="Names of columns, with a minus sign where it goes down")
    columns = models.JSONField(default=list, help_text="Names of columns")
    is_shared = models.BooleanField(default=False, help_text="All staff have it")

    class Meta:
        ordering = ["name", "pk"]
        default_permissions = ("change",)  # those of others; one's own need none
        constraints = [models.UniqueConstraint(fields=["owner", "table", "name"], name="one_view_of_a_name")]
        indexes = [models.Index(fields=["table", "name"], name="views_of_a_list")]

    def __str__(self) -> str:
        return self.name


class ListChoice(models.Model):
    """What one person chose for one list: its columns, and the view that it opens with."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="list_choices")
    table = models.CharField(max_length=100)
    columns = models.JSONField(default=list, help_text="Names of columns; none: the list's own")
    view = models.ForeignKey(SavedView, on_delete=models.SET_NULL, null=True, related_name="opens_for")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["account", "table"], name="one_choice_a_list")]

    def __str__(self) -> str:
        return f"{self.account}: {self.table}"
