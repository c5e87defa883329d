"""Acting on decisions: removing a copy, and keeping on the kept track what only the copy knew."""

from dataclasses import dataclass

import structlog

from catalog.models import BulkWork, Merge, Track
from catalog.services.tracks.families import families_of
from catalog.services.tracks.removal import remove_track, restore_track
from catalog.services.tracks.tagging import set_tags

TEXTS = ("artist", "album", "isrc")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Gain:
    """What a kept track would get: texts (of artist, album, ISRC) and tags that it lacks."""

    texts: dict[str, str]
    tags: dict[str, str]

    def __bool__(self) -> bool:
        return bool(self.texts or self.tags)


def gain_of(*, keeper: Track, copy: Track) -> Gain:
    """Return what `keeper` lacks and `copy` has; nothing of the keeper's own is ever replaced."""
    texts = {name: getattr(copy, name) for name in TEXTS if getattr(copy, name) and not getattr(keeper, name)}
    tags = {name: value for name, value in copy.tags.items() if name not in keeper.tags}
    return Gain(texts, tags)


def merge_and_remove(*, work: BulkWork, copy: Track) -> bool:
    """Give the kept track what it lacked, then remove the copy; False if there is nothing (more) to do.

    It reads the decisions again: one may have been undone since.
    """
    family = families_of([copy.pk]).get(copy.pk)
    if family is None or family.keeper in (None, copy.pk) or copy.removed_at:
        return False
    keeper = Track.objects.present().select_for_update().filter(pk=family.keeper).first()
    if keeper is None:
        return False
    gain = gain_of(keeper=keeper, copy=copy)
    if gain:
        set_tags(track_id=keeper.pk, texts=gain.texts, tags=gain.tags)
    Merge.objects.create(work=work, copy=copy, keeper=keeper, texts=gain.texts, tags=gain.tags)
    return remove_track(track=copy)


def restore_and_take_back(*, work: BulkWork, track: Track) -> bool:
    """Restore a track. If `work` undoes a merge, take back what the keeper got, unless somebody changed it since."""
    restored = restore_track(track=track)
    merge = Merge.objects.filter(work=work.undoes_id, copy=track.pk).first() if work.undoes_id and restored else None
    keeper = Track.objects.present().select_for_update().filter(pk=merge.keeper_id).first() if merge else None
    if merge and keeper:
        texts = {name: "" for name, text in merge.texts.items() if getattr(keeper, name) == text}
        tags = {name: None for name, value in merge.tags.items() if keeper.tags.get(name) == value}
        set_tags(track_id=keeper.pk, texts=texts, tags=tags)
        log.info("merge_undone", copy=track.pk, keeper=keeper.pk)
    return restored
