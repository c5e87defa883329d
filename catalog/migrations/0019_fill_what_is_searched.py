from django.db import migrations

from textsearch.filling import fill

TABLES = ("Track", "Job", "ApiKey")


def fill_all(apps, schema_editor):
    for name in TABLES:
        fill(apps.get_model("catalog", name), schema_editor)


class Migration(migrations.Migration):
    atomic = False  # a transaction a batch; may be broken off and run again

    dependencies = [("catalog", "0018_fold_what_is_searched")]

    operations = [migrations.RunPython(fill_all, migrations.RunPython.noop)]
