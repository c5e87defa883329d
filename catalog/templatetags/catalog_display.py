"""The words of catalog.pages.display for templates."""

from django import template

from catalog.pages import display
from catalog.pages.reading import reading_words

register = template.Library()
for _filter in (
    display.job_badge,
    display.verdict_badge,
    display.scan_badge,
    display.queue_badge,
    display.delivery_badge,
    display.stage_number,
    display.bulk_badge,
    display.about,
    display.moment,
    display.clock,
    display.span,
    display.size,
    display.share,
    display.audio_format,
    display.chance,
    display.signed,
    display.figure,
    display.counted,
    display.tempo_words,
    display.pitch_words,
    display.skipped_words,
    display.pretty_json,
    display.unlocalized,
    reading_words,
):
    register.filter(_filter.__name__, _filter)

register.simple_tag(display.badge, name="badge")
