"""Every limit of the decision in one table: what a match must reach to be believed.

The measures (``calibration``, ``similarity``, ``timbre``, ``tempo_stability``, ``alignment.correlation``) use none of
these: their own constants say how they measure. The comments tell what each limit was set on; docs/log has the
experiments.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Lengths are in seconds, pitches in semitones, tempos in shares of one, similarities are cosines (-1 … 1)."""

    # A match is believed when chance gives so much agreement less often than this in a search: a probability. The
    # operator's setting FALSE_ACCEPT_LIMIT takes its place in the service.
    false_accept: float = 1e-4

    # Mean agreement of the local fit under which a candidate is not followed. Chance seldom reaches it.
    least_agreement: float = 0.1
    # The shortest stretch in one piece that is believed: less is a chord or a drum fill, not a recording.
    least_stretch_s: float = 3.0
    # … or this share of the query, where that is less: a query of under four seconds.
    short_share: float = 0.75

    # A stretch of at most ``short_s`` gives a tempo only to ``short_tempo``. Of two tempos that agree as well (the
    # unchanged one by at least ``as_good`` of the other's agreement) the unchanged one is the likely one.
    short_s: float = 8.0
    short_tempo: float = 0.02
    as_good: float = 0.97
    # What cannot be told from no change of tempo or pitch …
    unchanged_tempo: float = 0.004
    unchanged_pitch: float = 0.15
    # … and what noise may make of no change.
    nearly_tempo: float = 0.02
    nearly_pitch: float = 0.6

    # The length of a query that the matched filter looks at.
    filter_window_s: float = 110.0
    # Deviations in the longest of the short spans under which the filter does not look at others of one candidate.
    hint_deviations: float = 2.5
    # Correlation of whitened cells under which even a very long agreement is only a common beat.
    least_correlation: float = 0.08

    # The largest ``timbre.strangeness`` of a copy: where the filter alone speaks for it, and where its moments do. Of
    # 1,380 altered copies ten are stranger than the first, seven of them with channels changed; of 458 differences of
    # channels 40; of 849 renderings of the same notes that stand out in the filter 78 are not. Asked both ways it tells
    # no more (docs/log/2026-11-30-strangeness-both-ways.md).
    same_sound: float = 0.036
    similar_sound: float = 0.04
    # Less is let pass where a line was chosen among all because the pictures agree on it, as music does that shares a
    # beat; one of 27 copies that only a scan finds is stranger.
    scanned_sound: float = 0.02
    # What single moments must have in common on a line that the filter believes, over the cube root of what lies over
    # them: of 1,353 copies four have less, of eight lines of other music that stood out and were not strange all
    # (0.04 … 0.25).
    least_similarity: float = 0.26
    # Mean similarity from which moments may sound less alike: to ``close_sound``. At another pitch (``nearly_pitch``)
    # they may sound in any way, as one copy in 397 is stranger there than most renderings. Of 1,854 close copies at
    # their own pitch the strangest has 0.043, a difference of channels; of 56 renderings that moments agreed with as
    # closely 20 have more than 0.05 (docs/log/2026-11-30-renderings-refused.md).
    close: float = 0.8
    close_sound: float = 0.05

    # A copy keeps time by one of three measures. They let pass all of 678 altered copies of half a minute or more, and
    # 87 of 210 pieces played again in a time that wanders. By pictures, blocks lie so near to a straight line; where
    # single moments agree by less than ``clear``, what masks them moves the blocks as well …
    steady_s: float = 0.012
    steady_masked_s: float = 0.017
    clear: float = 0.6
    # … or so near to where the two before them point, for lines that bend: of 264 copies that were cut or bent 154
    # pass by this alone, and ten of the pieces …
    steady_course_s: float = 0.005
    # … or, by clear moments, as near to the line as this; to ``steady_masked_s`` where the pictures say nothing.
    steady_by_moments_s: float = 0.0095

    # What is sure, so that no further probe is tried: score, mean similarity, and share of either side.
    sure_score: float = 10.0
    sure_similarity: float = 0.62
    sure_coverage: float = 0.5
    # The share of what sounds of either side from which a match explains all of it: fades, an intro that was left out
    # and masked moments take the rest.
    whole_share: float = 0.8
    # A query that contains all of a reference is a copy with something joined to it from this share on; less is a mix.
    joined_share: float = 0.2
    # A piece beside the best one of its line is kept where its moments stand out from wrong places (``path``), or the
    # filter gains at least so much in it (nats): what chance adds to a line has neither.
    side_gain: float = 2.0
    # A piece goes on while what the filter gains along its line adds up (nats): to where that brings at least so much
    # (one wrong line in seven climbs as high), and past what loses no more than ``gap_loss``.
    end_gain: float = 2.0
    gap_loss: float = 8.0
    # A segment that ends this near to an end of a recording reaches it: seconds.
    edge_s: float = 0.8

    # The other pieces of an edited copy, once the recording itself is sure: so many at the most, each with so much
    # evidence (nats; chance in one recording is far smaller than in a catalog), and none where less than
    # ``least_unexplained_s`` of the query is open.
    most_pieces: int = 6
    piece_evidence: float = 40.0
    least_unexplained_s: float = 4.0
    # The straight piece of a line over a cut: no block off by more than ``bend_s`` from where the two before it point,
    # at least so many steps of a block (ten seconds); beside a cut the tempo is the same, to ``parallel_s`` a block.
    bend_s: float = 0.01
    straight_steps: int = 3
    parallel_s: float = 0.008
    # Of what a bent line explains, the share that straight pieces must explain to take its place.
    as_much: float = 0.9


LIMITS = Limits()
