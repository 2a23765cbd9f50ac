"""`python -m empirical.audit`: audit any encoder, or check a certificate.

Exit status 0: done, and what is certified stands; 1: a certificate does not stand; others: see `theory.command`.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("empirical.audit.__main__")


import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from empirical.audit.certificate import REPLAYED, write
from empirical.audit.check import problems
from empirical.audit.check_every_view import PROOFS, Replay, standing
from empirical.audit.check_points import standing_points
from empirical.audit.core import audit
from empirical.audit.encoders import load_encoder
from empirical.audit.halves import Halves, halves
from empirical.audit.page import write_page
from empirical.audit.reading import read_certificate
from empirical.audit.report import as_json, report
from empirical.audit.table import latex
from empirical.continuous.replayed_views import known
from empirical.data.reading import result_name
from empirical.data.sets import NAMES, load
from empirical.evaluation.heads import HEADS
from empirical.thirdparty import FOREIGN_ERRORS, first_line, imported
from empirical.views.augmentations import LETTERS
from empirical.views.parsing import FLIP, NAMED, parse_views
from theory.checks import check_choice, check_integer
from theory.command import OneLineParser, integer, number, output_folder, show_progress
from theory.digests import write_evidence
from theory.files import write_text

ARGUMENTS = '{"n_components": 32}'
EXAMPLE = f"contrastive-theory audit --encoder sklearn.decomposition:PCA --arguments '{ARGUMENTS}' --data digits"


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser("audit", description="Audit any encoder.", epilog=f"Example: {EXAMPLE}")
    parser.add_argument(
        "--encoder",
        help="package.module:factory (torch module or scikit-learn transformer), or, with --trust, a TorchScript file",
    )
    parser.add_argument("--arguments", default="{}", help="of the factory, as JSON (%(default)s)")
    parser.add_argument("--checkpoint", type=Path, help="safetensors, or a torch file of tensors only")
    parser.add_argument("--layer", help="a submodule whose output is audited; default: the encoder's output")
    parser.add_argument("--head", default="unit", help=f"post-processing: {', '.join(HEADS)} (%(default)s)")
    parser.add_argument("--clusters", type=integer, help="of the head `clusters` (number of classes)")
    parser.share(
        "data", default="digits", help=f"{', '.join(NAMES)}, or module:factory of torch Datasets (%(default)s)"
    )
    parser.share("path")
    parser.add_argument("--side", type=integer, help="scale images to this many pixels")
    parser.add_argument(
        "--test-size", type=integer, help="certify on so many of the images only, the same number of each class (all)"
    )
    parser.share(
        "views",
        default="mild",
        help=f"{', '.join(NAMED)} (:name=value,...), letters of abcdef, or module:callable (%(default)s)",
    )
    parser.share("n-views")
    parser.add_argument("--same", action="store_true", help="the same views for all images: A(x) is then finite")
    parser.add_argument("--level", type=number, default=0.95, help="of the population certificate (%(default)s)")
    parser.share("seed", help="of views and clusters (%(default)s)")
    parser.add_argument(
        "--split",
        type=integer,
        default=0,
        help="seed of the data's halves; the one the encoder was trained with (%(default)s)",
    )
    parser.add_argument(
        "--trust",
        action="store_true",
        help="run a TorchScript file or an exported program: it may write files or run any code",
    )
    parser.add_argument(
        "--continuous",
        type=integer,
        metavar="CELLS",
        help="prove for every view of the box of a warp, not for the drawn ones only; cells an image, for example 20000",
    )
    parser.add_argument(
        "--boxes",
        type=integer,
        default=0,
        metavar="IMAGES",
        help="with --continuous: search the largest boxes of 2 or 3 parameters that so many images of each class bear (none)",
    )
    parser.share("jobs", help="processes that prove or check (%(default)s)")
    parser.share(
        "runs", help="folder of the verdicts of --continuous, from which a stopped audit goes on (%(default)s)"
    )
    parser.share("device", "evidence", "json", "quiet")
    parser.share("out", default=None, help="folder of certificate, features, page and table (build/audit/NAME)")
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="check this certificate; --path FILE names its features"
    )
    options = parser.parse_words(argv)
    torch.set_num_threads(1)
    try:
        if options.check is not None:
            return _check(options.check, options.path, options.jobs, show_progress(options))
        if options.encoder is None:
            raise ValueError(f"no encoder given: for example {EXAMPLE}")
        check_choice("--head", options.head, HEADS)
        if options.boxes and options.continuous is None:
            raise ValueError(f"--boxes={options.boxes}: of a box of views; give --continuous CELLS too")
        if ":" not in options.views and set(options.views) - set(LETTERS):
            check_choice("--views", options.views.removesuffix(FLIP), NAMED)
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())  # the user's own modules, after everything that is installed
        views = parse_views(options.views, options.n_views, options.seed, options.same)
        data, data_name = _data(options)
        subject = load_encoder(
            options.encoder,
            _arguments(options.arguments),
            options.checkpoint,
            options.layer,
            data.fit_images,
            trust=options.trust,
        )
        encoder = Path(options.encoder.rpartition(":")[2]).stem
        name = re.sub(r"[^A-Za-z0-9]+", "-", f"{data_name}-{encoder}").strip("-")
        folder = output_folder("--out", options.out or Path("build/audit") / name)
        evidence = output_folder("--evidence", options.evidence) / f"audit-{folder.name}.json"
        runs = None if options.continuous is None else output_folder("--runs", options.runs)
        result = audit(
            subject,
            data,
            views,
            head=options.head,
            clusters=options.clusters,
            seed=options.seed,
            level=options.level,
            continuous=options.continuous,
            boxes=options.boxes,
            jobs=options.jobs,
            runs=runs,
            device=options.device,
            progress=show_progress(options),
        )
    except ValueError as error:
        parser.error(str(error))
    try:
        certificate, features = write(result, folder, options.jobs, show_progress(options))
    except ArithmeticError as error:  # the certificate does not pass its own check
        print(f"empirical.audit: {error}", file=sys.stderr)
        return 1
    write_page(result, folder / "index.html")
    write_text(folder / "table.tex", latex(result))
    content = as_json(result, str(folder / "index.html"))
    write_evidence(evidence, content)
    if options.json:
        print(json.dumps(content, indent=1))
    else:
        print(report(result))
        print(
            f"\n{folder / 'index.html'}, table.tex, {certificate.name}, {features.name}"
            + (f", {PROOFS}" if result.continuous else "")
        )
        if result.continuous is not None and known(result.continuous.box.source.describe()):
            print(f"the proofs of {min(REPLAYED, len(result.labels))} images were replayed; the check replays all")
        print(f"check it again: contrastive-theory check {certificate} --path {features}")
    if result.false:
        print("empirical.audit: a certified error lies below the true one: please report this", file=sys.stderr)
    return int(result.false)


def check_main(argv: Sequence[str] | None = None) -> int:
    """Check a certificate; returns the exit status."""
    parser = OneLineParser("check", description="Verify a certificate from its features.")
    parser.add_argument("certificate", type=Path, help="the file certificate.json of an audit")
    parser.share("path", help="the features, where they do not lie beside the certificate")
    parser.share("jobs", help="processes that replay proofs (%(default)s)")
    parser.share("quiet")
    options = parser.parse_words(argv)
    try:
        return _check(options.certificate, options.path, options.jobs, show_progress(options))
    except ValueError as error:
        parser.error(str(error))


def _check(path: Path, features: Path | None, jobs: int, progress: bool) -> int:
    content = read_certificate(path)
    wrong = problems(content, path, features, Replay(jobs=check_integer("--jobs", jobs, 1), progress=progress))
    for line in wrong:
        print(f"FAILS  {line}")
    if wrong:
        return 1
    for mode in ("exact", "population"):
        claim = content[mode]
        classes = f"{sum(c['met'] for c in claim['classes'])}/{len(claim['classes'])} classes"
        sample = f"{content['data']['certifying_images']} images"
        sample += f", level {float(claim['level']):.9g}" if mode == "population" else ""
        print(f"holds  {mode}: error <= {float(claim['error']):.6f}, {sample}, {claim['form']} form, {classes}")
        print(f"       {claim['claim']}")
    anchored = content["anchored"]
    print(f"holds  exact: error <= {float(anchored['error']):.6f}, anchored form\n       {anchored['claim']}")
    for line in standing_points(content.get("points")) + standing(content.get("continuous")):
        print(line)
    if content.get("points") or content.get("continuous"):
        print("       each bound for the population holds at its level by itself, not jointly with the others")
    shared = float(content["data"]["shared_with_fitting"])
    if shared > 0:
        print(f"       {100 * shared:.1f}% of these images were fitted on too: they are no independent samples")
    return 0


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"--arguments {text[:200]!r} is no JSON ({error}): write for example {ARGUMENTS}") from error
    if not isinstance(arguments, dict):
        raise ValueError(f"--arguments {text[:200]!r} is no object: write for example {ARGUMENTS}")
    return arguments


def _data(options: Any) -> tuple[Halves, str]:
    """The data, and their name in those of results."""
    if ":" not in options.data:
        check_choice("--data", options.data, NAMES)
        try:
            data = load(
                options.data, seed=options.split, test_size=options.test_size, path=options.path, side=options.side
            )
            return halves(data), result_name(data, options.path)
        except OSError as error:
            raise ValueError(f"--path {str(options.path)!r} cannot be read ({error.strerror}): check it") from error
    for option, value in (("path", options.path), ("side", options.side), ("test-size", options.test_size)):
        if value is not None:
            raise ValueError(f"--{option} {value} is not for {options.data!r}: leave it out")
    factory = imported(options.data, "--data")
    try:
        made = factory()
    except FOREIGN_ERRORS as error:
        raise ValueError(
            f"--data {options.data!r} cannot be made ({first_line(error)}): give a function without arguments that returns a "
            "torch Dataset or a pair of them"
        ) from error
    parts = halves(made, seed=options.split)
    return parts, parts.name
