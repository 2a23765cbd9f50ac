"""`contrastive-theory concentration`: sigma(delta) of view sets in input space, beside measured errors.

The view sets are the lecture's: the ladder a, ab, abc, abcd, abcde and the ten pairs of a to e. For each class the whole
frontier sigma(delta) is computed on a finite world of n test images with m views each. A main part of it remains one when
views are added, so 1 - sigma is an upper bound for the continuous augmentation; nothing is said of images that are not in
it. The errors are those of `contrastive-theory experiment pairs` and `richness`: their results, else those that are kept.

The values of delta are the same for all view sets: quantiles of the distance between two plain images of one class.
Exit status 0: done, whatever the order; others: see `theory.command`.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("empirical.experiments.view_sets")


import json
import math
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau
from tqdm import tqdm

from empirical.data.reading import add_data_options, read_named
from empirical.data.sets import Dataset
from empirical.experiments import kept
from empirical.experiments.design import EXPERIMENTS, LADDER, PAIRS, SCALES
from empirical.experiments.study import at_most, balanced
from empirical.machine import made
from empirical.views.augmentations import Augmentation
from empirical.views.protocol import MOST_VIEWS, finite_views
from theory.checks import check_integer
from theory.command import NAME, OneLineParser, at_least, integer, number, output_folder, show_progress
from theory.concentration import SigmaFrontier, augmented_distances, frontier, vertex_cover_estimate
from theory.digests import read_evidence, recorded, write_evidence
from theory.messages import Notice
from theory.setting import Array

SETS = tuple(dict.fromkeys((*LADDER, *PAIRS)))
SAMPLES = 100
"""Test images of every class, as far as there are so many."""
CURVE_POINTS = 60
"""Values of delta at which the whole frontier is written."""
DECIDING = ("data", "samples_per_class", "n_views", "seed", "quantiles", "nodes", "method")
"""Options that decide a result, besides the side to which images are scaled."""
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9)
GROUPS = {
    "the four pairs with a": tuple(p for p in PAIRS if "a" in p),
    "the ten pairs": PAIRS,
    "the ladder": LADDER,
}
ASSERTED = tuple((s.lower, s.higher) for s in EXPERIMENTS["pairs"].order if s.metric == "1 - sigma") + tuple(
    (richer, poorer) for poorer, richer in pairwise(LADDER)
)
"""(lower, higher) in 1 - sigma: for pairs as the lecture asserts, on the ladder each richer set below the poorer one."""


@dataclass(frozen=True)
class Curve:
    """min_k sigma_k(delta) from both sides, and what the 2-approximation of vertex cover says of it.

    deltas                   (T,)
    low, high                (T,) from the frontiers, equal where every class was solved
    cover_low, cover_high    (T,) from `vertex_cover_estimate`
    """

    deltas: Array
    low: Array
    high: Array
    cover_low: Array
    cover_high: Array


@dataclass(frozen=True)
class Concentration:
    """What is known of 1 - sum_k p_k sigma_k(delta) for one view set.

    low, high   (T,) bounds at each delta, equal where every class was solved
    classes     (K, T) sigma_k from below
    exact       the whole frontier of every class is exact
    curve       sigma(delta) of the class with least, over the whole range of delta
    """

    letters: str
    low: Array
    high: Array
    classes: Array
    exact: bool
    curve: Curve


@dataclass(frozen=True)
class MeasuredError:
    """Error of the nearest class mean on backbone features: mean and standard deviation (NaN for one) over seeds.

    kept   whether it comes from the results that the repository keeps
    """

    mean: float
    spread: float
    seeds: int
    kept: bool


def plain_quantiles(images: Sequence[Array], quantiles: Sequence[float]) -> Array:
    """Quantiles of the distance between two images of one class, classes pooled; images: per class (n_k, D)."""
    plain = [augmented_distances(x[:, None], x[:, None])[np.triu_indices(len(x), 1)] for x in images]
    return np.asarray(np.quantile(np.concatenate(plain), quantiles))


def curve(distances: Sequence[Array], frontiers: Sequence[SigmaFrontier]) -> Curve:
    """The sigma of Definition 1 from the distances and the frontier of every class."""
    deltas = np.linspace(0, max(f.thresholds[-1] for f in frontiers), CURVE_POINTS)
    low, high = (np.min([f.sigma(deltas)[end] for f in frontiers], axis=0) for end in (0, 1))
    covers = [[vertex_cover_estimate(d, float(delta)) for d in distances] for delta in deltas]
    sizes = [len(d) for d in distances]
    cover_low, cover_high = (
        np.array([min(getattr(c, end) / n for c, n in zip(row, sizes, strict=True)) for row in covers])
        for end in ("lower", "upper")
    )
    return Curve(deltas, low, high, cover_low, cover_high)


def outside(letters: str, frontiers: Sequence[SigmaFrontier], deltas: Array, whole: Curve) -> Concentration:
    """1 - sum_k p_k sigma_k(delta) from one frontier per class, p_k being its share of the samples."""
    sizes = np.array([len(f.reached) for f in frontiers])
    lower, upper = (np.array([f.sigma(deltas)[end] for f in frontiers]) for end in (0, 1))
    share = sizes / sizes.sum()
    return Concentration(letters, 1 - share @ upper, 1 - share @ lower, lower, all(f.exact for f in frontiers), whole)


def concentrations(
    data: Dataset, samples_per_class: int, views: int, seed: int, quantiles: Sequence[float], nodes: int, progress: bool
) -> tuple[Array, list[Concentration]]:
    """(deltas, one `Concentration` per view set) on the first `samples_per_class` test images of every class."""
    chosen = balanced(data.test_labels, samples_per_class)
    images, labels = data.test_images[chosen], data.test_labels[chosen].numpy()
    members = [np.flatnonzero(labels == k) for k in range(len(data.class_names))]
    flat = images.flatten(1).double().numpy()
    deltas = plain_quantiles([flat[m] for m in members], quantiles)
    by_set = []
    for letters in tqdm(SETS, desc="view sets", disable=not progress):
        world = finite_views(images, Augmentation.from_letters(letters), views, seed).flatten(2).numpy()
        distances = [augmented_distances(world[m]) for m in members]
        frontiers = [frontier(d, nodes=nodes) for d in distances]
        by_set.append(outside(letters, frontiers, deltas, curve(distances, frontiers)))
    return deltas, by_set


def measured_errors(folder: Path, data: str, method: str) -> dict[str, MeasuredError]:
    """Errors by view set from the experiments pairs and richness at the scales on the data set `data`.

    A result in the folder has precedence over the kept one of its scale; the last of `SCALES` that has either counts.

    ValueError for a file that is no result of an experiment, or was changed; a Notice for one without a hash.
    """
    errors = {}
    paths = [
        (name, folder / kept.file_name(name, scale.name), kept.files(name).get(scale.name))
        for scale in SCALES.values()
        for name in ("richness", "pairs")
    ]
    for name, computed, standing_in in paths:
        path = computed if computed.exists() else standing_in
        if path is None:
            continue
        remedy = f"run {NAME} experiment {name} again"
        content = read_evidence(path, remedy)
        if path == computed and recorded(path) is None:
            warnings.warn(f"{path} is taken as it is, without a hash beside it", Notice, stacklevel=2)
        try:
            runs = [(r["row"], 1 - r["values"]["nearest mean"]) for r in content["runs"] if r["group"] == method]
            here = SCALES[content["scale"]].dataset == data
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"evidence={path}: no result of an experiment ({error!r}); {remedy}") from None
        for row in dict.fromkeys(row for row, _ in runs) if here else ():
            values = np.array([value for r, value in runs if r == row])
            spread = float(values.std(ddof=1)) if len(values) > 1 else math.nan
            errors[row] = MeasuredError(float(values.mean()), spread, len(values), path != computed)
    return errors


def step_verdict(low: Concentration, high: Concentration, at: int) -> str:
    """Whether 1 - sigma of `low` is below that of `high` at delta number `at`: "holds", "equal", "reversed" or "open"."""
    if low.high[at] < high.low[at]:
        return "holds"
    if low.low[at] > high.high[at]:
        return "reversed"
    return "equal" if low.low[at] == low.high[at] == high.low[at] == high.high[at] else "open"


def tau(sets: Mapping[str, Concentration], errors: Mapping[str, MeasuredError], rows: Sequence[str], at: int) -> float:
    """Kendall's tau-b of 1 - sigma (upper ends) with the error over `rows`; NaN where one is missing or all are equal."""
    if any(row not in errors for row in rows):
        return math.nan
    shares = [sets[row].high[at] for row in rows]
    return float(kendalltau(shares, [errors[row].mean for row in rows]).statistic) if len(set(shares)) > 1 else math.nan


