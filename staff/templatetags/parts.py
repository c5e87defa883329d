"""Pieces of HTML that many staff pages share."""

from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from staff.blocks import copied

register = template.Library()
register.filter("copied", copied)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return a Material symbol; screen readers skip it."""
    return format_html('<span class="material-symbols-outlined" aria-hidden="true">{}</span>', name)


@register.simple_block_tag
def fact(content: str, term: str) -> SafeString:
    """Return a small word above a figure."""
    return format_html('<div><div class="mf-term">{}</div><div class="mf-figure">{}</div></div>', term, content)


@register.simple_block_tag
def note(content: str, tone: str, symbol: str, place: str = "") -> SafeString:
    """Return a sentence in a coloured box, with an icon; `place` names classes that set it apart."""
    classes = f"mf-note mf-{tone} {place}".rstrip()
    return format_html('<div class="{}">{}<span>{}</span></div>', classes, icon(symbol), content)


@register.simple_tag
def link_button(url: str, symbol: str, word: str, look: str = "", id: str = "") -> SafeString:  # noqa: A002
    """Return a link that looks like a button; `id` as in HTML."""
    name = format_html(' id="{}"', id) if id else ""
    classes = f"mf-button {look}".rstrip()
    return format_html('<a class="{}"{} href="{}">{}{}</a>', classes, name, url, icon(symbol), word)


@register.inclusion_tag("staff/post_button.html", takes_context=True)
def post_button(context: Context, action: str, symbol: str, word: str, **more: Any) -> dict[str, Any]:  # noqa: ARG001
    """Return a form with one button that posts to `action`; `more` may have its `id`, its `look`, whether it is `off`.

    Django hands the token against forged requests from the context to the piece.
    """
    return {"action": action, "symbol": symbol, "word": word, **more}
