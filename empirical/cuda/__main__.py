"""`python -m empirical.cuda`: measure on a GPU, within minutes, everything that needs one.

Exit status 0: every stage was done; 70: one was not, and the others are kept; others: see `theory.command`.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("empirical.cuda.__main__")


from collections.abc import Sequence
from pathlib import Path

from empirical.cuda.plan import PLAN, RESULT, Request, run_plan
from theory.command import PROGRAM_ERROR, OneLineParser, number, output_folder
from theory.files import lock_or_refuse

ARCHIVE = "cifar-10-python.tar.gz"


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser("cuda", description="Measure on a GPU everything that needs one.")
    parser.share(
        "path", help=f"CIFAR-10: {ARCHIVE}, or a folder or tar archive with train/CLASS and test/CLASS of images"
    )
    parser.add_argument("--minutes", type=number, default=9.0, help="for everything together (%(default)s)")
    parser.add_argument("--rehearse", action="store_true", help="the same code on few images, also without a GPU")
    parser.share("device")
    parser.share("out", default=Path("build/cuda"), help=f"folder of {RESULT} and the networks (%(default)s)")
    parser.add_argument(
        "--work", type=Path, default=Path("build/cuda-work"), help="folder of what is needed on the way (%(default)s)"
    )
    options = parser.parse_words(argv)
    try:
        if not options.minutes > 0:
            raise ValueError(f"--minutes={options.minutes}: no time; give for example 9")
        if options.path is None and not options.rehearse:
            raise ValueError(
                f"--path: CIFAR-10 is read from the disk, never downloaded; fetch {ARCHIVE} from "
                "https://www.cs.toronto.edu/~kriz/cifar.html and give its path (make cuda CIFAR=PATH), or --rehearse"
            )
        if options.path is not None and not options.path.exists():
            raise ValueError(f"--path {str(options.path)!r}: no such file or folder; check it")
        request = Request(
            source=None if options.path is None else str(options.path),
            work=str(output_folder("--work", options.work)),
            out=str(output_folder("--out", options.out)),
            device=options.device,
            rehearsal=options.rehearse,
        )
        options.work.mkdir(parents=True, exist_ok=True)
        with lock_or_refuse(
            options.work / "cuda.lock", f"--work={options.work}: in use by another call; give another folder"
        ):
            results = run_plan(request, PLAN, 60 * options.minutes)
    except ValueError as error:
        parser.error(str(error))
    print(f"written to {options.out / RESULT}")
    return 0 if all(stage["status"] == "done" for stage in results["stages"].values()) else PROGRAM_ERROR
