"""Rows for every table of ours, made from the fields themselves, so that a new table is filled as well."""
# ruff: noqa: SLF001  (what Django calls private of a model is documented)

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.utils import timezone

BATCH = 5_000
APPS = ("catalog", "webhooks", "queueing", "staff")
Value = Callable[[int], Any]


def fill(sizes: Mapping[str, int], special: Mapping[str, Mapping[str, Value]], others: int) -> None:
    """Fill each table, those that others refer to first: `sizes` says how many rows of which, else it is `others`.

    `special` holds, by model and field, what the number of a row makes of a field that cannot be filled by its kind.
    """
    for model in _in_order(_models()):
        name = model._meta.label
        if not model._default_manager.exists():
            fill_one(model, sizes.get(name, others), special.get(name, {}))
    count_on()


def empty_tables() -> list[str]:
    """Name the tables that nothing was put in."""
    return [model._meta.label for model in _models() if not model._default_manager.exists()]


def _models() -> list[type[models.Model]]:
    installed = [apps.get_app_config(app) for app in APPS if apps.is_installed(app)]
    return [model for app in installed for model in app.get_models() if not model._meta.proxy]


def _in_order(waiting: list[type[models.Model]]) -> Iterator[type[models.Model]]:
    waiting = list(waiting)
    while waiting:
        ready = next(model for model in waiting if not _needs(model) & set(waiting) - {model})
        waiting.remove(ready)
        yield ready


def _needs(model: type[models.Model]) -> set[Any]:
    return {field.related_model for field in model._meta.concrete_fields if field.is_relation and not field.null}


def fill_one(model: type[models.Model], count: int, special: Mapping[str, Value]) -> None:
    """Put so many rows in one table."""
    names = {name for field in model._meta.concrete_fields for name in (field.name, field.attname)} | {"pk"}
    makers = {field.name: maker for field in _written(model) if (maker := _maker(field))}
    makers |= {name: maker for name, maker in special.items() if name in names}
    rows = (model(**{name: maker(number) for name, maker in makers.items()}) for number in range(1, count + 1))
    while batch := list(islice(rows, BATCH)):
        model._default_manager.bulk_create(batch)


def _written(model: type[models.Model]) -> list[Any]:
    automatic = (models.AutoField, models.GeneratedField)
    return [field for field in model._meta.concrete_fields if not isinstance(field, automatic)]


def _maker(field: Any) -> Value | None:
    """Return what makes a value of this field's kind; None where its own default will do."""
    if field.is_relation:
        return _key_of(field) if not field.null else None
    if field.choices:
        values = [value for value, _ in field.flatchoices]
        return lambda number: values[number % len(values)]
    if field.null or (field.has_default() and not field.unique):
        return None
    kinds: list[tuple[type[models.Field[Any, Any]], Value]] = [
        (models.UUIDField, lambda number: uuid.UUID(int=number)),
        (models.DateTimeField, _moment),
        (models.DateField, lambda number: _moment(number).date()),
        (models.TimeField, lambda number: time(number % 24)),
        (models.BooleanField, lambda number: number % 2 == 0),
        (models.JSONField, lambda number: {"number": number}),
        (models.BinaryField, lambda _: b"x" * 64),
        (models.FloatField, lambda number: number % 100 / 100),
        (models.IntegerField, lambda number: number % 30_000),
        (models.GenericIPAddressField, lambda number: f"10.0.{number // 250 % 250}.{number % 250}"),
        (models.CharField, lambda number: f"{field.name} {number}"[-(field.max_length or 60) :]),
        (models.TextField, lambda number: f"{field.name} {number}"),
    ]
    return next(maker for kind, maker in kinds if isinstance(field, kind))


def _key_of(field: Any) -> Value:
    related = field.related_model
    rows = list(related._default_manager.order_by("pk").only("pk")[:100_000])
    return lambda number: rows[number % len(rows)]


def _moment(number: int) -> datetime:
    return timezone.now() - timedelta(seconds=30 * (number % 1_000_000))


def count_on() -> None:
    """Let the database count on behind the rows that were given their numbers, and look at what it has."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for model in _models():
                if isinstance(model._meta.pk, models.AutoField):
                    table = model._meta.db_table
                    last = f"(SELECT max(id) FROM {table})"  # noqa: S608  (our own names)
                    cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")
        cursor.execute("ANALYZE")
