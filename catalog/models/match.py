"""Matches: what checks and scans found, with the evidence."""

from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, Value, When, Window
from django.db.models.functions import Greatest, Least, RowNumber

from catalog.models.conflicts import COPIES as COPY_RELATIONS
from catalog.models.conflicts import weight_of
from catalog.models.decision import Decision

WEIGHED_TOGETHER = 500  # in one statement


class MatchQuerySet(models.QuerySet["Match"]):
    """Orders and filters of matches, and the columns that lists need."""

    def with_tracks(self, *, has_segments: bool = False) -> "MatchQuerySet":
        """Read both tracks along with what pages say of them, without the large columns that lists do not draw."""
        sides = ("query_track", "reference_track")
        beside = [f"{side}__{name}" for side in sides for name in ("audio_file", "client_fingerprint")]
        heavy = [f"{side}__{name}" for side in sides for name in ("audio_file__peaks", "client_fingerprint__data")]
        heavy += [] if has_segments else ["segments"]
        return self.select_related(*beside).defer("similarity_curve", *heavy)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """Store many rows, each with its conflict. Tracks that the rows do not have loaded are read together."""
        rows = list(objs)
        for start in range(0, len(rows), WEIGHED_TOGETHER):  # SQLite compares with fewer than a thousand keys at once
            models.prefetch_related_objects(rows[start : start + WEIGHED_TOGETHER], "query_track", "reference_track")
        for row in rows:
            row.conflict = weight_of(row)
        return super().bulk_create(rows, *args, **options)

    def weigh_conflicts(self) -> None:
        """Compute the conflicts again and store them, as after a change of a track."""
        changed: list[Any] = []
        for row in self.select_related("query_track", "reference_track").defer("segments", "similarity_curve"):
            if row.conflict != (weight := weight_of(row)):
                row.conflict = weight
                changed.append(row)
        self.model.objects.bulk_update(changed, ["conflict"], batch_size=WEIGHED_TOGETHER)

    def undecided(self) -> Self:
        """Leave out matches whose pair has a standing decision."""
        decided = Decision.objects.filter(
            first_track=Least(OuterRef("query_track_id"), OuterRef("reference_track_id")),
            second_track=Greatest(OuterRef("query_track_id"), OuterRef("reference_track_id")),
            undone_at=None,
        )
        return self.filter(~Exists(decided))

    def of_present_tracks(self) -> Self:
        """Leave out matches of tracks that were removed."""
        return self.filter(query_track__removed_at=None, reference_track__removed_at=None)

    def closest_first(self) -> "MatchQuerySet":
        """Sort by relation, then by the smaller share, then by score; if all are equal, the oldest reference first."""
        return self.order_by(*_closest_first())

    def closest_of_each_pair(self) -> Self:
        """Leave the closest match between each two tracks, whichever was checked."""
        pair = (Least("query_track_id", "reference_track_id"), Greatest("query_track_id", "reference_track_id"))
        place = Window(RowNumber(), partition_by=list(pair), order_by=_closest_first())
        return self.order_by().alias(place=place).filter(place=1)


def _closest_first() -> list[Any]:
    ranks = [When(relation=relation, then=Value(rank)) for rank, relation in enumerate(Match.Relation.values)]
    return [
        Case(*ranks, output_field=IntegerField()),
        Least("query_coverage", "reference_coverage").desc(),
        F("score").desc(),
        "reference_track_id",
        "-pk",
    ]


