"""The queue's table as django-q makes it has no index: while 10,000 entries of one queue wait, the other reads them all
for each look at its own.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0011_note_when_queues_work"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX catalog_queue_next ON django_q_ormq (key, lock)",
            "DROP INDEX catalog_queue_next",
        ),
    ]
