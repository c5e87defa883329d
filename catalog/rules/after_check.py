"""Rules that are on act when a check or a scan has stored its matches, in the same transaction."""

from typing import Any

import structlog
from django.db import transaction

from catalog.models import Match, Rule
from catalog.rules.acting import look, store
from queueing.retrying import DATABASE_TROUBLE

# What somebody has allowed is not judged any further; what is the same audio needs no family.
ORDER = (Rule.Kind.ALLOWED, Rule.Kind.IDENTICAL, Rule.Kind.FAMILY)
log = structlog.get_logger(__name__)


def act_on_new(matches: list[Match], **_: Any) -> None:
    """Let each rule that is on decide about the pairs of new matches.

    A rule that fails leaves its pairs to people, and ends no check.
    """
    keys = [match.pk for match in matches]
    if not keys:
        return
    for rule in sorted(Rule.objects.filter(is_on=True), key=lambda rule: (ORDER.index(Rule.Kind(rule.kind)), rule.pk)):
        try:
            with transaction.atomic():
                store(rule, look(rule, keys).proposals)
        except DATABASE_TROUBLE:
            raise
        except Exception:
            log.exception("rule_failed", rule=rule.pk)
