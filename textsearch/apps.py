"""The textsearch app."""

from django.apps import AppConfig


class TextSearchConfig(AppConfig):
    """Folded texts beside those that are searched."""

    name = "textsearch"

    def ready(self) -> None:
        """Follow the accounts."""
        from django.contrib.auth.models import User  # noqa: PLC0415
        from django.db.models.signals import post_save  # noqa: PLC0415

        from textsearch.models import note_account  # noqa: PLC0415

        post_save.connect(note_account, sender=User, dispatch_uid="textsearch-accounts")