def says(sets: Mapping[str, Concentration]) -> str:
    """How many of the asserted steps hold, over all deltas, in words."""
    verdicts = [step_verdict(sets[low], sets[high], at) for low, high in ASSERTED for at in range(len(sets[low].high))]
    counts = ", ".join(f"{verdicts.count(v)} {v}" for v in ("equal", "open", "reversed"))
    return f"Of {len(verdicts)} asserted steps of 1 - sigma {verdicts.count('holds')} hold ({counts})."


def text(
    setting: Mapping[str, Any], deltas: Array, sets: Sequence[Concentration], errors: Mapping[str, MeasuredError]
) -> str:
    """The table of 1 - sigma and errors, then the order: aligned, one column per delta."""
    by_letters = {c.letters: c for c in sets}
    counted, quantiles = range(len(deltas)), [f"{q:g}" for q in setting["quantiles"]]
    shares = {c.letters: [_interval(c.low[at], c.high[at]) for at in counted] for c in sets}
    each = max(10, *(len(cell) + 2 for cells in shares.values() for cell in cells))

    def row(head: str, cells: Sequence[str], tail: str = "") -> str:
        return (f"{head:<30}" + "".join(f"{cell:>{each}}" for cell in cells) + f"    {tail}").rstrip()

    lines = [
        f"1 - sigma(delta), the share outside main parts, in input space: {setting['data']}, "
        f"{setting['samples_per_class']} test images per class, {setting['views']} views",
        f"each, seed {setting['seed']}. All frontiers exact for {sum(c.exact for c in sets)} of {len(sets)} view sets; an "
        "upper end for a continuous augmentation. delta: quantile of the",
        "distance between two plain images of one class.",
        "",
        row("quantile", quantiles, f"error of the nearest mean, {setting['method']}"),
        row("delta", [f"{delta:.3f}" for delta in deltas]),
        *(row(c.letters, shares[c.letters], _error_text(errors.get(c.letters))) for c in sets),
        "",
        row("asserted, on these images", quantiles),
        *(
            row(f"{low} < {high}", [step_verdict(by_letters[low], by_letters[high], at) for at in counted])
            for low, high in ASSERTED
        ),
        "",
        row("Kendall's tau with the error", quantiles),
    ]
    for name, rows in GROUPS.items():
        taus = [tau(by_letters, errors, rows, at) for at in counted]
        lines.append(row(name, ["-" if math.isnan(t) else f"{t:+.2f}" for t in taus]))
    lines += ["", says(by_letters)]
    missing = [c.letters for c in sets if c.letters not in errors]
    if missing:
        lines += [
            f"No error of {setting['method']} on {setting['data']} was found for {', '.join(missing)}: "
            "run `contrastive-theory experiment pairs` and `richness`.",
        ]
    return "\n".join(lines)


