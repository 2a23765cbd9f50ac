"""`python -m empirical.audit`: audit any encoder, or check a certificate.

Exit status 0: done, and what is certified stands; 1: a certificate does not stand; 2: bad input.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from empirical.audit.certificate import write
from empirical.audit.check import check
from empirical.audit.core import audit
from empirical.audit.encoders import load_encoder
from empirical.audit.halves import Halves, halves
from empirical.audit.page import write_page
from empirical.audit.report import as_json, report
from empirical.audit.table import latex
from empirical.data.sets import load
from empirical.evaluation.heads import HEADS
from empirical.thirdparty import FOREIGN_ERRORS, first_line, imported
from empirical.views.parsing import NAMED, parse_views
from theory.ledger import write_json, write_text
from theory.options import OneLineParser, integer, number

ARGUMENTS = '{"n_components": 32}'
EXAMPLE = f"python -m empirical.audit --encoder sklearn.decomposition:PCA --arguments '{ARGUMENTS}' --data digits"


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser(
        prog="python -m empirical.audit", description="Audit any encoder.", epilog=f"Example: {EXAMPLE}"
    )
    parser.add_argument(
        "--encoder", help="package.module:factory (torch module or scikit-learn transformer), or a TorchScript file"
    )
    parser.add_argument("--arguments", default="{}", help="of the factory, as JSON (%(default)s)")
    parser.add_argument("--checkpoint", type=Path, help="safetensors, or a torch file of tensors only")
    parser.add_argument("--layer", help="a submodule whose output is audited; default: the encoder's output")
    parser.add_argument("--head", default="unit", help=f"post-processing: {', '.join(HEADS)} (%(default)s)")
    parser.add_argument("--clusters", type=integer, help="of the head `clusters` (number of classes)")
    parser.add_argument(
        "--data",
        default="digits",
        help="digits, fashion, cifar10, cifar100, folder, npz, or module:factory of torch Datasets",
    )
    parser.add_argument("--path", type=Path, help="where cifar10, cifar100, folder or npz lie; nothing is downloaded")
    parser.add_argument("--side", type=integer, help="scale images to this many pixels")
    parser.add_argument(
        "--views",
        default="mild",
        help=f"{', '.join(NAMED)} (:name=value,...), letters of abcdef, or module:callable (%(default)s)",
    )
    parser.add_argument("--count", type=integer, default=8, help="views per image, itself included (%(default)s)")
    parser.add_argument("--same", action="store_true", help="the same views for all images: A(x) is then finite")
    parser.add_argument("--level", type=number, default=0.95, help="of the population certificate (%(default)s)")
    parser.add_argument("--seed", type=integer, default=0, help="of views and clusters (%(default)s)")
    parser.add_argument(
        "--split",
        type=integer,
        default=0,
        help="seed of the data's halves; the one the encoder was trained with (%(default)s)",
    )
    parser.add_argument("--trust", action="store_true", help="load an exported program, which may run any code")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (%(default)s)")
    parser.add_argument("--out", type=Path, help="folder of certificate, features, page and table (build/audit/NAME)")
    parser.add_argument(
        "--evidence", type=Path, default=Path("build/evidence"), help="folder of what the report reads (%(default)s)"
    )
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="check this certificate; --data FILE names its features"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    options = parser.parse_words(argv)
    torch.set_num_threads(1)
    try:
        if options.check is not None:
            return _check(options.check, options.data)
        if options.encoder is None:
            raise ValueError(f"no encoder given: for example {EXAMPLE}")
        views = parse_views(options.views, options.count, options.seed, options.same)
        data = _data(options)
        subject = load_encoder(
            options.encoder,
            _arguments(options.arguments),
            options.checkpoint,
            options.layer,
            data.fit_images,
            trust=options.trust,
        )
        encoder = Path(options.encoder.rpartition(":")[2]).stem
        name = re.sub(r"[^A-Za-z0-9]+", "-", f"{data.name}-{encoder}").strip("-")
        folder = _made("--out", options.out or Path("build/audit") / name)
        evidence = _made("--evidence", options.evidence) / f"audit-{folder.name}.json"
        found = audit(
            subject,
            data,
            views,
            head=options.head,
            clusters=options.clusters,
            seed=options.seed,
            level=options.level,
            device=options.device,
            progress=not options.quiet,
        )
    except ValueError as error:
        parser.error(str(error))
    print(report(found))
    try:
        certificate, features = write(found, folder)
        write_page(found, folder / "index.html")
        write_text(folder / "table.tex", latex(found))
        write_json(evidence, as_json(found, str(folder / "index.html")))
    except OSError as error:
        parser.error(f"--out {folder} cannot be written ({error}): choose another folder")
    except ArithmeticError as error:  # the certificate does not pass its own check
        print(f"empirical.audit: {error}", file=sys.stderr)
        return 1
    print(f"\n{folder / 'index.html'}, table.tex; checked: {certificate.name}, {features.name}")
    print(f"check it again: python -m empirical.audit --check {certificate} --data {features}")
    if found.false:
        print("empirical.audit: a certified error lies below the true one: please report this", file=sys.stderr)
    return int(found.false)


def _check(path: Path, features: str) -> int:
    wrong = check(path, None if features == "digits" else Path(features))
    for line in wrong:
        print(f"FAILS  {line}")
    if wrong:
        return 1
    content = json.loads(path.read_text(encoding="utf-8"))
    for mode in ("exact", "population"):
        claim = content[mode]
        classes = f"{sum(c['met'] for c in claim['classes'])}/{len(claim['classes'])} classes"
        where = f"{content['data']['certifying_images']} images"
        where += f", level {float(claim['level']):.9g}" if mode == "population" else ""
        print(f"holds  {mode}: error <= {float(claim['error']):.6f}, {where}, {claim['form']} form, {classes}")
        print(f"       {claim['claim']}")
    shared = float(content["data"]["shared_with_fitting"])
    if shared > 0:
        print(f"       {100 * shared:.1f}% of these images were fitted on too: they are no independent samples")
    return 0


def _arguments(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"--arguments {text[:200]!r} is no JSON ({error}): write for example {ARGUMENTS}") from error
    if not isinstance(found, dict):
        raise ValueError(f"--arguments {text[:200]!r} is no object: write for example {ARGUMENTS}")
    return found


def _made(option: str, folder: Path) -> Path:
    """The folder, made before the long work, which would be lost without it."""
    try:
        str(folder).encode()  # its name is printed
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise ValueError(f"{option} {str(folder)!r} cannot be written ({error}): choose another folder") from error
    return folder


def _data(options: Any) -> Halves:
    if ":" not in options.data:
        try:
            return halves(load(options.data, seed=options.split, path=options.path, side=options.side))
        except OSError as error:
            raise ValueError(f"--path {str(options.path)!r} cannot be read ({error.strerror}): check it") from error
    for name in ("path", "side"):
        if getattr(options, name) is not None:
            raise ValueError(f"--{name} {getattr(options, name)} is not for {options.data!r}: leave it out")
    factory = imported(options.data, "--data")
    try:
        made = factory()
    except FOREIGN_ERRORS as error:
        raise ValueError(
            f"--data {options.data!r} cannot be made ({first_line(error)}): give a function without arguments that returns a "
            "torch Dataset or a pair of them"
        ) from error
    return halves(made, seed=options.split)


if __name__ == "__main__":
    sys.exit(main())
