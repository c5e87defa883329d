from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('catalog', '0027_fill_relations')]

    operations = [
        migrations.AddIndex(
            model_name='match',
            index=models.Index(fields=['relation', '-created_at', '-id'], name='matches_by_relation'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('relation__in', ['identical', 'same', 'excerpt', 'contains']), ('verdict', 'duplicate')), models.Q(('relation__in', ['contains', 'overlap']), ('verdict', 'contains')), models.Q(('relation', 'related'), ('verdict', 'none')), _connector='OR'), name='verdict_follows_from_relation'),
        ),
    ]
