from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0010_search_tracks_in_one_column"),
    ]

    operations = [
        migrations.AddField(
            model_name="queueheartbeat",
            name="acknowledged_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
