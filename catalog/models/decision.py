"""Decisions about pairs of tracks."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Decision(models.Model):
    """A decision about an ordered pair of tracks, by a person or a rule. One that was not undone counts in later scans.

    A rule's decisions are its log: which rule, by which match, and when.
    """

    class Verdict(models.TextChoices):
        SAME = "same", "the same recording"
        VERSION = "version", "another version"
        USES = "uses", "one is used in the other"
        DIFFERENT = "different", "not a duplicate"
        ALLOWED = "allowed", "allowed, keep both"

    first_track = models.ForeignKey("catalog.Track", on_delete=models.PROTECT, related_name="decisions_as_first")
    second_track = models.ForeignKey("catalog.Track", on_delete=models.PROTECT, related_name="decisions_as_second")
    verdict = models.CharField(max_length=10, choices=Verdict)
    keeper = models.ForeignKey(
        "catalog.Track",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="The track to keep",
    )
    container = models.ForeignKey(
        "catalog.Track",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="The track that uses the other",
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions", null=True, blank=True
    )
    rule = models.ForeignKey(
        "catalog.Rule",
        on_delete=models.PROTECT,
        related_name="decisions",
        null=True,
        blank=True,
        db_index=False,
        help_text="The rule that decided this without a person",
    )
    match = models.ForeignKey(
        "catalog.Match",
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        help_text="The match by which the rule decided",
    )
    decided_at = models.DateTimeField(auto_now_add=True, db_index=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    batch = models.UUIDField(
        null=True, blank=True, editable=False, db_index=True, help_text="Decided together and undone together"
    )

    class Meta:
        ordering = ["-decided_at", "-id"]
        indexes = [
            models.Index(fields=["rule", "-decided_at"], condition=Q(rule__isnull=False), name="decisions_of_rule"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(rule=None, decided_by__isnull=False) | Q(rule__isnull=False, decided_by=None),
                name="a_decision_has_one_author",
            ),
            models.CheckConstraint(condition=Q(first_track__lt=F("second_track")), name="decision_pair_is_ordered"),
            models.UniqueConstraint(
                fields=["first_track", "second_track"],
                condition=Q(undone_at=None),
                name="one_standing_decision_per_pair",
            ),
            models.CheckConstraint(
                condition=Q(verdict="uses", container__isnull=False) | (~Q(verdict="uses") & Q(container=None)),
                name="a_use_names_its_container",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_track_id} and {self.second_track_id}: {self.get_verdict_display()}"

    @property
    def author(self) -> str:
        """Who decided: the name of an account, or the rule. Needs `decided_by` and `rule`."""
        return f"Rule: {self.rule}" if self.rule else self.decided_by.get_username() if self.decided_by else ""

    @property
    def loser_id(self) -> int | None:
        """The track that is not kept; None if both are."""
        if self.keeper_id is None:
            return None
        return self.second_track_id if self.keeper_id == self.first_track_id else self.first_track_id

    @property
    def words(self) -> str:
        """What was decided, for a person; for a use, which track uses which. Needs both tracks."""
        if self.container_id is None:
            return self.get_verdict_display()
        pair = (self.first_track, self.second_track)
        inner, outer = pair if self.container_id == self.second_track_id else pair[::-1]
        return f"“{inner.title}” is used in “{outer.title}”"
