"""Rules: what is decided without a person. Each is off until somebody switches it on."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from queueing.models import ChunkedWork


class Rule(models.Model):
    """Which pairs are decided, and how. Only its state changes, so that its log stays true."""

    class Kind(models.TextChoices):
        IDENTICAL = "identical", "identical files"
        FAMILY = "family", "new copies of a family"
        ALLOWED = "allowed", "allow-list"

    class Of(models.TextChoices):
        """Which fact of a track an allow-list compares."""

        ACCOUNT = "account", "account"
        ARTIST = "artist", "artist"
        ALBUM = "album", "album"
        LABEL = "label", "label"
        TAG = "tag", "tag"

    kind = models.CharField(max_length=10, choices=Kind)
    of = models.CharField(max_length=10, choices=Of, blank=True, default="")
    tag = models.CharField(max_length=40, blank=True, default="")
    value = models.CharField(max_length=255, blank=True, default="")
    takes_conflicts = models.BooleanField(
        default=False, help_text="Decides pairs whose ISRC, artist or account differ, too"
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    is_on = models.BooleanField(default=False)
    switched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    switched_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "of", "tag", "value", "takes_conflicts"], name="one_such_rule"),
            models.CheckConstraint(
                name="an_allow_list_names_something",
                condition=(Q(kind="allowed") & ~Q(of="") & ~Q(value="")) | (~Q(kind="allowed") & Q(of="", value="")),
            ),
            models.CheckConstraint(condition=Q(of="tag") ^ Q(tag=""), name="a_tag_has_a_name"),
        ]

    def __str__(self) -> str:
        if self.kind != self.Kind.ALLOWED:
            return str(self.get_kind_display())
        return f"{self.listed} “{self.value}”"

    @property
    def listed(self) -> str:
        """What an allow-list compares: `artist`, or the name of a tag."""
        return f"tag {self.tag}" if self.of == self.Of.TAG else str(self.get_of_display())


class RuleRun(ChunkedWork):
    """One run of a rule over the pairs that wait: a try that decides nothing, or the deciding itself.

    It goes through the matches in the order of their ids, and `done_match` says how far it is. Moves by conditional
    UPDATE only (queueing.chunked_work, catalog.rules.runs).
    """

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="runs")
    is_try = models.BooleanField()
    last_match = models.PositiveBigIntegerField(help_text="The newest match when it was asked for")
    done_match = models.PositiveBigIntegerField(default=0, help_text="Every match up to this one has been looked at")
    looked_at = models.PositiveIntegerField(default=0)
    decided = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=dict, blank=True, help_text="How many pairs were left to people, by the reason")
    examples = models.JSONField(default=list, blank=True, help_text="The first pairs that are decided, and how")

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["rule"], condition=Q(ended_at=None), name="one_run_of_a_rule"),
            models.CheckConstraint(condition=Q(done_match__lte=F("last_match")), name="a_run_ends_at_its_last_match"),
        ]

    def __str__(self) -> str:
        return f"{'try' if self.is_try else 'run'} of rule {self.rule_id}"
