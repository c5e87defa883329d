"""The one call of a search: which recordings of the catalog are in a query, and how each is related to it.

An ordinary check asks whether the query is known. Every recording in it is named where a match leaves much of the query
unexplained, where the query is as long as a mix, or where the caller asks for it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from catalog.engine.errors import InvalidFingerprint
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.query import Query
from catalog.engine.match import Match, twin_match
from catalog.engine.parameters import PARAMETERS_VERSION
from catalog.engine.search.budget import CPU_S_A_MINUTE, Budget, Progress
from catalog.engine.search.findings import Findings
from catalog.engine.search.naming import Namer
from catalog.engine.search.references import References
from catalog.engine.search.relation import closeness
from catalog.engine.search.search import Catalog, search

Effort = Literal["auto", "known", "everything"]
MOST_MATCHES = 1000
LONG_S = 600.0  # of a query that is a mix rather than a recording
LEFT_OPEN_S = 10.0  # that sound and that no match explains: there may be another recording in them


@dataclass(frozen=True)
class Wanted:
    """Which matches an answer holds: at most ``limit``.

    ``related``: other performances too, which are never duplicates. ``weak``: also what was looked at and not believed
    (verdict "none").
    """

    limit: int = MOST_MATCHES
    related: bool = False
    weak: bool = False

    def has(self, match: Match) -> bool:
        """Whether a match belongs in the answer."""
        return match.verdict != "none" or self.weak or (self.related and match.relation == "related")


@dataclass(frozen=True)
class Answer:
    """``matches``: the closest first. ``is_complete``: False where the budget ended the search.

    ``effort``: whether every recording was looked for, or only whether the query is known.
    """

    matches: tuple[Match, ...]
    is_complete: bool
    effort: Literal["known", "everything"]


def find(
    fingerprint: Fingerprint,
    catalog: Catalog,
    *,
    exclude: Collection[int] = (),
    effort: Effort = "auto",
    wanted: Wanted | None = None,
    cpu_s_a_minute: float = CPU_S_A_MINUTE,
    progress: Progress | None = None,
) -> Answer:
    """Tracks of ``catalog`` that share a recording with the query, the closest first, each with its relation.

    ``exclude``: ids of tracks that are left out. ``effort``: "known" finds out whether the query is known; "everything"
    names every recording in it; "auto" goes on from the first to the second where more is to be explained.
    ``cpu_s_a_minute``: seconds of CPU a minute of the query, after which naming everything ends and the answer is not
    complete. ``progress``: is told how far naming is; what it raises ends the search. A blank fingerprint matches
    nothing: it equals every other blank one, whatever the recording.

    ``InvalidFingerprint`` for a fingerprint of another version; ``IndexUnavailable`` where the index cannot answer.
    """
    refuse_other_version(fingerprint)
    wanted = wanted or Wanted()
    if fingerprint.is_blank:
        return Answer((), is_complete=True, effort="known")
    query, references = Query(fingerprint), References(catalog.fingerprints)
    findings, budget = Findings(query), Budget.of(fingerprint.duration_s, cpu_s_a_minute, progress)
    namer = Namer(query, catalog, references, findings, set(exclude))
    if fingerprint.duration_s <= LONG_S:
        for match in search(query, catalog, exclude, references):
            findings.add(match)
    elif effort == "known":
        namer.name_plain(budget)
    everything = effort == "everything" or (effort == "auto" and _has_more(findings, fingerprint.duration_s))
    if everything:
        namer.name(budget)
    found = {match.track_id: match for match in findings.matches(references, catalog.shares)}
    for twin in set(catalog.index.twins(fingerprint.digest)).difference(exclude):
        found[twin] = twin_match(twin, fingerprint.duration_s)
    matches = sorted(filter(wanted.has, found.values()), key=closeness)[: wanted.limit]
    return Answer(tuple(matches), not budget.was_needed, "everything" if everything else "known")


def _has_more(findings: Findings, duration_s: float) -> bool:
    """Whether the query is a mix, or a match leaves so much of it that another recording may be in there."""
    return duration_s > LONG_S or (bool(findings.tracks()) and findings.open_s() >= LEFT_OPEN_S)


def refuse_other_version(fingerprint: Fingerprint) -> None:
    """Raise ``InvalidFingerprint`` for a fingerprint that was made with other parameters."""
    if fingerprint.parameters_version != PARAMETERS_VERSION:
        raise InvalidFingerprint("This fingerprint was made with other parameters.")
