"""Numbers the tasks that ended before they were numbered, in the order of their ends."""

from django.db import migrations

NUMBER = """
UPDATE catalog_job SET end_number = numbered.place FROM (
    SELECT id, ROW_NUMBER() OVER (PARTITION BY owner_id ORDER BY completed_at, id) AS place
    FROM catalog_job WHERE completed_at IS NOT NULL
) AS numbered WHERE catalog_job.id = numbered.id
"""
COUNT = """
INSERT INTO catalog_eventclock (owner_id, last_number)
SELECT owner_id, MAX(end_number) FROM catalog_job WHERE end_number IS NOT NULL GROUP BY owner_id
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0024_list_by_owner_and_end")]
    operations = [
        migrations.RunSQL(NUMBER, migrations.RunSQL.noop),
        migrations.RunSQL(COUNT, "DELETE FROM catalog_eventclock"),
    ]
