from django.db import migrations


class Migration(migrations.Migration):
    """The table stays as it is."""

    dependencies = [("catalog", "0019_fill_what_is_searched"), ("queueing", "0002_watch_the_queues")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="QueueHeartbeat")]),
    ]
