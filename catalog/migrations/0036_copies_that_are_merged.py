from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0035_take_out_of_the_index")]

    operations = [
        migrations.RemoveConstraint(model_name="merge", name="one_merge_per_work_and_loser"),
        migrations.RenameField(model_name="merge", old_name="loser", new_name="copy"),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.UniqueConstraint(fields=["work", "copy"], name="one_merge_per_work_and_copy"),
        ),
    ]
