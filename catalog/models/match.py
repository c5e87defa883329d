"""Matches: what a check or a scan found, with the evidence."""

from django.db import models
from django.db.models import Q


class Match(models.Model):
    """One reference track that a check, or a scan of the whole catalog, found in its query track."""

    class Verdict(models.TextChoices):
        DUPLICATE = "duplicate", "duplicate"
        CONTAINS = "contains", "contains a part"

    job = models.ForeignKey("catalog.Job", on_delete=models.CASCADE, related_name="matches", null=True, blank=True)
    scan = models.ForeignKey("catalog.Scan", on_delete=models.CASCADE, related_name="matches", null=True, blank=True)
    query_track = models.ForeignKey("catalog.Track", on_delete=models.PROTECT, related_name="matches_as_query")
    reference_track = models.ForeignKey("catalog.Track", on_delete=models.PROTECT, related_name="matches_as_reference")
    verdict = models.CharField(max_length=10, choices=Verdict)
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
    description = models.CharField(max_length=255, blank=True)
    segments = models.JSONField(default=list, blank=True)
    similarity_curve = models.JSONField(default=list, blank=True)
    similarity_step_s = models.FloatField(default=0.0)
    engine_version = models.CharField(max_length=40)
    created_at = models.DateTimeField("found", auto_now_add=True, db_index=True)

    class Meta:
        verbose_name_plural = "matches"
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
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.score:.2f}"