class Match(models.Model):
    """One reference track that a check, or a scan of the whole catalog, found in its query track."""

    class Verdict(models.TextChoices):
        DUPLICATE = "duplicate", "duplicate"
        CONTAINS = "contains", "contains a part"
        NONE = "none", "not a duplicate"

    class Relation(models.TextChoices):
        """How the query relates to the reference, the closest first; the shares are of what sounds."""

        IDENTICAL = "identical", "the same audio"
        SAME = "same", "the same recording"
        EXCERPT = "excerpt", "an excerpt"
        CONTAINS = "contains", "contains all of it"
        OVERLAP = "overlap", "shares a part"
        RELATED = "related", "perhaps another performance"

    class Edit(models.TextChoices):
        """How the order of the query's parts was changed, according to its segments."""

        CUT = "cut", "cut"
        ADDED = "added", "with something added in between"
        LOOPED = "looped", "looped"
        SWAPPED = "swapped", "halves swapped"
        REORDERED = "reordered", "parts in another order"

    # What may be joined as copies of one recording.
    COPIES = tuple(map(Relation, COPY_RELATIONS))

    job = models.ForeignKey("catalog.Job", on_delete=models.CASCADE, related_name="matches", null=True, blank=True)
    scan = models.ForeignKey(
        "catalog.Scan", on_delete=models.CASCADE, related_name="matches", null=True, blank=True, db_index=False
    )
    query_track = models.ForeignKey("catalog.Track", on_delete=models.PROTECT, related_name="matches_as_query")
    reference_track = models.ForeignKey("catalog.Track", on_delete=models.PROTECT, related_name="matches_as_reference")
    verdict = models.CharField(max_length=10, choices=Verdict)
    relation = models.CharField(max_length=10, choices=Relation)
    score = models.FloatField()
    false_accept_probability = models.FloatField("false accept")
    offset_s = models.FloatField("offset", help_text="Reference time at the query's first sample, seconds")
    query_start_s = models.FloatField()
    query_end_s = models.FloatField()
    reference_start_s = models.FloatField()
    reference_end_s = models.FloatField()
    tempo_ratio = models.FloatField("tempo", help_text="Query's tempo over the reference's")
    pitch_semitones = models.FloatField("pitch", help_text="Query's pitch minus the reference's")
    query_coverage = models.FloatField("coverage of the query")
    reference_coverage = models.FloatField("coverage of the reference")
    similarity = models.FloatField(null=True, blank=True, help_text="Mean of the segments, 0 to 1, by their length")
    conflict = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="How strongly ISRC, artist and account contradict the match; 0: not at all"
    )
    edit = models.CharField(max_length=10, choices=Edit, blank=True, default="")
    segments = models.JSONField(default=list, blank=True)
    similarity_curve = models.JSONField(default=list, blank=True)
    similarity_step_s = models.FloatField(default=0.0)
    search_ended_early = models.BooleanField(
        default=False, help_text="The search ran out of time: there may be more matches"
    )
    engine_version = models.CharField(max_length=40)
    created_at = models.DateTimeField("found", auto_now_add=True, db_index=True)

    objects = MatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "matches"
        indexes = [
            models.Index(fields=["relation", "-created_at", "-id"], name="matches_by_relation"),
            models.Index(fields=["query_track", "reference_track"], name="matches_of_pair"),
            models.Index(fields=["scan", "id"], name="matches_of_scan"),
            models.Index(fields=["-conflict", "id"], condition=Q(verdict="duplicate"), name="matches_by_conflict"),
        ]
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["job", "reference_track"], name="one_match_per_job_and_reference"),
            models.UniqueConstraint(
                fields=["scan", "query_track", "reference_track"], name="one_match_per_scan_and_pair"
            ),
            models.CheckConstraint(
                name="match_is_of_a_job_or_of_a_scan",
                condition=Q(job__isnull=False, scan=None) | Q(job=None, scan__isnull=False),
            ),
            models.CheckConstraint(
                name="verdict_follows_from_relation",
                condition=(
                    Q(verdict="duplicate", relation__in=["identical", "same", "excerpt", "contains"])
                    | Q(verdict="contains", relation__in=["contains", "overlap"])
                    | Q(verdict="none", relation="related")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.relation} {self.score:.2f}"

    def save(self, *args: Any, **options: Any) -> None:
        """Store the row; a new one gets its conflict."""
        if self._state.adding:
            self.conflict = weight_of(self)
        super().save(*args, **options)
