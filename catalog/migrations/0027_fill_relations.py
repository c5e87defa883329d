from django.conf import settings
from django.db import migrations, transaction
from django.db.models import Case, CharField, Exists, Max, OuterRef, Q, Value, When

from catalog.services.tasks.edits import edit_of, mean_similarity

BATCH = 2000


def fill(apps, schema_editor):
    """Give each stored match its relation, by its shares, and the verdict that follows; a transaction a batch."""
    matches, tracks = apps.get_model("catalog", "Match").objects, apps.get_model("catalog", "Track").objects
    newest = matches.order_by().aggregate(newest=Max("pk"))["newest"] or 0
    reference = tracks.filter(pk=OuterRef(OuterRef("reference_track_id")))
    same_file = tracks.filter(
        pk=OuterRef("query_track_id"), audio_file__isnull=False, audio_file_id=reference.values("audio_file_id")[:1]
    )
    for first in range(0, newest + 1, BATCH):
        batch = matches.filter(pk__gt=first, pk__lte=first + BATCH)
        batch.update(relation=relation(Exists(same_file)))
        batch.update(verdict=verdict())
        fill_from_segments(batch, schema_editor.connection)


def fill_from_segments(batch, connection):
    rows = batch.order_by("pk").values_list("segments", "tempo_ratio", "pk")
    found = [(mean_similarity(segments), edit_of(segments, tempo), pk) for segments, tempo, pk in rows]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.executemany("UPDATE catalog_match SET similarity = %s, edit = %s WHERE id = %s", found)


def relation(is_same_file):
    whole = settings.WHOLE_SHARE
    equal_fingerprints = Q(false_accept_probability=0.0, query_coverage=1.0, reference_coverage=1.0)
    return Case(
        When(is_same_file, then=Value("identical")),
        When(equal_fingerprints, then=Value("identical")),
        When(query_coverage__gte=whole, reference_coverage__gte=whole, then=Value("same")),
        When(query_coverage__gte=whole, then=Value("excerpt")),
        When(reference_coverage__gte=whole, then=Value("contains")),
        default=Value("overlap"),
        output_field=CharField(),
    )


def verdict():
    copies = Q(relation__in=["identical", "same", "excerpt"])
    joined = Q(relation="contains", query_coverage__gte=settings.JOINED_SHARE)
    return Case(When(copies | joined, then=Value("duplicate")), default=Value("contains"), output_field=CharField())


class Migration(migrations.Migration):
    atomic = False  # a transaction a batch; may be broken off and run again

    dependencies = [("catalog", "0026_match_relations")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
