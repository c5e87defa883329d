"""Setting the texts and tags of a track."""

from collections.abc import Mapping

import structlog
from django.db import transaction

from catalog.models import Track
from catalog.services.errors import CatalogError, TrackGoneError

MOST_TAGS = 100  # of one track, beside title, artist, album and ISRC
log = structlog.get_logger(__name__)


class TooManyTagsError(CatalogError):
    """The track would have more tags than allowed."""


def set_tags(*, track_id: int, texts: Mapping[str, str], tags: Mapping[str, str | None]) -> Track:
    """Set `texts` (of title, artist, album, isrc), and merge `tags` into the track's; the value None removes a tag.

    Raises:
        TrackGoneError: the track was removed.
        TooManyTagsError: more than `MOST_TAGS`; nothing is changed.

    """
    with transaction.atomic():
        track = Track.objects.present().select_for_update().filter(pk=track_id).first()
        if track is None:
            raise TrackGoneError("The track was removed.")
        merged = track.tags | tags
        track.tags = {name: value for name, value in merged.items() if value is not None}
        if len(track.tags) > MOST_TAGS:
            raise TooManyTagsError(f"A track has at most {MOST_TAGS} tags.")
        for name, text in texts.items():
            setattr(track, name, text)
        track.save(update_fields=[*texts, "tags"])
    log.info("track_tagged", music_id=str(track.music_id))
    return track
