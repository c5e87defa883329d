"""The figures as PNG."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from bench.goals import LONG, NO_TIME_OR_PITCH, ONE_AT_A_TIME, WEAKEST, by_alteration, recall
from bench.peers import PeerRow, threshold_of
from bench.relatives import same_recording
from bench.runner import Row
from catalog.engine.verification.limits import LIMITS

AXES = {"pitch": "semitones", "tempo": "tempo ratio", "speed": "speed ratio"}
OURS, PEER = "#1f5fa8", "#c26a1b"


def all_plots(rows: list[Row], peer_rows: list[PeerRow], folder: Path) -> None:
    """Write every plot the rows have data for."""
    folder.mkdir(parents=True, exist_ok=True)
    for family, axis in AXES.items():
        _against_value(rows, peer_rows, family, axis, folder / f"recall-{family}.png")
    _noise(rows, folder / "recall-noise.png")
    _scores(rows, folder / "scores.png")
    _thresholds(rows, folder / "thresholds.png")
    _weakest(rows, folder / "weakest.png")


def _against_value(rows: list[Row], peer_rows: list[PeerRow], family: str, axis: str, path: Path) -> None:
    mine = [r for r in rows if r.family == family and r.length == "30 s"]
    if not mine:
        return
    values = sorted({row.value for row in mine})
    threshold = threshold_of(peer_rows)
    right = {row.key for row in peer_rows if same_recording(row.best, row.track) and row.bits > threshold}
    figure, axes = _figure(f"Recall against {family}, 30 s queries", axis)
    axes.plot(
        values,
        [100 * recall(r for r in mine if r.value == v)[0] for v in values],
        "o-",
        color=OURS,
        label="this engine",
    )
    if peer_rows:
        shares = [100 * np.mean([r.key in right for r in mine if r.value == v]) for v in values]
        axes.plot(values, shares, "s--", color=PEER, label="Chromaprint, no false accept")
    _save(figure, axes, path)


def _noise(rows: list[Row], path: Path) -> None:
    figure, axes = _figure("Recall against noise", "music over noise, dB")
    for colour, line in (("white", "#888888"), ("pink", "#c2478f"), ("brown", "#7a4b20")):
        for length, style in (("30 s", "o-"), ("5 s", "o:")):
            group = [r for r in rows if r.alteration.startswith(colour) and r.family == "noise" and r.length == length]
            values = sorted({row.value for row in group})
            shares = [100 * recall(r for r in group if r.value == v)[0] for v in values]
            if values:
                axes.plot(values, shares, style, color=line, label=f"{colour}, {length}")
    _save(figure, axes, path)


def _scores(rows: list[Row], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(6.4, 3.6), dpi=90)
    true = [r.right_score for r in rows if r.positive]
    false = [r.wrong_score for r in rows]
    edges = np.linspace(0, max([*true, *false, 1e-6]), 60)
    axes.hist(false, edges, color=PEER, alpha=0.7, label="best wrong candidate of every query")
    axes.hist(true, edges, color=OURS, alpha=0.7, label="right track")
    reported = [r.right_score for r in rows if r.found]
    if reported:
        axes.axvline(min(reported), color="black", linestyle=":", label="lowest score reported as found")
    axes.set(title="Scores of true and false candidates", xlabel="score", ylabel="queries", yscale="log")
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _thresholds(rows: list[Row], path: Path) -> None:
    """What other thresholds would find, and report wrongly: right tracks that come first, by their score."""
    negative = np.array([row.wrong_score for row in rows if not row.positive])
    limits = np.linspace(0.05, 8, 160)
    figure, axes = _figure("Recall against the threshold", "score asked for: -log10 of the false-accept probability")
    groups = {
        "one at a time, whole and 30 s": [r for r in rows if r.family in ONE_AT_A_TIME and r.length in LONG],
        "10 s, no pitch or tempo": [r for r in rows if r.family in NO_TIME_OR_PITCH and r.length == "10 s"],
        "5 s, no pitch or tempo": [r for r in rows if r.family in NO_TIME_OR_PITCH and r.length == "5 s"],
    }
    for (name, group), style in zip(groups.items(), ("-", "--", ":"), strict=True):
        reached = np.array([_reached(row) for row in group if row.positive])
        if reached.size:
            axes.plot(limits, [100 * (reached >= limit).mean() for limit in limits], style, color=OURS, label=name)
    axes.set_ylim(80, 100.5)
    axes.axvline(-np.log10(LIMITS.false_accept), color="black", linestyle="-.", linewidth=1, label="the default")
    wrong = axes.twinx()
    wrong.step(limits, [(negative >= limit).sum() for limit in limits], color=PEER, where="post")
    wrong.set_ylabel(f"of {len(negative):,} negatives reported", color=PEER)
    wrong.set_ylim(0, None)
    _save(figure, axes, path)


def _weakest(rows: list[Row], path: Path) -> None:
    """What any threshold would find of the alterations that miss their goal."""
    negative = max((row.wrong_score for row in rows if not row.positive), default=0.0)
    limits = np.linspace(0.05, 8, 160)
    figure, axes = _figure("The weakest alterations", "score asked for: -log10 of the false-accept probability")
    singles = by_alteration(r for r in rows if r.positive and r.family in ONE_AT_A_TIME and r.length in LONG)
    weak = {name: group for name, group in singles.items() if recall(group)[0] < WEAKEST}
    for number, (name, group) in enumerate(weak.items()):
        reached = np.array([_reached(row) for row in group])
        found = [100 * (reached >= limit).mean() for limit in limits]
        axes.plot(limits, found, ("-", "--", ":", "-.")[number % 4], label=f"{name} ({len(group)} queries)")
    axes.axhline(100 * WEAKEST, color="grey", linewidth=1, label="the goal")
    axes.axvline(-np.log10(LIMITS.false_accept), color="black", linestyle="-.", linewidth=1, label="the default")
    axes.axvline(negative, color=PEER, linewidth=1, label="the best of all negatives")
    axes.set_ylim(40, 100.5)
    _save(figure, axes, path)


def _reached(row: Row) -> float:
    """The highest threshold at which the right recording is reported; a found one may be another copy of it."""
    if row.found:
        return float(-np.log10(max(row.false_accept_probability, 1e-300)))
    return row.right_score if row.rank == 1 else 0.0


def size_curve(sizes: list[int], recalls: list[float], path: Path) -> None:
    """Recall against the number of tracks in the index."""
    figure, axes = _figure("Recall against index size", "tracks in the index")
    axes.plot(sizes, [100 * r for r in recalls], "o-", color=OURS, label="30 s and 10 s queries")
    axes.set_xscale("log")
    _save(figure, axes, path)


def coding_curve(rows: list[tuple], path: Path) -> None:
    """Right tracks among the candidates against bytes of index; dashed for the plain query alone."""
    figure, axes = _figure("Right track among the candidates, against index size", "kB of index, a 4-minute track")
    for spacing in sorted({row[0] for row in rows}):
        group = sorted((row for row in rows if row[0] == spacing), key=lambda row: row[2])
        kilobytes = [row[2] / 1000 for row in group]
        (line,) = axes.plot(kilobytes, [100 * row[4] / row[5] for row in group], "o-", label=f"{spacing:.2f} s apart")
        plain = [100 * row[3] / row[5] for row in group]
        axes.plot(kilobytes, plain, "o--", color=line.get_color())
        for row, at, share in zip(group, kilobytes, plain, strict=True):
            axes.annotate(row[1], (at, share), fontsize=7, xytext=(-8, -11), textcoords="offset points")
    axes.set_ylim(70, 102)
    axes.axvline(16, color="black", linestyle=":")
    _save(figure, axes, path)


def scale_curves(rows: list[dict[str, float]], path: Path) -> None:
    """Time of a check, and memory, against tracks."""
    figure, (times, memory) = plt.subplots(1, 2, figsize=(9, 3.4), dpi=90)
    tracks = [row["tracks"] for row in rows]
    times.plot(tracks, [row["plain_cpu_s"] for row in rows], "o-", color=OURS, label="plain copy")
    times.plot(tracks, [row["probes_cpu_s"] for row in rows], "s-", color=PEER, label="nothing matches: full probes")
    times.set(title="Check of 4 minutes", xlabel="tracks", ylabel="CPU s, one core", xscale="log", ylim=(0, None))
    memory.plot(
        tracks, [row["bytes_a_track"] * row["tracks"] / 1e6 for row in rows], "o-", color=OURS, label="files, shared"
    )
    memory.plot(tracks, [row["private_mb"] for row in rows], "s-", color=PEER, label="one more worker, private")
    memory.set(title="Index", xlabel="tracks", ylabel="MB", xscale="log", yscale="log")
    for axes in (times, memory):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def naming_costs(rows: list[dict[str, float]], path: Path) -> None:
    """CPU and memory of naming against the query's length and the number of copies; hollow: the budget ended it."""
    figure, grid = plt.subplots(2, 2, figsize=(9, 6), dpi=90)
    columns = (("minutes of query", ("all known", "one minute known")), ("copies in the catalog", ("copies",)))
    for place, (axis, kinds) in enumerate(columns):
        for row, (field, unit) in enumerate((("cpu_s", "CPU s, one core"), ("mb", "MB by the search"))):
            axes = grid[row][place]
            for kind, colour in zip(kinds, (OURS, PEER), strict=False):
                group = [one for one in rows if one["kind"] == kind]
                axes.plot(
                    [one["amount"] for one in group], [one[field] for one in group], "-", color=colour, label=kind
                )
                for one in group:
                    face = colour if one["is_complete"] else "white"
                    axes.plot([one["amount"]], [one[field]], "o", color=colour, markerfacecolor=face)
            axes.set(xlabel=axis, ylabel=unit, xlim=(0, None), ylim=(0, None))
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _figure(title: str, axis: str) -> tuple[plt.Figure, plt.Axes]:
    figure, axes = plt.subplots(figsize=(6.4, 3.2), dpi=90)
    axes.set(title=title, xlabel=axis, ylabel="recall, %", ylim=(-3, 103))
    axes.grid(alpha=0.3)
    return figure, axes


def _save(figure: plt.Figure, axes: plt.Axes, path: Path) -> None:
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)
