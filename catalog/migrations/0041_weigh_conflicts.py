from django.db import migrations, transaction

from catalog.models.conflicts import COPIES, weight_of

BATCH = 2000


def fill(apps, schema_editor):
    """Weigh the conflict of each stored match; a transaction a batch."""
    matches, last = apps.get_model("catalog", "Match").objects, 0
    columns = [f"{side}__{name}" for side in ("query_track", "reference_track") for name in ("artist", "isrc", "owner")]
    rows = matches.select_related("query_track", "reference_track").only("relation", "tempo_ratio", *columns)
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        found = [(weight_of(row), row.pk) for row in batch if row.relation in COPIES]
        with transaction.atomic(using=schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.executemany("UPDATE catalog_match SET conflict = %s WHERE id = %s", [one for one in found if one[0]])
        last = batch[-1].pk


class Migration(migrations.Migration):
    atomic = False  # a transaction a batch; may be broken off and run again

    dependencies = [("catalog", "0040_conflicts")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
