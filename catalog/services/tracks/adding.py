"""Adding uploaded files to the catalog as tracks."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from catalog.engine import FingerprintError
from catalog.engine.audio.info import AudioInfo
from catalog.models import AudioFile, Track
from catalog.services.audio import formats, looks, store, stored_files
from catalog.services.errors import UploadRefusedError
from catalog.services.tracks.file_names import plain_name, title_of
from catalog.services.tracks.quotas import claim_quota, refuse_over_quota
from catalog.services.tracks.tags import MAX_TEXT_CHARS, file_tags

log = structlog.get_logger(__name__)


def add_track(
    *,
    owner: User,
    source: Path,
    file_name: str,
    also: Callable[[Track], object] | None = None,
    most_mb: int | None = None,
) -> Track:
    """Add the file at `source` to the catalog as a new track of `owner`; `source` is only read.

    `also` is called with the track in the transaction that stores it: both are stored, or neither.

    Raises:
        UploadRefusedError: the file is too large, in no accepted format, or over the quota; the message says which.
        NotReachableError: the store of files cannot take it now, or too many other uploads are looked at.

    """
    size_bytes = source.stat().st_size
    refuse_size(size_bytes, most_mb=most_mb)
    refuse_over_quota(owner=owner, size_bytes=size_bytes)  # before the work; `claim_quota` decides
    sha256 = store.sha256_of(source)
    taken = _Taken(
        owner=owner, source=source, sha256=sha256, file_name=file_name, info=_probe(source), also=also or _nothing_else
    )
    known = AudioFile.objects.filter(sha256=sha256).first()
    lost = known is not None and not store.holds(known.stored_name, size_bytes=known.size_bytes)
    track = _track_of_known_bytes(taken, known) if known and not lost else None
    track = track or _track_of_new_bytes(taken, lost_name=known.stored_name if known and lost else "")
    log.info("track_added", music_id=str(track.music_id), size_bytes=size_bytes)
    return track


@dataclass(frozen=True)
class _Taken:
    """A file that may become a track."""

    owner: User
    source: Path
    sha256: str
    file_name: str
    info: AudioInfo
    also: Callable[[Track], object]


def _nothing_else(track: Track) -> None:
    pass


def _track_of_known_bytes(taken: _Taken, known: AudioFile) -> Track | None:
    """Return the new track of bytes that are stored already; None where they are going at this moment."""
    with transaction.atomic():
        claim_quota(owner=taken.owner, size_bytes=known.size_bytes)
        # Locked, so that nobody removes the last other track of these bytes before this one is there.
        audio_file = AudioFile.objects.select_for_update().filter(pk=known.pk).first()
        return _new_track(taken, audio_file) if audio_file else None


def _put_in_place(audio_file: AudioFile, name: str) -> None:
    """Let the file's row name what was stored anew, in place of what the store has lost."""
    stored_files.let_go(audio_file.stored_name)
    audio_file.stored_name = name
    AudioFile.objects.filter(pk=audio_file.pk).update(stored_name=name)


def _track_of_new_bytes(taken: _Taken, *, lost_name: str) -> Track:
    """Store the bytes, then their row and the track's. Another upload of the same bytes may be faster.

    `lost_name`: where the row says that the bytes are, and the store has not got them.
    """
    name = stored_files.place(source=taken.source, sha256=taken.sha256, suffix=formats.suffix_of(taken.info))
    named = ""
    try:
        with transaction.atomic():
            claim_quota(owner=taken.owner, size_bytes=taken.source.stat().st_size)
            audio_file = _audio_file(taken, stored_name=name)
            if audio_file.stored_name == lost_name:
                _put_in_place(audio_file, name)
            track = _new_track(taken, audio_file)
            if audio_file.stored_name == name:
                stored_files.confirm(name)
        named = audio_file.stored_name
        return track
    finally:
        if named != name:
            stored_files.discard(name)


def refuse_size(size_bytes: int, *, most_mb: int | None = None) -> None:
    """Raise `UploadRefusedError` if a track cannot have so many bytes; `most_mb` is `MAX_UPLOAD_MB` by default."""
    most_mb = most_mb or settings.MAX_UPLOAD_MB
    if size_bytes == 0:
        raise UploadRefusedError("The file is empty.")
    if size_bytes > most_mb * 1024 * 1024:
        raise UploadRefusedError(f"The file is larger than the limit of {most_mb} MB.")


def _probe(source: Path) -> AudioInfo:
    try:
        info = looks.look(source)
    except FingerprintError as error:
        raise UploadRefusedError(f"{error} Accepted formats: {formats.listed()}.") from error
    if formats.format_of(info) is None:
        kind = "a video" if info.has_video else f"a {info.container} file"
        raise UploadRefusedError(f"This is {kind}. Accepted formats: {formats.listed()}.")
    return info


def _audio_file(taken: _Taken, *, stored_name: str) -> AudioFile:
    info = taken.info
    audio_file, _ = AudioFile.objects.select_for_update().get_or_create(
        sha256=taken.sha256,
        defaults={
            "stored_name": stored_name,
            "size_bytes": taken.source.stat().st_size,
            "container": info.container[:40],
            "codec": info.codec[:40],
            "duration_s": info.duration_s or 0.0,
            "sample_rate_hz": info.sample_rate,
            "channels": info.channels,
            "bit_rate": info.bit_rate,
        },
    )
    return audio_file


def _new_track(taken: _Taken, audio_file: AudioFile) -> Track:
    tags = file_tags(taken.info.tags)
    name = plain_name(taken.file_name)
    # The contract's title is the file's name without its ending; what the file calls itself is kept among the tags.
    others = dict(tags.others) | ({"title": tags.title} if tags.title else {})
    track = Track.objects.create(
        owner=taken.owner,
        audio_file=audio_file,
        title=title_of(name),
        artist=tags.artist,
        album=tags.album,
        isrc=tags.isrc,
        tags=others,
        file_name=name[:MAX_TEXT_CHARS],
    )
    taken.also(track)
    return track
