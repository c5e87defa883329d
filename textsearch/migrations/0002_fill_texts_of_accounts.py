from django.conf import settings
from django.db import migrations

from textsearch.models import account_words

BATCH = 2000


def fill(apps, schema_editor):
    """Write the texts of every account, as often as it is run."""
    account_text = apps.get_model("textsearch", "AccountText")
    accounts = apps.get_model(settings.AUTH_USER_MODEL).objects.order_by("pk")
    last = 0
    while batch := list(accounts.filter(pk__gt=last)[:BATCH]):
        account_text.objects.bulk_create(
            [account_text(account=account, words=account_words(account)) for account in batch],
            update_conflicts=True, unique_fields=["account"], update_fields=["words"],
        )
        last = batch[-1].pk


class Migration(migrations.Migration):
    atomic = False  # a transaction a batch

    dependencies = [("textsearch", "0001_texts_of_accounts")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
