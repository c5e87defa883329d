"""Catalog entries."""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat, Lower
from django.urls import reverse

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class TrackQuerySet(models.QuerySet["Track"]):
    """Filters on tracks; the one place where ownership is decided."""

    def present(self) -> "TrackQuerySet":
        """Tracks that were not removed."""
        return self.filter(removed_at=None)

    def visible_to(self, user: "User") -> "TrackQuerySet":
        """Tracks that `user` may see through the API: its own. What staff may see of others is for the pages to say."""
        return self.filter(owner=user)

    def with_words(self, words: Iterable[str]) -> "TrackQuerySet":
        """Tracks with each of the words in title, artist, album, ISRC or file name; the letters' case is the same."""
        found = self
        for word in words:
            found = found.filter(words__contains=Lower(Value(word)))
        return found


def _words_of(*names: str) -> Lower:
    """Return the text of several columns as one, in small letters, so that a search reads one column and not five."""
    parts: list[str | Value] = []
    for name in names:
        parts += [name, Value("\n")]
    return Lower(Concat(*parts))


class Track(models.Model):
    """One entry of the catalog; `music_id` is the API's `musicId`."""

    music_id = models.UUIDField("music id", default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tracks")
    audio_file = models.ForeignKey(
        "catalog.AudioFile", on_delete=models.PROTECT, related_name="tracks", null=True, blank=True
    )
    title = models.CharField(max_length=255)
    artist = models.CharField(max_length=255, blank=True)
    album = models.CharField(max_length=255, blank=True)
    isrc = models.CharField("ISRC", max_length=20, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    words = models.GeneratedField(
        expression=_words_of("title", "artist", "album", "isrc", "file_name"),
        output_field=models.TextField(),
        db_persist=True,
        editable=False,
    )
    created_at = models.DateTimeField("uploaded", auto_now_add=True, db_index=True)
    removed_at = models.DateTimeField("removed", null=True, blank=True)

    objects = TrackQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], condition=models.Q(removed_at=None), name="present_tracks"),
            models.Index(fields=["removed_at"], condition=models.Q(removed_at__isnull=False), name="removed_tracks"),
            models.Index(fields=["title"], name="tracks_by_title"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The staff page of this track."""
        return reverse("admin:catalog_track_change", args=[self.pk])
