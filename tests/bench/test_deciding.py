"""The bench of deciding fills what its rows refer to: half an hour of filling ends in no refused key."""

from django.apps import apps

from bench.pages import deciding, rows


def test_each_row_finds_what_it_refers_to() -> None:
    special = rows.special()
    for place, name in enumerate(deciding.FILLED):
        fields = apps.get_model(name)._meta.concrete_fields
        named = [field for field in fields if field.is_relation and field.attname in special[name]]
        missing = {field.related_model._meta.label for field in named} - set(deciding.FILLED[:place])
        assert missing == set(), name