def _interval(low: float, high: float) -> str:
    return f"{high:.3f}" if low == high else f"{low:.3f}..{high:.3f}"


def _error_text(error: MeasuredError | None) -> str:
    if error is None:
        return "-"
    seeds = f" +- {error.spread:.3f}, {error.seeds} seeds" if error.seeds > 1 else ", one seed"
    return f"{error.mean:.4f}{seeds}{', kept' * error.kept}"


def as_json(
    setting: Mapping[str, Any], deltas: Array, sets: Sequence[Concentration], errors: Mapping[str, MeasuredError]
) -> dict[str, Any]:
    """Plain JSON types; a number that is not there is null."""

    def finite(value: float) -> float | None:
        return value if math.isfinite(value) else None

    by_letters = {c.letters: c for c in sets}
    counted = range(len(deltas))
    return {
        "setting": dict(setting),
        "deltas": deltas.tolist(),
        "direction": "exact on the finite views where low equals high; upper for a continuous augmentation",
        "sets": [
            {
                "letters": c.letters,
                "outside_low": c.low.tolist(),
                "outside_high": c.high.tolist(),
                "sigma_of_classes": c.classes.tolist(),
                "exact": c.exact,
                "curve": {name: np.round(values, 6).tolist() for name, values in vars(c.curve).items()},
                "error": None if c.letters not in errors else errors[c.letters].mean,
                "error_spread": None if c.letters not in errors else finite(errors[c.letters].spread),
                "error_kept": c.letters in errors and errors[c.letters].kept,
            }
            for c in sets
        ],
        "says": says(by_letters),
        "asserted": [
            {"lower": a, "higher": b, "verdicts": [step_verdict(by_letters[a], by_letters[b], at) for at in counted]}
            for a, b in ASSERTED
        ],
        "kendall": {
            name: [finite(tau(by_letters, errors, rows, at)) for at in counted] for name, rows in GROUPS.items()
        },
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser(
        "concentration", description="sigma(delta) of view sets in input space, beside measured errors."
    )
    add_data_options(parser, default="fashion")
    parser.share("n-views", "seed", "json", "quiet")
    parser.add_argument("--samples-per-class", type=integer, help=f"test images ({SAMPLES}, or all)")
    parser.add_argument("--quantiles", type=number, nargs="+", default=list(QUANTILES), help="of delta, in (0, 1)")
    parser.add_argument("--nodes", type=integer, default=2_000_000, help="search budget per frontier (%(default)s)")
    parser.add_argument(
        "--method", default="SimCLR", help="group of the experiments whose errors are read (%(default)s)"
    )
    parser.share("out", help="folder of the experiments' errors and of the result (%(default)s)")
    options = parser.parse_words(argv)
    torch.set_num_threads(1)
    started = time.process_time()
    try:
        for q in options.quantiles:
            if not 0 < q < 1:
                raise ValueError(f"--quantiles={q:g}: no quantile; give numbers between 0 and 1")
        check_integer("--n-views", options.n_views, 2, MOST_VIEWS)
        at_least(options, nodes=1)
        if options.samples_per_class is not None:
            at_least(options, samples_per_class=2)
        reading = read_named(options)
        data = reading.data
        errors = measured_errors(options.out, options.data, options.method)
        if options.samples_per_class is None:
            options.samples_per_class = at_most(data.test_labels, SAMPLES)
        name = "concentration" if options.path is None else f"concentration-{reading.name}"
        target = output_folder("--out", options.out) / f"{name}.json"
        deltas, sets = concentrations(
            data,
            options.samples_per_class,
            options.n_views,
            options.seed,
            options.quantiles,
            options.nodes,
            show_progress(options),
        )
    except ValueError as error:
        parser.error(str(error))
    asked = {name: getattr(options, name) for name in DECIDING}
    setting = {"views" if name == "n_views" else name: value for name, value in asked.items()}
    command = kept.words("concentration", **asked, side=options.side)
    content = as_json(setting, deltas, sets, errors) | {
        "made": made(time.process_time() - started) | {"command": command}
    }
    write_evidence(target, content)
    table = "\n".join([text(setting, deltas, sets, errors), "", *reading.notes, f"written to {target}"])
    print(json.dumps(content, indent=1) if options.json else table)
    return 0
