"""What people search accounts by: Django's own table of accounts takes no column of ours."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models

from textsearch.fields import BETWEEN_TEXTS
from textsearch.folding import fold

ACCOUNT_TEXTS = ("username", "first_name", "last_name", "email")


class AccountText(models.Model):
    """An account's names and address, folded; written whenever the account is saved."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="search"
    )
    words = models.TextField(editable=False)

    def __str__(self) -> str:
        return self.words


def account_words(account: Any) -> str:
    """Return the words of an account, or of a row that has its columns."""
    return fold(BETWEEN_TEXTS.join(getattr(account, name) for name in ACCOUNT_TEXTS))


def note_account(instance: User, raw: bool, update_fields: frozenset[str] | None, **_: object) -> None:  # noqa: FBT001
    """Follow an account that was saved; a login writes its time alone."""
    if not raw and (update_fields is None or update_fields.intersection(ACCOUNT_TEXTS)):
        AccountText.objects.update_or_create(account=instance, defaults={"words": account_words(instance)})
