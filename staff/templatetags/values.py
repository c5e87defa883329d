"""The functions of staff.display as template tags and filters."""

from django import template

from staff import display

register = template.Library()
for _filter in (
    display.moment,
    display.exact,
    display.day,
    display.span,
    display.span_ms,
    display.about,
    display.clock,
    display.number,
    display.size,
    display.share,
    display.share_of,
    display.figure,
    display.signed,
    display.unlocalized,
):
    register.filter(_filter.__name__, _filter)

register.simple_tag(display.badge, name="badge")
register.simple_tag(display.meter, name="meter")
