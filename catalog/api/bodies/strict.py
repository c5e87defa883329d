"""Rules of all bodies beyond the contract's: only known names, and text only where text is expected."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from rest_framework import serializers

_MOST_NAMES = 10  # that a refusal quotes
_MOST_CHARS = 100  # of each of them


def refuse_unknown(sent: Iterable[Any], known: Collection[str], words: str) -> None:
    """Raise `ValidationError` (422) with `words` for every unknown name."""
    unknown = sorted(str(name)[:_MOST_CHARS] for name in set(sent) - set(known))
    if unknown:
        raise serializers.ValidationError({name: [words] for name in unknown[:_MOST_NAMES]})


class KnownMembers(serializers.Serializer[None]):
    """A body of known members alone: a misspelt one would be left out without a word."""

    def to_internal_value(self, data: Any) -> Any:
        """Take a JSON object of these names."""
        if isinstance(data, Mapping):
            refuse_unknown(data, self.fields.keys(), "This cannot be set.")
        return super().to_internal_value(data)


class ChangeOfMembers(KnownMembers):
    """A body that sets what it has; what is left out stays."""

    def to_internal_value(self, data: Any) -> Any:
        """Take at least one member."""
        values = super().to_internal_value(data)
        if not data:
            raise serializers.ValidationError({"body": [f"Send at least one of {', '.join(self.fields)}."]})
        return values


class StrictText(serializers.CharField):
    """Text as it is sent; a number is not made into text."""

    default_error_messages = {"no_text": "This must be text."}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False} | options)

    def to_internal_value(self, data: Any) -> str:
        """Refuse what is no text."""
        if not isinstance(data, str):
            self.fail("no_text")
        return str(super().to_internal_value(data))
