"""Take the factory password away from a new Milvus cluster."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.engine import IndexUnavailable
from catalog.engine.index.milvus import MilvusAddress, take_factory_password


class Command(BaseCommand):
    """`secure_milvus`; safe to repeat."""

    help = "Set the password of the Milvus account in FINGERPRINT_INDEX, if it still has the factory password."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do it, or say that it is done."""
        try:
            address = MilvusAddress.parse(settings.FINGERPRINT_INDEX, timeout_s=settings.MILVUS_TIMEOUT_SECONDS)
            is_new = take_factory_password(address)
        except ValueError as error:
            raise CommandError(f"FINGERPRINT_INDEX: {error}") from error
        except IndexUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The factory password was replaced." if is_new else "The password was already replaced.")
