"""Columns that link to tracks."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.presentation.wording import source_badge
from staff import display
from staff.admin.columns import Column


class Playable:
    """A list whose rows have a play button for each track, for those who may listen."""

    list_after_template = "catalog/listen.html"


def track_link(track: Any) -> SafeString:
    """Return a link to a track with its artist below; it says so if the track was removed or has no audio."""
    gone = display.badge("off", "delete", "removed") if track.removed_at else ""
    return format_html(
        '{}<span class="mf-two"><a class="mf-link mf-cut" href="{}" title="{}">{}</a>{}{}'
        '<span class="mf-sub mf-cut">{}</span></span>',
        _play_button(track),
        reverse("admin:catalog_track_change", args=[track.pk]),
        track.title,
        track.title,
        gone,
        source_badge(track),
        " · ".join(filter(None, (_own_title(track), track.artist))),
    )


def _play_button(track: Any) -> SafeString | str:
    """Return a button that plays a track in the list, where there is audio."""
    if not track.audio_file_id:
        return ""
    return format_html(
        '<button type="button" class="mf-listen" data-listen="{}" aria-pressed="false" aria-label="Play {}">'
        '<span class="material-symbols-outlined" aria-hidden="true">play_arrow</span></button>',
        reverse("catalog:audio", args=[track.music_id]),
        track.title,
    )


def _own_title(track: Any) -> str:
    """Return what the file calls itself, where that is not what it is called here."""
    own = str(track.tags.get("title") or "")
    return f"“{own}”" if own and own != track.title else ""


def without_bytes(rows: QuerySet[Any], *fields: str) -> QuerySet[Any]:
    """Leave in the database the bytes of clients' fingerprints that are read along with `fields`."""
    return rows.defer(*(f"{field}__client_fingerprint__data" for field in fields))


def track_column(field: str, title: str) -> Column:
    """Return a column that links to the track in `field`."""

    @admin.display(description=title, ordering=f"{field}__title")
    def column(_admin: Any, row: Model) -> str:
        return track_link(getattr(row, field))

    return column
