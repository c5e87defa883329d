"""The cells of webhooks.cells, and how texts of requests look, for templates."""

from django import template

from staff import blocks
from webhooks import causes, cells

register = template.Library()
for _filter in (
    cells.attempt_outcome,
    cells.attempt_words,
    cells.message_state,
    cells.state_badge,
    cells.endpoint_state,
    cells.chain,
    cells.short_url,
    blocks.head,
    blocks.json_box,
    blocks.boxed,
    causes.cause_words,
    causes.advice,
    cells.state_word,
):
    register.filter(_filter.__name__, _filter)
