"""Longer texts on staff pages: JSON, heads of requests, and texts to copy."""

import contextlib
import json

from django.utils.html import format_html
from django.utils.safestring import SafeString

from staff.display import NOTHING


def boxed(text: str, *, copy: str = "") -> SafeString | str:
    """Return `text` in a block that scrolls sideways; with a button that copies it, labelled `copy`, if given."""
    if not text:
        return NOTHING
    button = (
        format_html(
            '<button type="button" data-copy class="bg-white border border-base-200 cursor-pointer font-medium px-3'
            ' py-1.5 rounded-default shadow-xs mt-2 dark:bg-transparent dark:border-base-700">{}</button>',
            copy,
        )
        if copy
        else ""
    )
    return format_html(
        # What scrolls must be reached by the keyboard.
        '<div><pre tabindex="0" class="font-mono text-xs leading-5 max-w-full overflow-x-auto whitespace-pre-wrap'
        ' break-all rounded-default border border-base-200 p-3 dark:border-base-700">{}</pre>{}</div>',
        text,
        button,
    )


def copied(text: str) -> SafeString | str:
    """Return a text in a block, with a button that copies it."""
    return boxed(text, copy="Copy")


def head(headers: dict[str, str]) -> SafeString | str:
    """Return the head of a request or response, one header a line."""
    return boxed("\n".join(f"{name}: {value}" for name, value in headers.items()))


def indented_json(value: object) -> str:
    """Return indented JSON in the order in which it is sent. Lone surrogates, which no page can hold, are replaced."""
    return _printable(json.dumps(value, indent=2, ensure_ascii=False))


def json_box(text: str) -> SafeString | str:
    """Return a JSON text in a block, indented; any other text unchanged."""
    with contextlib.suppress(ValueError, RecursionError):
        return boxed(indented_json(json.loads(text)))
    return boxed(_printable(text))


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
