"""`python -m empirical`: train an encoder, measure it, hold it against Theorem 1, write build/evidence/empirical-DATA.json.

DATA is the name of an embedded data set; what is read from the disk has the first digits of its fingerprint after its name.

Exit status 0: done, and no certified error lies below the true one; 1: one does; others: see `theory.command`.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("empirical.__main__")


import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch

from empirical.data.reading import Reading, add_data_options, read_named
from empirical.evaluation.world import blocking
from empirical.experiments.__main__ import main as experiment
from empirical.experiments.curve import curve_probe
from empirical.experiments.study import Study, at_most, evidence, factors_probe, knn_curve, run, study_json
from empirical.training.distributed import process_rank, processes
from empirical.training.loop import TrainingConfig, batch_that_fits, pick_device
from empirical.training.methods import METHODS, Method
from empirical.training.networks import ANY_SIZE
from empirical.training.parameters import add_parameters, with_parameters
from empirical.views.protocol import MOST_VIEWS
from theory.checks import check_choice, check_integer
from theory.command import OneLineParser, integer, number, output_folder, show_progress
from theory.digests import write_evidence
from theory.theorem1 import FORMS, choose

DEFAULTS = {"fashion": ("abcd", 10), "digits": ("ab", 40)}
"""Views and epochs per data set: colour is the nuisance on fashion, grey digits have none."""
MEASURED = 40
"""Test images per class in the finite world, as far as there are so many."""


def report(study: Study) -> str:
    """The tables that people read."""
    names, config = study.data.class_names, study.config
    lines = [
        f"{config.method.name} on {study.data.name}: {len(study.data.train_images)} training and "
        f"{len(study.data.test_images)} test images, views {config.letters}, {config.epochs} epochs (last one reported), "
        f"seed {config.seed}, {study.device}, weights {study.weights_hash[:12]}",
        "",
        f"{'accuracy on test images':<26}{'kNN(20) before':>15}{'after':>8}{'nearest mean before':>22}{'after':>8}",
    ]
    for before, after in zip(study.before, study.after, strict=True):
        lines.append(
            f"{before.layer:<26}{before.knn:>15.3f}{after.knn:>8.3f}"
            f"{before.nearest_mean:>22.3f}{after.nearest_mean:>8.3f}"
        )
    points = [f"{one['knn']:.3f} ({one['cpu_minutes']:.1f})" for one in knn_curve(study.history)]
    if points:
        lines += ["", f"kNN(20) of the backbone, after CPU minutes of training: {', '.join(points)}"]
    world = study.measurements[0]
    lines += [
        "",
        f"Theorem 1, exact mode: {world.samples} test images x {world.views_per_sample} views, {world.classes} classes. "
        "Certified error (share of classes met); 1.000 (0) certifies",
        "nothing. Theorem 1: as printed, s = (L delta + 2 eps)/r, one (eps, delta). Forms: per class, s from feature space.",
        "",
        f"{'encoder':<24}{'views':<26}{'L_align':>8}{'max mu.mu':>10}{'L':>8}{'Err':>7}"
        + f"{'Theorem 1':>13}"
        + "".join(f"{form:>13}" for form in FORMS),
    ]
    for m in study.measurements:
        off = max(max(row[:k].tolist() + row[k + 1 :].tolist()) for k, row in enumerate(m.products))
        as_printed = choose(m.certificates, "printed", "lipschitz", "world")
        shown = [as_printed, *(choose(m.certificates, form) for form in FORMS)]
        cells = [f"{c.error:.3f} ({sum(v.met for v in c.classes)}/{m.classes})" for c in shown]
        lines.append(
            f"{m.layer:<24}{m.views:<26}{m.alignment:>8.3f}{off:>10.2f}{m.lipschitz:>8.3g}{m.error:>7.3f}"
            + "".join(f"{cell:>13}" for cell in cells)
        )
    lines += ["", "What is met and what blocks the rest (best form, per class, local):"]
    for m in study.measurements:
        best = m.nearest
        lines.append(f"  {m.layer}, {m.views}: {best.form}: {blocking(best, names)}")
    return "\n".join(lines)


def _config(options: argparse.Namespace, method: Method) -> TrainingConfig:
    """The run that the options ask for, before the data are known."""
    letters, epochs = DEFAULTS.get(options.data, DEFAULTS["fashion"])
    names = ("encoder", "coarse", "batch_size", "lr", "side")
    asked = {name: getattr(options, name) for name in names}
    return TrainingConfig.for_method(
        method,
        dataset=options.data,
        letters=letters if options.views is None else options.views,
        strength=options.strength,
        epochs=epochs if options.epochs is None else options.epochs,
        seed=options.seed,
        train_size=options.train_size,
        **{name: value for name, value in asked.items() if value is not None},
    )


def _fitted(
    config: TrainingConfig, options: argparse.Namespace, reading: Reading
) -> tuple[TrainingConfig, tuple[str, ...]]:
    """The run with the side of the images that were read and a batch that they fill, and what to say of both."""
    images, notes = len(reading.data.train_images), reading.notes
    batch_size = config.batch_size if options.batch_size is not None else batch_that_fits(config.batch_size, images)
    if batch_size != config.batch_size:
        notes += (f"batches of {batch_size} images, since there are {images} to train on; --batch-size sets another",)
    return replace(config, side=reading.side, batch_size=batch_size), notes


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status. `experiment NAME ...` goes to `empirical.experiments`."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["experiment"]:
        return experiment(words[1:])
    parser = OneLineParser("train", description="Train an encoder, measure it, and hold it against Theorem 1.")
    add_data_options(parser, default="fashion")
    parser.add_argument("--method", default="simclr", help=f"{', '.join(METHODS)} (%(default)s)")
    parser.share("views", help="views to train with, letters of abcdef (digits: ab, else abcd)")
    parser.add_argument("--strength", type=number, default=1.0, help="of the colour distortion (%(default)s)")
    parser.add_argument("--encoder", help=f"{', '.join(ANY_SIZE)} (small)")
    parser.add_argument("--epochs", type=integer, help="digits: 40, else 10")
    parser.add_argument("--coarse", type=number, help="share of the epochs, the first, with views of half the side (0)")
    parser.add_argument(
        "--batch-size", type=integer, help="images per step (the method's, or fewer if there are fewer)"
    )
    parser.add_argument("--lr", type=number, help="learning rate at its peak (the method's)")
    parser.add_argument("--train-size", type=integer, help="use fewer training images")
    parser.add_argument("--samples-per-class", type=integer, help="test images per class measured (40, or all)")
    parser.share("n-views", help="views per measured image, itself included (%(default)s)")
    parser.add_argument("--clusters", type=integer, help="of the discretising head (number of classes)")
    parser.add_argument(
        "--curve", action="store_true", help="measure kNN(20) within the run too, by CPU time: a training of its own"
    )
    parser.share("seed", "device", "runs", "out", "json", "quiet")
    add_parameters(parser)
    options = parser.parse_words(words)
    torch.set_num_threads(1)
    try:
        check_integer("--n-views", options.n_views, 2, MOST_VIEWS)
        check_choice("--method", options.method, METHODS)
        if options.encoder is not None:
            check_choice("--encoder", options.encoder, ANY_SIZE)
        method = with_parameters(METHODS[options.method], options)
        config = _config(options, method)
        reading = read_named(options, options.train_size)
        config, notes = _fitted(config, options, reading)
        samples = options.samples_per_class
        if samples is None:
            samples = at_most(reading.data.test_labels, MEASURED)
        device = pick_device(options.device)
        output_folder("--runs", options.runs)
        target = output_folder("--out", options.out) / f"empirical-{reading.name}.json"
        with processes(device):  # under torchrun: several share each batch, the first one reports
            first = process_rank() == 0
            study = run(
                config,
                reading.data,
                device,
                options.runs,
                samples_per_class=samples,
                views=options.n_views,
                clusters=options.clusters,
                probing=partial(curve_probe, config.epochs) if options.curve else factors_probe,
                progress=first and show_progress(options),
            )
    except ValueError as error:
        parser.error(str(error))
    if not first:
        return 0
    content = study_json(study)
    write_evidence(target, content)
    text = "\n".join([report(study), "", *notes, f"written to {target}"])
    print(json.dumps(content, indent=1) if options.json else text)
    failed = [e.claim for e in evidence(study) if not e.holds]
    for claim in failed:
        print(f"empirical: a certified error lies below the true one: {claim} is contradicted", file=sys.stderr)
    return 1 if failed else 0
