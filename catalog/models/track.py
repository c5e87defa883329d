"""Tracks: the entries of the catalog."""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from textsearch.fields import FoldedField, FoldingQuerySet, Searched

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from catalog.models.client_fingerprint import ClientFingerprint

CONFLICTING = frozenset({"artist", "isrc", "owner", "owner_id"})  # what models/conflicts.py compares


class TrackQuerySet(FoldingQuerySet["Track"]):
    """Filters on tracks. Only here is decided which tracks an account owns."""

    def present(self) -> "TrackQuerySet":
        """Tracks that were not removed."""
        return self.filter(removed_at=None)

    def not_refreshed(self) -> "TrackQuerySet":
        """Present tracks whose fingerprint could not be made again after a change of the engine's parameters."""
        return self.present().exclude(refresh_error="")

    def visible_to(self, user: "User") -> "TrackQuerySet":
        """The tracks that `user` may see through the API: its own. Staff pages decide what staff may see."""
        return self.filter(owner=user)

    def with_source(self) -> "TrackQuerySet":
        """Read the audio file and the client's fingerprint along, without the bytes that no list shows."""
        related = self.select_related("audio_file", "client_fingerprint")
        return related.defer("audio_file__peaks", "client_fingerprint__data")


class Track(Searched):
    """One entry of the catalog; `music_id` is the API's `musicId`."""

    music_id = models.UUIDField("music id", default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tracks", db_index=False)
    audio_file = models.ForeignKey(
        "catalog.AudioFile", on_delete=models.PROTECT, related_name="tracks", null=True, blank=True
    )
    title = models.CharField(max_length=255)
    artist = models.CharField(max_length=255, blank=True)
    album = models.CharField(max_length=255, blank=True)
    isrc = models.CharField("ISRC", max_length=20, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    words = FoldedField(of=("title", "artist", "album", "isrc", "file_name", "tags__title"))
    created_at = models.DateTimeField("uploaded", auto_now_add=True, db_index=True)
    removed_at = models.DateTimeField("removed", null=True, blank=True)
    scanned_at = models.DateTimeField("last scanned", null=True, blank=True, editable=False)
    refresh_error = models.TextField(
        blank=True, default="", editable=False, help_text="Why its fingerprint could not be made again"
    )

    objects = TrackQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], condition=models.Q(removed_at=None), name="present_tracks"),
            models.Index(fields=["owner", "-created_at", "-id"], name="tracks_of_owner"),
            models.Index(fields=["removed_at"], condition=models.Q(removed_at__isnull=False), name="removed_tracks"),
            models.Index(fields=["title"], name="tracks_by_title"),
            models.Index(fields=["id"], condition=~models.Q(refresh_error=""), name="tracks_not_refreshed"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def length_s(self) -> float | None:
        """Length in seconds, of the audio or as the owner states it; None if the track has neither any more."""
        known = self.audio_file or self.made_by_client
        return known.duration_s if known else None

    @property
    def stored_bytes(self) -> int | None:
        """The size of what is stored: the audio, or the fingerprint that the owner made; None for neither."""
        known = self.audio_file or self.made_by_client
        return known.size_bytes if known else None

    @property
    def made_by_client(self) -> "ClientFingerprint | None":
        """The fingerprint that the owner made, for a track without audio; else None."""
        return None if self.audio_file_id else getattr(self, "client_fingerprint", None)

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Store the row. If its artist, ISRC or account may have changed, its matches get new conflicts."""
        was_there = not self._state.adding
        super().save(*args, update_fields=update_fields, **options)
        if was_there and (update_fields is None or not CONFLICTING.isdisjoint(update_fields)):
            self.matches_as_query.weigh_conflicts()
            self.matches_as_reference.weigh_conflicts()

    def get_absolute_url(self) -> str:
        """The staff page of this track."""
        return reverse("admin:catalog_track_change", args=[self.pk])
