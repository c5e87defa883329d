"""What reviewers say to each other about a pair: notes, whose turn it is, and a second opinion."""

from django.contrib.auth.models import User

from catalog.models import PairCare, PairNote
from catalog.services.errors import CatalogError

Pair = tuple[int, int]


def write_note(*, pair: Pair, text: str, author: User) -> PairNote:
    """Store a note about a pair.

    Raises:
        CatalogError: it is empty, or longer than a note may be.

    """
    words = text.strip().replace("\0", "")
    if not words:
        raise CatalogError("The note is empty.")
    if len(words) > PairNote.MOST_CHARS:
        raise CatalogError(f"The note is longer than {PairNote.MOST_CHARS} characters.")
    first, second = pair
    return PairNote.objects.create(first_track_id=first, second_track_id=second, text=words, author=author)


def assign(*, pair: Pair, to: User | None) -> PairCare:
    """Give a pair to somebody, or to nobody again."""
    return _keep(pair, assigned_to=to)


def ask_opinion(*, pair: Pair, by: User | None) -> PairCare:
    """Ask others for a second opinion, so that the pair leaves the queue of the one who asks; None: needs none."""
    return _keep(pair, opinion_asked_by=by)


def _keep(pair: Pair, **values: User | None) -> PairCare:
    first, second = pair
    care, _ = PairCare.objects.update_or_create(first_track_id=first, second_track_id=second, defaults=values)
    return care
