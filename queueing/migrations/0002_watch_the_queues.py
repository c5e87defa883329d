from django.db import migrations, models


class Migration(migrations.Migration):
    """The heartbeats come from catalog, with their table."""

    dependencies = [("queueing", "0001_what_the_sweeper_could_not_do"), ("catalog", "0019_fill_what_is_searched")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="QueueHeartbeat",
                    fields=[
                        ("cluster", models.CharField(max_length=40, primary_key=True, serialize=False)),
                        ("sent_at", models.DateTimeField(blank=True, null=True)),
                        ("answered_at", models.DateTimeField(blank=True, null=True)),
                        ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                        ("replaced_at", models.DateTimeField(blank=True, null=True)),
                        ("replaced_count", models.PositiveIntegerField(default=0)),
                        ("replaced_reason", models.CharField(blank=True, default="", max_length=200)),
                    ],
                    options={"db_table": "catalog_queueheartbeat"},
                ),
            ],
        ),
    ]
