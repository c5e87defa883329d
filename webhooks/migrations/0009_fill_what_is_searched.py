from django.db import migrations

from textsearch.filling import fill

TABLES = ("Endpoint", "Attempt", "Received", "Refused")


def fill_all(apps, schema_editor):
    for name in TABLES:
        fill(apps.get_model("webhooks", name), schema_editor)


class Migration(migrations.Migration):
    atomic = False  # a transaction a batch; may be broken off and run again

    dependencies = [("webhooks", "0008_fold_what_is_searched")]

    operations = [migrations.RunPython(fill_all, migrations.RunPython.noop)]
