"""The filters of the track list by the names in its address: the same for the list, for scans and for schedules."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.text import smart_split, unescape_string_literal

from catalog.models import BulkWork, ClientFingerprint, IndexOperation, Job, Track
from catalog.models.audio_file import damaged_audio
from catalog.selectors.families import in_open_pairs
from catalog.selectors.tracks import with_standing
from catalog.selectors.uses import containers
from catalog.services.errors import CatalogError
from catalog.services.index.log import CURRENT_VERSION
from textsearch.folding import fold

LONGEST_VALUE = 255  # of one filter, as long as a title
_PART_OF_AN_ID = re.compile(r"[0-9a-f][0-9a-f-]{7,}", re.IGNORECASE)
# How the list is shown; a scan takes present tracks whatever `state` says.
_UNSEEN = ("o", "p", "e", "view", "state", "all")
Choices = dict[str, str]


class UnknownFilterError(CatalogError):
    """A scan does not know this filter of the track list."""


@dataclass(frozen=True)
class TrackFilter:
    """One filter: its title, the condition for a value, its choices, and how a value reads."""

    title: str
    test: Callable[[str], Q]
    choices: Choices
    words: Callable[[str], str] | None = None

    def describe(self, value: str) -> str:
        """Return the filter and its value for a person: `last check: never checked`."""
        return f"{self.title}: {self.words(value) if self.words else self.choices.get(value, value)}"


def _indexed(value: str) -> Q:
    added = Q(index_state=IndexOperation.Kind.ADD)
    tests = {"yes": added, "no": Q(index_state=None) | ~added, "not-refreshed": ~Q(refresh_error="")}
    return tests.get(value, Q())


def _checked(value: str) -> Q:
    duplicate, holding = Q(was_duplicate=True), Q(pk__in=containers())
    tests: dict[str, Callable[[], Q]] = {
        "duplicate": lambda: duplicate,
        "open": lambda: duplicate & in_open_pairs(),
        "settled": lambda: duplicate & ~in_open_pairs(),
        "uses": lambda: holding,
        "none": lambda: Q(was_duplicate=False) & ~holding,
        "never": lambda: Q(was_duplicate__isnull=True),
    }
    return tests[value]() if value in tests else Q()


def _audio(value: str) -> Q:
    return damaged_audio("audio_file__") if value == "damaged" else Q()


def _fingerprint(value: str) -> Q:
    """Find the client's fingerprints, which are few, by their own table."""
    made = ClientFingerprint.objects.all()
    wanted = {
        "unconfirmed": made.filter(confirmed_at=None),
        "confirmed": made.filter(confirmed_at__isnull=False),
        "outdated": made.exclude(version=CURRENT_VERSION),
    }.get(value)
    return Q() if wanted is None else Q(pk__in=wanted.values("track_id"))


def _artist(value: str) -> Q:
    """Find an artist in any spelling: the folded texts lead to the rows, and their own column decides."""
    wanted = fold(value)
    named = Track.objects.filter(words__contains=f"\n{wanted}\n").order_by().values_list("artist", flat=True).distinct()
    return Q(artist__in=[artist for artist in named if fold(artist) == wanted])


def _added(value: str) -> Q:
    since = _moment(value)
    return Q(created_at__gte=since) if since else Q()


def _scanned(value: str) -> Q:
    if value == "never":
        return Q(scanned_at=None)
    since = _moment(value)
    return Q(scanned_at=None) | Q(scanned_at__lt=since) if since else Q()


def _moment(value: str) -> datetime | None:
    """Return so many days ago, or the beginning of a day that is given as `2026-11-30`; None for anything else."""
    if value.isascii() and value.isdecimal() and len(value) <= 4:
        return timezone.now() - timedelta(days=int(value))
    try:
        return timezone.make_aware(datetime.combine(date.fromisoformat(value), time.min))
    except (ValueError, OverflowError):
        return None


def _in_bulk_action(value: str) -> Q:
    return Q(Exists(Job.objects.filter(track=OuterRef("pk"), bulk_work=_number(value))))


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 18 else 0


def _owner_words(value: str) -> str:
    return User.objects.filter(pk=_number(value)).values_list("username", flat=True).first() or f"number {value}"


