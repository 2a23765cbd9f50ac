"""Arora et al. 2019: with positives drawn from the class, the contrastive loss bounds that of the mean classifier.

The paper was not read; the statement is from memory, and the proof is ours. tau = sum p_k^2 is the chance that a
negative is of the anchor's class. With views of one sample as positives, which is what is trained, the same bound is false.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import z3

from theory.averages import EXPECTATION
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.neighbours.neighbour import Finding, Neighbour, left_out
from theory.prove import implication
from theory.setting import Array, FiniteWorld
from theory.worlds import labelled_features

SOURCE = f"Arora et al. 2019 ({UNREAD}); derived here"
SAMPLES = 1000
"""Samples up to which the loss is summed over all triples."""
Loss = Callable[[Any], Any]


def hinge(z: Any) -> Any:
    """max(0, 1 - z); exact on Fractions."""
    return np.maximum(0, 1 - z)


def logistic(z: Any) -> Any:
    """log_2(1 + e^-z)."""
    return np.logaddexp(0, -z) / np.log(2)


def square(z: Any) -> Any:
    """(1 - z)^2."""
    return (1 - z) ** 2


LOSSES: tuple[Loss, ...] = (hinge, logistic, square)
"""Convex and 1 at 0; that they fall is not needed."""


def collision(labels: Array, exact: bool = False) -> Any:
    """tau = sum p_k^2, the probability that two samples are of one class."""
    count = (np.bincount(labels) ** 2).sum()
    return Fraction(int(count), len(labels) ** 2) if exact else float(count) / len(labels) ** 2


def contrastive_loss(codes: Array, groups: Array, loss: Loss) -> Any:
    """L_un = E loss(f(x).(f(x+) - f(x-))): x and x- any codes (n, d), x+ any code of the group of x; groups (n,)."""
    total = 0
    for i, group in enumerate(groups):
        products = codes @ codes[i]
        gaps = products[groups == group][:, None] - products
        total += loss(gaps).sum() / gaps.size
    return total / len(codes)


def mean_classifier_loss(codes: Array, labels: Array, loss: Loss) -> Any:
    """L_sup^mu = E loss(f(x).(mu_c - mu_c')): x of class c, c' another class, drawn with p_c p_c'/(1 - tau)."""
    members = [codes[labels == k] for k in range(int(labels.max()) + 1)]
    means = np.array([own.sum(axis=0) / len(own) for own in members])
    total = 0
    for k, own in enumerate(members):
        for rival, others in enumerate(members):
            if rival != k:
                total += len(others) * loss(own @ (means[k] - means[rival])).sum()
    return total / len(codes) ** 2 / (1 - collision(labels, codes.dtype == object))


def transferred(loss: Any, tau: Any) -> Any:
    """(L_un - tau)/(1 - tau)."""
    return (loss - tau) / (1 - tau)


@dataclass(frozen=True)
class Contrast:
    """A finite world, m views of each sample, with the place of the loss in `LOSSES`."""

    features: Array
    labels: Array
    loss: int

    @property
    def codes(self) -> Array:
        """(n m, d)."""
        return self.features.reshape(-1, self.features.shape[2])

    @property
    def groups(self) -> Array:
        """The sample of each code, (n m,)."""
        return np.repeat(np.arange(len(self.labels)), self.features.shape[1])


def _bounded(world: Contrast, groups: Array) -> tuple[Any, Any]:
    """L_sup^mu, and the bound from L_un with these groups of positives."""
    labels = np.repeat(world.labels, world.features.shape[1])
    loss, tau = LOSSES[world.loss], collision(labels, world.features.dtype == object)
    return (
        mean_classifier_loss(world.codes, labels, loss),
        transferred(contrastive_loss(world.codes, groups, loss), tau),
    )


def _read_classes(world: Contrast) -> Reading:
    left, right = _bounded(world, np.repeat(world.labels, world.features.shape[1]))
    return Reading(hypotheses={}, left=left, right=right, trivial=1.0)


def _read_views(world: Contrast) -> Reading:
    left, right = _bounded(world, world.groups)
    return Reading(hypotheses={}, left=left, right=right)


def contrasts(rng: Rng) -> Start:
    """Small worlds of features of any norm, at most two views kept, with either loss; one in ten is `same_codes`."""
    if rng.random() < 0.1:
        witness = same_codes()
        features, labels, loss = witness.features.astype(float), witness.labels, witness.loss
    else:
        features, labels = labelled_features(rng)
        features, loss = features[:, :2], int(rng.integers(len(LOSSES)))
    return features.ravel(), lambda point: Contrast(point.reshape(features.shape), labels, loss)


def same_codes() -> Contrast:
    """Two classes of two samples, each class with the codes 1 and -1, all views of a sample alike; in Fractions."""
    codes = np.array([[[Fraction(x)]] for x in (1, -1, 1, -1)], dtype=object)
    return Contrast(np.repeat(codes, 2, axis=1), np.array([0, 0, 1, 1]), LOSSES.index(hinge))


def _views_as_positives() -> Evidence:
    world = same_codes()
    measured, bound = _bounded(world, world.groups)
    return Evidence(
        kind="witness",
        summary="two classes of two samples, each class with the codes 1 and -1; the views of a sample are alike and are its "
        f"positives; hinge loss: L_sup^mu = {measured}, since both class means are 0, and (L_un - tau)/(1 - tau) = {bound}",
        direction="against",
        holds=bool(measured > bound),
        claimed=f"L_sup^mu <= {bound}",
        computed=f"L_sup^mu = {measured}",
        slack=float(bound - measured),
    )


def _jensen() -> Evidence:
    mean_loss, at_mean, slope, mean, z = z3.Reals("mean_loss at_mean slope mean z")
    return implication(
        "the mean of a supporting line, loss(z) >= loss(z0) + slope (z - z0) with z0 = E z: E loss(z) >= loss(E z), where "
        "E z = f(x).(mu_c - mu_c')",
        [mean_loss >= at_mean + slope * (z - mean), z == mean],
        mean_loss >= at_mean,
        example={mean_loss: 1, at_mean: 1, slope: -1, mean: 0, z: 0},
    )


def _hinge_line() -> Evidence:
    z, z0 = z3.Reals("z z0")

    def value(x: Any) -> Any:
        return z3.If(1 - x > 0, 1 - x, z3.RealVal(0))

    return implication(
        "the hinge has a supporting line at every z0",
        [],
        value(z) >= value(z0) + z3.If(z0 < 1, z3.RealVal(-1), z3.RealVal(0)) * (z - z0),
        example={z: 0, z0: 0},
    )


def _split() -> Evidence:
    loss, tau, own, other = z3.Reals("loss tau own other")
    return implication(
        "E loss(f(x).(mu_c - mu_c')) = tau loss(0) + (1 - tau) L_sup^mu with loss(0) = 1, tau < 1: solved for L_sup^mu",
        [tau >= 0, tau < 1, own == 1, loss >= tau * own + (1 - tau) * other],
        other <= transferred(loss, tau),
        example={loss: 1, tau: "1/2", own: 1, other: 1},
    )


def findings(world: FiniteWorld) -> tuple[Finding, ...]:
    """The samples themselves, view 0 of each, as draws from their classes; hinge loss."""
    quantity = "two-class mean classifier, hinge loss, samples; positives drawn from the class"
    codes = world.features[:, 0]
    if len(codes) > SAMPLES:
        return (left_out("arora", quantity, len(codes), SAMPLES, "samples"),)
    bound = transferred(contrastive_loss(codes, world.labels, hinge), collision(world.labels))
    measured = mean_classifier_loss(codes, world.labels, hinge)
    return (Finding(claim="arora", quantity=quantity, bound=bound, measured=measured, trivial=1.0),)


NEIGHBOUR = Neighbour(order=20, title="Arora et al. 2019", findings=findings)

STATEMENT = (
    r"\ell\text{ convex},\ \ell(0)=1,\ \tau=\sum_kp_k^2:\ E_{c\neq c'}\,E_{x\in c}\,\ell(f(x)^\top(\mu_c-\mu_{c'}))\leq"
    r"\frac{L_{un}-\tau}{1-\tau},\ L_{un}=E\,\ell(f(x)^\top(f(x^+)-f(x^-))),\ "
)
CLAIMS = (
    Claim(
        id="arora",
        title="Positives from the class: loss of the mean classifier",
        source=SOURCE,
        statement=STATEMENT + r"x^+\text{ an independent draw from the class of }x",
        predicate=Predicate(worlds=contrasts, read=_read_classes),
        expected=Verdict.PROVED,
        reduction="Given x and the classes c, c' of x and x-, f(x).(f(x+) - f(x-)) has the mean f(x).(mu_c - mu_c'), since "
        "x+ is a draw from c independent of x: `Jensen` by a supporting line (for the hinge: `hinge`). With probability tau "
        "the classes agree and the mean is 0: `split`. The predicate tries the hinge, the logistic and the square loss.",
        trusted=("a convex function has a supporting line at every point", EXPECTATION),
        steps={"Jensen": _jensen, "hinge": _hinge_line, "split": _split},
    ),
    Claim(
        id="arora-views",
        title="The same with views as positives",
        source=f"Arora et al. 2019 ({UNREAD}), with the positives that are trained with",
        statement=STATEMENT + r"x^+\text{ an independent view of the sample of }x",
        predicate=Predicate(worlds=contrasts, read=_read_views),
        expected=Verdict.REFUTED,
        other={"same codes in both classes": _views_as_positives},
    ),
)
