"""The catalog's own words for templates; `values` has those that all staff pages share."""

from django import template

from catalog.pages.reading import reading_words
from catalog.presentation import relation, rules, wording
from catalog.presentation.family import role_badge
from catalog.presentation.track_list import altered_words
from catalog.services.match_words import relation_words
from staff.blocks import indented_json

register = template.Library()
for _filter in (
    wording.job_badge,
    wording.scan_badge,
    wording.queue_badge,
    wording.stage_number,
    wording.bulk_badge,
    wording.source_badge,
    wording.audio_format,
    wording.chance,
    wording.counted,
    wording.tempo_words,
    wording.pitch_words,
    wording.skipped_words,
    indented_json,
    reading_words,
    relation.relation_badge,
    relation.uses_badge,
    relation.answer_words,
    relation.open_mix_badge,
    relation.settled_badge,
    rules.rule_name,
    rules.rule_badge,
    rules.rule_sentence,
    rules.run_words,
    rules.verdict_words,
    altered_words,
    role_badge,
    relation_words,
):
    register.filter(_filter.__name__, _filter)
