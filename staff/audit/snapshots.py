"""A row before and after a change, and the difference. Secrets are compared and named, never shown."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import BinaryField, Model

from staff.secret_names import names_a_secret

Values = Mapping[str, Any]

HIDDEN = "(hidden)"
MOST_CHARS = 200
MOST_ITEMS = 100


def find(model: type[Model], key: str) -> Model | None:
    """Return the row that an address of the admin names, without its bytes; None if there is none."""
    bytes_of = [field.name for field in model._meta.concrete_fields if isinstance(field, BinaryField)]
    try:
        number = model._meta.pk.to_python(unquote(key)) if model._meta.pk else None
        return model._base_manager.defer(*bytes_of).filter(pk=number).first()
    except (ValidationError, ValueError, OverflowError):  # no number, or one that no column holds
        return None


def values_of(item: Model | None) -> dict[str, Any]:
    """Return a row's values without bytes and generated columns; an empty dict for None."""
    if item is None:
        return {}
    fields = [f for f in item._meta.concrete_fields if not (isinstance(f, BinaryField) or f.generated)]
    values = {field.name: getattr(item, field.attname) for field in fields}
    for many in item._meta.many_to_many:
        values[many.name] = sorted(str(other) for other in getattr(item, many.name).select_related())
    return values


def differences(before: Values, after: Values) -> dict[str, list[Any]]:
    """Return `{field: [before, after]}` for each field that differs, cut to a readable length."""
    names = [name for name in (before or after) if before.get(name) != after.get(name)]
    return {name: [_shown(name, before.get(name)), _shown(name, after.get(name))] for name in names}


def _shown(name: str, value: Any) -> Any:
    if value in (None, ""):
        return value
    if names_a_secret(name):
        return HIDDEN
    return short(value)


def short(value: Any) -> Any:
    """Return a value as an entry stores it: as JSON that every database accepts, long texts and lists cut."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple | set):
        return [short(item) for item in list(value)[:MOST_ITEMS]]
    if isinstance(value, dict):
        return {clean(str(name)): short(item) for name, item in list(value.items())[:MOST_ITEMS]}
    if isinstance(value, datetime | date):
        return value.isoformat()
    return clean(str(value))  # numbers too: JSON has no infinity


def clean(text: str, *, most: int = MOST_CHARS) -> str:
    """Return a text that PostgreSQL accepts, without NULs and lone surrogates, cut to `most` characters."""
    return text[:most].replace("\0", "\ufffd").encode("utf-8", "replace").decode()
