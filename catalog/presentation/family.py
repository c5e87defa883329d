"""The role of a track in its family, as a badge."""

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.models import Track
from catalog.services.tracks.families import Family
from staff import display

_ROLES = {
    "kept": ("good", "verified", "the one to keep"),
    "copy": ("off", "content_copy", "a copy"),
    "version": ("off", "alt_route", "another version"),
}


def role_badge(role: str) -> SafeString:
    """Return the role of a track in its family as a badge."""
    return display.badge(*_ROLES[role])


def family_cell(track: Track, family: Family | None) -> SafeString | str:
    """Return the role of a track in its family, and how many others are in it."""
    if family is None:
        return display.NOTHING
    return format_html(
        '<span class="mf-two">{}<span class="mf-sub">{}</span></span>', _place(track, family), _size(family)
    )


def _place(track: Track, family: Family) -> SafeString | str:
    if track.pk == family.keeper:
        return role_badge("kept")
    title = family.names.get(family.keeper or 0)
    if title is None:
        return "" if len(family.copies) == 1 else role_badge("copy")
    url = reverse("admin:catalog_track_change", args=[family.keeper])
    return format_html('copy of <a class="mf-link mf-cut" href="{}" title="{}">{}</a>', url, title, title)


def _size(family: Family) -> str:
    parts = [(family.count_of_copies, "other copy", "other copies"), (family.count_of_versions, "version", "versions")]
    return ", ".join(f"{display.number(count)} {one if count == 1 else many}" for count, one, many in parts if count)