def is_music_id(term: str) -> bool:
    """Tell whether a search is for a whole music id."""
    try:
        UUID(term)
    except ValueError:
        return False
    return True


def searched(term: str) -> Q:
    """Return the condition of a search: a whole music id by its index, else every word or the beginning of one."""
    term = term.strip()
    if is_music_id(term):
        return Q(music_id=UUID(term))
    test = Q()
    for word in smart_split(fold(term)):
        quoted = word.startswith(('"', "'")) and len(word) > 1 and word[0] == word[-1]
        test &= Q(words__contains=unescape_string_literal(word) if quoted else word)
    return test | Q(music_id__istartswith=term) if _PART_OF_AN_ID.fullmatch(term) else test


_DAYS = {"1": "last 24 hours", "7": "last 7 days", "30": "last 30 days", "365": "last year"}
# name in the address -> the filter
FILTERS: dict[str, TrackFilter] = {
    "q": TrackFilter("search", searched, {}, lambda value: f"“{value}”"),
    "artist": TrackFilter("artist", _artist, {}),
    "indexed": TrackFilter(
        "index", _indexed, {"yes": "in the index", "no": "not in the index", "not-refreshed": "new fingerprint failed"}
    ),
    "checked": TrackFilter(
        "last check",
        _checked,
        {
            "duplicate": "duplicate",
            "open": "duplicate, to decide",
            "settled": "duplicate, settled",
            "uses": "uses other recordings",
            "none": "no duplicate, uses nothing",
            "never": "never checked",
        },
    ),
    "added": TrackFilter("uploaded", _added, _DAYS, lambda value: _DAYS.get(value, f"since {value}")),
    "scanned": TrackFilter(
        "scanned", _scanned, {"never": "never", **{days: f"not in the {words}" for days, words in _DAYS.items()}}
    ),
    "codec": TrackFilter(
        "format",
        # FFmpeg has `mp3` and `mp3float`, and many kinds of PCM.
        lambda value: Q(audio_file__codec__startswith=value),
        {codec: codec for codec in ("mp3", "aac", "vorbis", "opus", "flac", "alac")} | {"pcm": "wav"},
    ),
    "audio": TrackFilter("audio", _audio, {"damaged": "damaged or cut short"}),
    "fingerprint": TrackFilter(
        "fingerprint",
        _fingerprint,
        {
            "unconfirmed": "made by the client, not confirmed",
            "confirmed": "made by the client, confirmed",
            "outdated": "made by the client, outdated",
        },
    ),
    "owner__id__exact": TrackFilter("owner", lambda value: Q(owner=_number(value)), {}, _owner_words),
    "batch": TrackFilter("bulk action", _in_bulk_action, {}, lambda value: f"number {value}"),
}


def asked_of(query: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    """Return the filters of a track list's address in one form: `added=7&artist=Somebody`; empty for all tracks.

    Raises:
        UnknownFilterError: scans do not know one of the filters, or it is too long.

    """
    given = {name: value for name, value in dict(query).items() if value and name not in _UNSEEN}
    for name, value in given.items():
        if name not in FILTERS:
            raise UnknownFilterError(f"A scan does not know the filter “{name[:50]}” of the track list.")
        if len(value) > LONGEST_VALUE or "\0" in value:
            raise UnknownFilterError(f"The filter “{FILTERS[name].title}” has a value that no track has.")
    return urlencode(sorted(given.items()))


def filtered(asked: str) -> QuerySet[Track]:
    """Return the present tracks that a filter selects, with the annotations of `with_standing`."""
    tracks = with_standing(Track.objects.present()) if asked else Track.objects.present()
    for name, value in parse_qsl(asked):
        tracks = tracks.filter(FILTERS[name].test(value))
    return tracks


def words_of(asked: str) -> list[str]:
    """Return a filter for a person, each part as a text; empty for the whole catalog."""
    return [FILTERS[name].describe(value) for name, value in parse_qsl(asked) if name in FILTERS]


def newest_bulk_actions(limit: int) -> QuerySet[BulkWork]:
    """Return the newest bulk actions that made tasks, for a choice."""
    kinds = (BulkWork.Kind.ADD, BulkWork.Kind.CHECK)
    return BulkWork.objects.filter(kind__in=kinds).only("pk", "kind", "asked_at", "total")[:limit]
