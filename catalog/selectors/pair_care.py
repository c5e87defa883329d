"""What reviewers arranged about a pair, and who can be given it."""

from dataclasses import dataclass

from django.contrib.auth.models import Permission, User
from django.db.models import Q

from catalog.models import PairCare, PairNote
from catalog.selectors.review import Pair

SHOWN_NOTES = 50  # the newest
MOST_REVIEWERS = 200


@dataclass(frozen=True)
class Talk:
    """The notes, oldest first, and who decides the pair."""

    notes: list[PairNote]
    assigned_to: User | None
    opinion_asked_by: User | None

    @property
    def anything(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.notes or self.assigned_to or self.opinion_asked_by)


def talk_about(pair: Pair) -> Talk:
    """Return what reviewers arranged about a pair."""
    first, second = pair
    named = {"first_track": first, "second_track": second}
    newest = PairNote.objects.filter(**named).select_related("author").order_by("-pk")[:SHOWN_NOTES]
    care = PairCare.objects.filter(**named).select_related("assigned_to", "opinion_asked_by").first()
    return Talk(
        notes=list(newest)[::-1],
        assigned_to=care.assigned_to if care else None,
        opinion_asked_by=care.opinion_asked_by if care else None,
    )


def reviewers() -> list[User]:
    """Return the members of staff who may decide, by name."""
    decides = Permission.objects.filter(content_type__app_label="catalog", codename="add_decision")
    allowed = Q(is_superuser=True) | Q(user_permissions__in=decides) | Q(groups__permissions__in=decides)
    found = User.objects.filter(allowed, is_active=True, is_staff=True).distinct().order_by("username")
    return list(found[:MOST_REVIEWERS])
