import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0025_number_the_ends'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='audiofile',
            name='cutoff_hz',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='highest frequency'),
        ),
        migrations.AddField(
            model_name='audiofile',
            name='samples_digest',
            field=models.CharField(blank=True, default='', help_text='Of what was decoded', max_length=32),
        ),
        migrations.AddField(
            model_name='decision',
            name='container',
            field=models.ForeignKey(blank=True, help_text='The track that uses the other', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.track'),
        ),
        migrations.RemoveField(
            model_name='match',
            name='description',
        ),
        migrations.AddField(
            model_name='match',
            name='similarity',
            field=models.FloatField(blank=True, help_text='Mean of the segments, 0 to 1, by their length', null=True),
        ),
        migrations.AddField(
            model_name='match',
            name='edit',
            field=models.CharField(blank=True, choices=[('cut', 'cut'), ('added', 'with something added in between'), ('looped', 'looped'), ('swapped', 'halves swapped'), ('reordered', 'parts in another order')], default='', max_length=10),
        ),
        migrations.AddField(
            model_name='match',
            name='relation',
            field=models.CharField(choices=[('identical', 'the same audio'), ('same', 'the same recording'), ('excerpt', 'an excerpt'), ('contains', 'contains all of it'), ('overlap', 'shares a part'), ('related', 'perhaps another performance')], default='overlap', max_length=10),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='match',
            name='search_ended_early',
            field=models.BooleanField(default=False, help_text="The search's time was over: there may be more"),
        ),
        migrations.AlterField(
            model_name='decision',
            name='verdict',
            field=models.CharField(choices=[('same', 'the same recording'), ('version', 'another version'), ('uses', 'one is used in the other'), ('different', 'not a duplicate')], max_length=10),
        ),
        migrations.AlterField(
            model_name='match',
            name='verdict',
            field=models.CharField(choices=[('duplicate', 'duplicate'), ('contains', 'contains a part'), ('none', 'not a duplicate')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('container__isnull', False), ('verdict', 'uses')), models.Q(models.Q(('verdict', 'uses'), _negated=True), ('container', None)), _connector='OR'), name='a_use_names_its_container'),
        ),
    ]
