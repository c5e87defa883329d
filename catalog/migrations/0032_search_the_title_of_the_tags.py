from django.db import migrations

import textsearch.fields
from textsearch.filling import fill


def fill_tracks(apps, schema_editor):
    fill(apps.get_model("catalog", "Track"), schema_editor)


class Migration(migrations.Migration):
    atomic = False  # a transaction a batch; may be broken off and run again

    dependencies = [("catalog", "0031_evidence_links")]

    operations = [
        migrations.AlterField(
            model_name="track",
            name="words",
            field=textsearch.fields.FoldedField(
                blank=True,
                default="",
                editable=False,
                of=("title", "artist", "album", "isrc", "file_name", "tags__title"),
            ),
        ),
        migrations.RunPython(fill_tracks, migrations.RunPython.noop),
    ]
