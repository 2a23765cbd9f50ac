"""What each experiment trains and compares, and the order the lecture asserts.

Source: Huang, lecture of December 2023: "The Effect of Concentration Factor", "How Alignment and Divergence Change During
Training Process", "Performance on Augmented Datasets", "Performance on OOD Datasets", and its question whether masked
auto-encoders fit the framework.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from empirical.training.loop import TrainingConfig
from empirical.training.methods import Method
from empirical.training.methods.barlow_twins import BarlowTwins
from empirical.training.methods.moco import MoCo
from empirical.training.methods.simclr import SimCLR
from empirical.training.methods.simsiam import SimSiam

LADDER = ("a", "ab", "abc", "abcd", "abcde")
STRENGTHS = {"1/8": 0.125, "1/4": 0.25, "1/2": 0.5, "1": 1.0}
PAIRS = ("ab", "ac", "ad", "ae", "bc", "bd", "be", "cd", "ce", "de")
MASK_SHARES = {"1/4": 0.25, "1/2": 0.5, "3/4": 0.75}


@dataclass(frozen=True)
class Scale:
    """What an experiment is run on.

    dataset, target   trained on, and the data set that `transfer` goes to
    methods           the lecture's four
    settings          fields of `TrainingConfig` that differ from what `TrainingConfig.for_method` takes
    """

    name: str
    dataset: str
    target: str
    methods: dict[str, Method]
    settings: dict[str, Any]

    def config(self, method: Method, letters: str, seed: int, **views: float) -> TrainingConfig:
        """One run at this scale; views: strength, mask_share."""
        fixed = {"dataset": self.dataset, "letters": letters, "seed": seed}
        return TrainingConfig.for_method(method, **(fixed | self.settings | views))

    def read_from(self, names: Collection[str]) -> "Scale":
        """The scale, its CIFAR-10 as a folder of image files or an .npz where paths are given for these names only."""
        others = [name for name in ("folder", "npz") if name in names]
        if self.dataset != "cifar10" or self.dataset in names or not others:
            return self
        return replace(self, dataset=others[0])

    def over_views(self, name: str, positives: str, views: int) -> Method:
        """The method `name`, SimCLR or MoCo, with ArCL ("worst") or AAL ("mean") over that many views."""
        settings: dict[str, Any] = {"positives": positives, "views": views}
        return replace(self.methods[name], **settings)


RESNET_METHODS: dict[str, Method] = {
    "SimCLR": SimCLR(widths=(512, 128)),
    "Barlow Twins": BarlowTwins(weight=0.005, widths=(2048, 2048, 2048)),
    "MoCo": MoCo(queue_size=4096, momentum=0.99, widths=(512, 128)),
    "SimSiam": SimSiam(widths=(2048, 2048), bottleneck=512, predictor_rate=1),
}
RESNET_SETTINGS = {
    "encoder": "resnet18",
    "batch_size": 512,
    "optimizer": "sgd",
    "schedule": "cosine",
    "weight_decay": 5e-4,
}
SCALES = {
    "embedded": Scale(
        "embedded",
        "fashion",
        "digits",
        {"SimCLR": SimCLR(), "Barlow Twins": BarlowTwins(), "MoCo": MoCo(), "SimSiam": SimSiam()},
        {"epochs": 10},
    ),
    "cifar-cpu": Scale(
        "cifar-cpu",
        "cifar10",
        "fashion",
        {
            "SimCLR": SimCLR(widths=(256, 128)),
            "Barlow Twins": BarlowTwins(),
            "MoCo": MoCo(widths=(256, 128)),
            "SimSiam": SimSiam(),
        },
        {"encoder": "whitened", "epochs": 8, "coarse": 0.92, "batch_size": 512},
    ),
    "cifar-gpu": Scale(
        "cifar-gpu",
        "cifar10",
        "digits",
        RESNET_METHODS,
        RESNET_SETTINGS | {"compiled": True, "epochs": 120, "lr": 0.24},
    ),
    "paper": Scale("paper", "cifar10", "cifar100", RESNET_METHODS, RESNET_SETTINGS | {"epochs": 800, "lr": 0.12}),
}
"""`cifar-cpu`: minutes of one core a run; SimCLR of abcde for 24 epochs had kNN(20) .624 after 9.2 CPU minutes.
`paper`: the lecture's network, batch size and epochs; heads and optimiser, which it does not give, are usual ones.
`cifar-gpu`: the same in minutes on one GPU, by fewer epochs and a higher learning rate; `make cuda` runs what fits its time.
"""


@dataclass(frozen=True)
class Cell:
    """One run of a grid.

    group     what is held fixed while the factor varies
    row       the level of the factor that varies
    encoder   "trained"; "initial", the one that training starts from; or "pixels", the image itself
    """

    group: str
    row: str
    config: TrainingConfig
    encoder: str = "trained"


@dataclass(frozen=True)
class Step:
    """Asserted: in every group, `metric` is lower at the row `lower` than at the row `higher`, in the mean over seeds."""

    metric: str
    lower: str
    higher: str


@dataclass(frozen=True)
class Experiment:
    """A grid, what is measured on each of its runs, and the order asserted.

    cells      (scale, seed) -> the runs of one seed
    measures   names of `running.MEASURES` to take
    metrics    the measured numbers that the table shows
    order      what is asserted of them
    trends     what is asserted within every run: of the numbers "metric lower" and "metric higher" the first is lower
    reference  file of empirical/reference that holds the lecture's own numbers
    ranked     two metrics whose order over the rows is compared
    """

    name: str
    title: str
    cells: Callable[[Scale, int], tuple[Cell, ...]]
    measures: tuple[str, ...]
    metrics: tuple[str, ...]
    order: tuple[Step, ...]
    reference: str | None = None
    ranked: tuple[str, str] | None = None
    trends: tuple[Step, ...] = ()


def _rising(metric: str, *rows: str) -> tuple[Step, ...]:
    return tuple(Step(metric, low, high) for low, high in pairwise(rows))


def _methods(scale: Scale, seed: int) -> tuple[Cell, ...]:
    trained = tuple(Cell("abcd", name, scale.config(m, "abcd", seed)) for name, m in scale.methods.items())
    untrained = (("raw pixels", "pixels"), ("random network", "initial"))
    return (*(replace(trained[0], row=row, encoder=encoder) for row, encoder in untrained), *trained)


def _richness(scale: Scale, seed: int) -> tuple[Cell, ...]:
    return tuple(
        Cell(name, letters, scale.config(method, letters, seed))
        for name, method in scale.methods.items()
        for letters in LADDER
    )


def _strength(scale: Scale, seed: int) -> tuple[Cell, ...]:
    return tuple(
        Cell(name, row, scale.config(method, "ad", seed, strength=strength))
        for name, method in scale.methods.items()
        for row, strength in STRENGTHS.items()
    )


def _pairs(scale: Scale, seed: int) -> tuple[Cell, ...]:
    return tuple(Cell("SimCLR", letters, scale.config(scale.methods["SimCLR"], letters, seed)) for letters in PAIRS)


def _factors(scale: Scale, seed: int) -> tuple[Cell, ...]:
    return tuple(Cell("abcd", name, scale.config(method, "abcd", seed)) for name, method in scale.methods.items())


def _domains(scale: Scale, seed: int) -> tuple[Cell, ...]:
    methods = {"SimCLR": scale.methods["SimCLR"]}
    for views in (4, 6):
        methods[f"AAL, {views} views"] = scale.over_views("SimCLR", "mean", views)
        methods[f"ArCL, {views} views"] = scale.over_views("SimCLR", "worst", views)
    return tuple(Cell("SimCLR", row, scale.config(method, "abcd", seed)) for row, method in methods.items())


def _transfer(scale: Scale, seed: int) -> tuple[Cell, ...]:
    methods = {"MoCo": scale.methods["MoCo"]}
    for views in (2, 3):
        methods[f"MoCo + AAL ({views} views)"] = scale.over_views("MoCo", "mean", views)
        methods[f"MoCo + ArCL ({views} views)"] = scale.over_views("MoCo", "worst", views)
    return tuple(Cell("MoCo", row, scale.config(method, "abcd", seed)) for row, method in methods.items())


def _masking(scale: Scale, seed: int) -> tuple[Cell, ...]:
    method = scale.methods["SimCLR"]
    alone = [Cell("f alone", row, scale.config(method, "f", seed, mask_share=s)) for row, s in MASK_SHARES.items()]
    plain = [Cell("with a", "none", scale.config(method, "a", seed))]
    both = [Cell("with a", row, scale.config(method, "af", seed, mask_share=s)) for row, s in MASK_SHARES.items()]
    return (*alone, *plain, *both)


DOMAIN_METRICS = ("Gray", "Crop", "Flip", "Jitter", "Gray+Jitter", "Original")

EXPERIMENTS = {
    e.name: e
    for e in (
        Experiment(
            "methods",
            "Accuracy of the backbone by method, views abcd",
            _methods,
            ("accuracy",),
            ("kNN", "nearest mean"),
            tuple(
                Step("kNN", untrained, method)
                for untrained in ("random network", "raw pixels")
                for method in ("SimCLR", "Barlow Twins", "MoCo", "SimSiam")
            ),
        ),
        Experiment(
            "richness",
            "Accuracy by richness of the views",
            _richness,
            ("accuracy", "concentration"),
            ("kNN", "nearest mean", "1 - sigma", "1 - sigma, quartile"),
            _rising("kNN", *LADDER),
            "richness.csv",
        ),
        Experiment(
            "strength",
            "Accuracy by strength of the colour distortion, views ad",
            _strength,
            ("accuracy",),
            ("kNN", "nearest mean"),
            _rising("kNN", *STRENGTHS),
            "strength.csv",
        ),
        Experiment(
            "pairs",
            "Pairs of views: error of the nearest class mean beside the share outside main parts",
            _pairs,
            ("accuracy", "concentration"),
            ("nearest mean error", "kNN", "1 - sigma", "1 - sigma, quartile"),
            tuple(
                Step(metric, low, high)
                for metric in ("nearest mean error", "1 - sigma")
                for low, high in (("ad", "ac"), ("ac", "ae"), ("ac", "ab"))
            ),
            ranked=("1 - sigma", "nearest mean error"),
        ),
        Experiment(
            "factors",
            "Alignment and divergence from before training to its end",
            _factors,
            ("accuracy", "factors"),
            (
                "alignment first",
                "alignment epoch 1",
                "alignment peak",
                "alignment last",
                "product first",
                "product last",
                "R_eps last",
                "kNN",
            ),
            (),
            trends=(
                Step("alignment", "last", "first"),
                Step("alignment", "last", "epoch 1"),
                Step("product", "last", "first"),
            ),
        ),
        Experiment(
            "domains",
            "Linear accuracy on the five test domains, and the largest distance between views",
            _domains,
            ("domains", "displacement"),
            (*DOMAIN_METRICS, "mean of domains", "carried", "displacement", "relative displacement"),
            (
                *_rising("mean of domains", "SimCLR", "ArCL, 4 views", "ArCL, 6 views"),
                *(
                    Step(metric, f"ArCL, {views} views", f"AAL, {views} views")
                    for metric in ("displacement", "relative displacement")
                    for views in (4, 6)
                ),
            ),
            "domains.csv",
        ),
        Experiment(
            "transfer",
            "Linear and fine-tuned accuracy on another data set",
            _transfer,
            ("transfer",),
            ("linear", "fine-tuned"),
            tuple(
                Step(metric, low, high)
                for metric in ("linear", "fine-tuned")
                for low, high in (
                    ("MoCo", "MoCo + ArCL (2 views)"),
                    ("MoCo + AAL (2 views)", "MoCo + ArCL (2 views)"),
                    ("MoCo + AAL (3 views)", "MoCo + ArCL (3 views)"),
                )
            ),
            "transfer.csv",
        ),
        Experiment(
            "masking",
            "Random masking as a view: accuracy, and the share outside main parts",
            _masking,
            ("accuracy", "concentration"),
            ("kNN", "nearest mean", "1 - sigma", "1 - sigma, quartile"),
            (),
        ),
    )
}


def only(experiment: Experiment, scale: Scale, groups: Sequence[str]) -> Experiment:
    """The experiment with these groups of its grid; whole where none is named. ValueError for a group it lacks."""
    known = list(dict.fromkeys(cell.group for cell in experiment.cells(scale, 0)))
    for name in groups:
        if name not in known:
            raise ValueError(f"group={name!r}: not one of {experiment.name}; choose of {', '.join(known)}")
    if not groups:
        return experiment
    cells = experiment.cells
    return replace(experiment, cells=lambda s, seed: tuple(c for c in cells(s, seed) if c.group in groups))
