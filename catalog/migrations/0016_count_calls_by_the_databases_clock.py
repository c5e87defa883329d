"""Moves the minute in which a key's calls are counted from the key to its day."""

from datetime import UTC, datetime

from django.db import migrations, models


def move_the_open_minute(apps, schema_editor):
    ApiKey, ApiKeyDay = apps.get_model("catalog", "ApiKey"), apps.get_model("catalog", "ApiKeyDay")
    for key in ApiKey.objects.filter(window_calls__gt=0).iterator():
        on = datetime.fromtimestamp(key.window_minute * 60, tz=UTC).date()
        row, _ = ApiKeyDay.objects.get_or_create(api_key=key, day=on)
        row.calls, row.minute, row.minute_calls = row.calls + key.window_calls, key.window_minute, key.window_calls
        row.save()


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0015_count_tries_of_scans_and_bulk_work"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikeyday",
            name="minute",
            field=models.BigIntegerField(default=0, help_text="Minutes since 1970"),
        ),
        migrations.AddField(
            model_name="apikeyday",
            name="minute_calls",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RunPython(move_the_open_minute, migrations.RunPython.noop),
        migrations.RemoveField(model_name="apikey", name="window_minute"),
        migrations.RemoveField(model_name="apikey", name="window_calls"),
    ]
