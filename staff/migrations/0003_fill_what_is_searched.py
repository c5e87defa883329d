from django.db import migrations

from textsearch.filling import fill

TABLES = ("AuditEntry",)


def fill_all(apps, schema_editor):
    for name in TABLES:
        fill(apps.get_model("staff", name), schema_editor)


class Migration(migrations.Migration):
    atomic = False  # a transaction a batch; may be broken off and run again

    dependencies = [("staff", "0002_fold_what_is_searched")]

    operations = [migrations.RunPython(fill_all, migrations.RunPython.noop)]
