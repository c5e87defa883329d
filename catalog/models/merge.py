"""What a kept track took over from a copy that was removed."""

from django.db import models


class Merge(models.Model):
    """One removal of a copy by a bulk action, with the texts and tags that the kept track lacked."""

    work = models.ForeignKey("catalog.BulkWork", on_delete=models.CASCADE, related_name="merges")
    copy = models.ForeignKey("catalog.Track", on_delete=models.PROTECT, related_name="+")
    keeper = models.ForeignKey("catalog.Track", on_delete=models.PROTECT, related_name="+")
    texts = models.JSONField(default=dict, help_text="Artist, album and ISRC that were taken over")
    tags = models.JSONField(default=dict, help_text="Tags that were taken over")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["work", "copy"], name="one_merge_per_work_and_copy")]

    def __str__(self) -> str:
        return f"{self.copy_id} into {self.keeper_id}"
