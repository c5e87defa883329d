"""Sources: who may call the incoming endpoint."""

from django.db import IntegrityError, transaction

from webhooks.models import Source
from webhooks.secret_box import new_secret, seal, unseal
from webhooks.services.sealed_secrets import rotate


class SourceExistsError(Exception):
    """Another source has this slug."""


def create_source(*, slug: str, secret: str | None = None) -> tuple[Source, str]:
    """Make a source and return it with its secret: the one that the sender gave out, or a new one.

    Raises SourceExistsError where the slug is taken.
    """
    text = secret or new_secret()
    try:
        with transaction.atomic():
            return Source.objects.create(slug=slug, sealed_secret=seal(text)), text
    except IntegrityError as error:
        raise SourceExistsError(f"The source {slug!r} already exists.") from error


def source_secret(*, source: Source) -> str:
    """Return the source's current secret."""
    return unseal(source.sealed_secret)


def rotate_source_secret(*, source: Source, seen: str = "") -> str:
    """Give the source a new secret and return it; the old one is accepted for another day.

    `seen` is that of `sealed_secrets.rotate`. Raises RotatedMeanwhileError.
    """
    return rotate(source, seen=seen)
