"""The values of webhooks.cells for templates."""

from django import template

from webhooks import cells

register = template.Library()
for _name in (
    "moment",
    "duration",
    "attempt_outcome",
    "message_state",
    "endpoint_state",
    "head",
    "pretty_json",
    "chain",
    "short_url",
    "boxed",
):
    register.filter(_name, getattr(cells, _name))
