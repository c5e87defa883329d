"""What reviewers arrange about a pair: notes, who decides it, and a second opinion."""

from django.contrib.auth.models import User

from catalog.models import PairCare, PairNote
from catalog.services.errors import CatalogError

Pair = tuple[int, int]


def write_note(*, pair: Pair, text: str, author: User) -> PairNote:
    """Store a note about a pair.

    Raises:
        CatalogError: the text is empty or too long.

    """
    words = text.strip().replace("\0", "")
    if not words:
        raise CatalogError("The note is empty.")
    if len(words) > PairNote.MOST_CHARS:
        raise CatalogError(f"The note is longer than {PairNote.MOST_CHARS} characters.")
    first, second = pair
    return PairNote.objects.create(first_track_id=first, second_track_id=second, text=words, author=author)


def assign(*, pair: Pair, to: User | None) -> PairCare:
    """Give a pair to a person to decide; None gives it to nobody."""
    return _keep(pair, assigned_to=to)


def ask_opinion(*, pair: Pair, by: User | None) -> PairCare:
    """Ask others for a second opinion: the pair leaves the queue of `by`. None withdraws the question."""
    return _keep(pair, opinion_asked_by=by)


def _keep(pair: Pair, **values: User | None) -> PairCare:
    first, second = pair
    care, _ = PairCare.objects.update_or_create(first_track_id=first, second_track_id=second, defaults=values)
    return care
