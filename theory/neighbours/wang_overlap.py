"""Wang et al. 2022 (augmentation overlap): InfoNCE with many negatives is the cross-entropy of the mean classifier, up to the
spread of the classes, if every view keeps the label of its sample.

The paper was not read; from memory, it has L_inf - sqrt V - V/2 <= CE(mu) - log K <= L_inf + sqrt V, for classes of
equal size. Derived here, for any sizes p_k: V_b - (e/2) V <= CE - H(p) - L_inf <= V_b, which implies it.

    L_inf   -E f(x1).f(x2) + E log E[e^(f(x1).f(x-)) | x1], the limit of L_M - log M (wang-isola)
    CE      cross-entropy of the softmax of f.mu_k + log p_k; H(p) = -sum p_k log p_k, log K where classes are of equal size
    V       E||f - mu_y||^2, the variance within classes; V_b <= V: that of the mean feature of a sample
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
import z3

from theory.divergence.logsum import EXPONENTIAL, ratio, tangent
from theory.divergence.losses import LINEAR, unit_features
from theory.elementary import sqrt
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.neighbours.neighbour import Finding, Neighbour, left_out
from theory.neighbours.wang_isola import VIEWS, asymptotic_loss
from theory.prove import cauchy_schwarz, identity, implication, positive_on_box
from theory.setting import Array, FiniteWorld
from theory.worlds import labelled_features, on_sphere

SOURCE = f"Wang et al. 2022 (augmentation overlap; {UNREAD}); derived here"
CURVATURE = np.e / 2
"""Half of the largest second derivative of e^z on [-1, 1]."""


@dataclass(frozen=True)
class MeanClassifier:
    """The softmax of f.mu_k + log p_k on a world of unit features.

    cross_entropy   CE
    entropy         H(p)
    error           share of views whose class has not the largest score alone
    within          V
    between         V_b
    """

    cross_entropy: float
    entropy: float
    error: float
    within: float
    between: float


def mean_classifier(features: Array, labels: Array) -> MeanClassifier:
    """The classifier and the spread of the classes; features (n, m, d) of norm 1, labels (n,)."""
    shares = np.bincount(labels) / len(labels)
    centres = features.mean(axis=1)
    means = np.array([centres[labels == k].mean(axis=0) for k in range(len(shares))])
    scores = features @ means.T + np.log(shares)
    own = np.take_along_axis(scores, labels[:, None, None], axis=2)
    rivals = np.where(np.eye(len(shares), dtype=bool)[labels][:, None], -np.inf, scores).max(axis=2)
    return MeanClassifier(
        cross_entropy=float((np.logaddexp.reduce(scores, axis=2) - own[:, :, 0]).mean()),
        entropy=float(-(shares * np.log(shares)).sum()),
        error=float((rivals >= own[:, :, 0]).mean()),
        within=float(((features - means[labels][:, None]) ** 2).sum(axis=2).mean()),
        between=float(((centres - means[labels]) ** 2).sum(axis=1).mean()),
    )


def noted_bounds(V: Any) -> tuple[Any, Any]:
    """How far CE - H(p) may lie below and above L_inf, as remembered: sqrt V + V/2 and sqrt V."""
    return sqrt(V) + V / 2, sqrt(V)


def sharp_bounds(V: Any, between: Any, curvature: Any = CURVATURE) -> tuple[Any, Any]:
    """The same, derived: (e/2) V - V_b and V_b."""
    return curvature * V - between, between


def error_bound(asymptotic: Any, between: Any, entropy: Any) -> Any:
    """The classifier's error is at most CE/log 2, and CE <= L_inf + V_b + H(p)."""
    return (asymptotic + between + entropy) / np.log(2)


@dataclass(frozen=True)
class Labelled:
    """Features (n, m, d) of norm 1 and labels (n,)."""

    features: Array
    labels: Array


def labelled(rng: Rng) -> Start:
    """Small worlds of unit features, classes of any sizes."""
    features, labels = labelled_features(rng)
    return features.ravel(), lambda point: Labelled(on_sphere(point.reshape(features.shape)), labels)


def balanced(rng: Rng) -> Start:
    """2 to 6 classes of equal size about the vertices of a simplex or random centres, noise of any scale."""
    K, size, m = int(rng.integers(2, 7)), int(rng.integers(1, 4)), int(rng.integers(1, 3))
    centres = np.eye(K) - 1 / K if rng.random() < 0.5 else rng.normal(size=(K, 3))
    labels = np.repeat(np.arange(K), size)
    between, within = rng.choice([0.0, 0.01, 0.1, 0.5, 2.0], 2)
    features = centres[labels][:, None] + between * rng.normal(size=(len(labels), 1, centres.shape[1]))
    features = features + within * rng.normal(size=(len(labels), m, centres.shape[1]))
    return features.ravel(), lambda point: Labelled(on_sphere(point.reshape(features.shape)), labels)


def _excess(world: Labelled) -> tuple[float, float, MeanClassifier]:
    """CE - H(p) - L_inf, and L_inf."""
    head, asymptotic = mean_classifier(world.features, world.labels), asymptotic_loss(world.features)
    return head.cross_entropy - head.entropy - asymptotic, asymptotic, head


def _read_noted(world: Labelled) -> Reading:
    excess, _, head = _excess(world)
    return Reading(hypotheses={}, left=[-excess, excess], right=noted_bounds(head.within))


def _read_sharp(world: Labelled) -> Reading:
    excess, asymptotic, head = _excess(world)
    bounds = sharp_bounds(head.within, head.between)
    return Reading(
        hypotheses={},
        left=[-excess, excess, head.error],
        right=[*bounds, error_bound(asymptotic, head.between, head.entropy)],
        trivial=[-np.inf, -np.inf, 1.0],
    )


def least_cross_entropy(K: int) -> float:
    """log(1 + (K-1) e^(-K/(K-1))): CE of the mean classifier where the classes are the vertices of a simplex."""
    return float(np.log1p((K - 1) * np.exp(-K / (K - 1))))


def _read_floor(world: Labelled) -> Reading:
    K = int(world.labels.max()) + 1
    entropy = mean_classifier(world.features, world.labels).cross_entropy
    return Reading(hypotheses={}, left=[least_cross_entropy(K), np.log(2) if K >= 5 else 0.0], right=[entropy] * 2)


def _positives() -> Evidence:
    mean, square, spread, c = z3.Reals("mean square spread c")
    return implication(
        "coordinate by coordinate, g the mean feature of a sample: E g = mu in a class, so E g^2 - mu^2 = E (g - mu)^2; with "
        "E f(x1).f(x2) = E g.g and E f.mu_y = E mu_y.mu_y: -E f.mu_y = -E f(x1).f(x2) + V_b",
        [spread == square - 2 * c * mean + c * c, mean == c],
        square - c * c == spread,
        example={mean: 1, square: 2, spread: 1, c: 1},
    )


def _jensen() -> Evidence:
    grown, base, z, p = z3.Reals("grown base z p")
    return implication(
        "the mean of e^z >= e^p (1 + z - p), p = E z: E e^z >= e^(E z), in any number of atoms",
        [base > 0, grown >= base * (1 + z - p), z == p],
        grown >= base,
        example={grown: 1, base: 1, z: 0, p: 0},
    )


def _taylor() -> Evidence:
    p, z, t = sympy.symbols("p z t", real=True)
    return identity(
        "e^z - e^p - e^p (z-p) is the integral of (z-t) e^t over [p, z]; with e^t <= e it is at most (e/2) (z-p)^2",
        sympy.integrate((z - t) * (sympy.exp(t) - sympy.E), (t, p, z)),
        sympy.exp(z) - sympy.exp(p) - sympy.exp(p) * (z - p) - sympy.E / 2 * (z - p) ** 2,
    )


def _log_ratio() -> Evidence:
    logarithm, negatives, classes, spread, floor = z3.Reals("logarithm negatives classes spread floor")
    return implication(
        "log(a/b) <= (a - b)/b for a = E e^(f.f-) and b = sum p_k e^(f.mu_k) >= e^(f.mu), a - b <= (e/2) Var: at most (e/2) "
        "Var e^(-f.mu), mu the mean of all features",
        [
            floor > 0,
            classes >= floor,
            spread >= 0,
            negatives >= classes,
            negatives - classes <= spread,
            logarithm <= (negatives - classes) / classes,
        ],
        logarithm <= spread / floor,
        example={logarithm: 0, negatives: 1, classes: 1, spread: 1, floor: 1},
    )


def _centre() -> Evidence:
    s, t = sympy.symbols("s t", positive=True)
    return identity(
        "w = f.mu lies in [-s, s], s = ||mu||, and has the mean s^2: e^-w lies below its chord, whose mean is 1 less the "
        "integral of t cosh t >= 0 over [0, s]: E e^(-f.mu) <= 1",
        ((s - s**2) / (2 * s) * sympy.exp(s) + (s + s**2) / (2 * s) * sympy.exp(-s)).rewrite(sympy.exp),
        (1 - sympy.integrate(t * sympy.cosh(t), (t, 0, s))).rewrite(sympy.exp),
    )


def _wrong() -> Evidence:
    own, rival, rest = z3.Reals("own rival rest")
    return implication(
        "where a rival's score is no smaller, the softmax gives the class at most 1/2, and -log of it is at least log 2",
        [own > 0, rival >= own, rest >= 0],
        2 * own <= own + rival + rest,
        example={own: 1, rival: 1, rest: 0},
    )


def _implies_noted() -> Evidence:
    V, between, root, curvature = z3.Reals("V between root curvature")
    return implication(
        "V = 1 - E||mu_y||^2 <= 1, so V <= sqrt V; with 0 <= V_b <= V and e/2 <= 3/2 the remembered bounds follow",
        [V >= 0, V <= 1, between >= 0, between <= V, root >= 0, root * root == V, curvature <= z3.RealVal("3/2")],
        z3.And(curvature * V - between <= root + V / 2, between <= root),
        example={V: 1, between: 0, root: 1, curvature: 1},
    )


def _napier() -> Evidence:
    one = Fraction(1)
    return positive_on_box("e < 3", lambda x: 3 - x.exp(), ((one, one),))


def _exponent() -> Evidence:
    K, own, rivals, centre = z3.Reals("K own rivals centre")
    return implication(
        "own = E f.mu_y = E||mu_k||^2 <= 1, rivals = E f.mu_k over k != y, K^2 ||mu||^2 = K own + K (K-1) rivals >= 0: "
        "rivals - own >= -K/(K-1)",
        [K >= 2, own <= 1, centre >= 0, K * centre == own + (K - 1) * rivals],
        (rivals - own) * (K - 1) >= -K,
        example={K: 2, own: 1, rivals: -1, centre: 0},
    )


def _five_classes() -> Evidence:
    quarter = Fraction(1, 4)
    return positive_on_box(
        "4 e^(-5/4) > 1, and j e^(-1-1/j), j = K - 1, increases: CE > log 2 from five classes on",
        lambda x: 4 * (-1 - x).exp() - 1,
        ((quarter, quarter),),
    )


def findings(world: FiniteWorld) -> tuple[Finding, ...]:
    """The error of the mean classifier, from the limit of InfoNCE."""
    quantity, features = "softmax of f.mu_k + log p_k, share of views misclassified", unit_features(world)
    views = features.shape[0] * features.shape[1]
    if views > VIEWS:
        return (left_out("wang-overlap-sharp", quantity, views, VIEWS, "views"),)
    head = mean_classifier(features, world.labels)
    bound = error_bound(asymptotic_loss(features), head.between, head.entropy)
    return (Finding(claim="wang-overlap-sharp", quantity=quantity, bound=bound, measured=head.error, trivial=1.0),)


NEIGHBOUR = Neighbour(order=40, title="Wang et al. 2022", findings=findings)

LIMIT = (
    r"\|f\|=1,\ \text{every view has the label of its sample},\ L_\infty=-E\,f(x_1)^\top f(x_2)+"
    r"E\log E[e^{f(x_1)^\top f(x^-)}|x_1],\ V=E\|f-\mu_y\|^2:\ "
)
SHARP = {
    "positive pairs": _positives,
    "Jensen": _jensen,
    "Taylor": _taylor,
    "Cauchy-Schwarz": cauchy_schwarz,
    "logarithm": _log_ratio,
    "centre": _centre,
}
PROOF = (
    "CE - H(p) - L_inf = V_b - J (`positive pairs`), J = E[log E e^(f.f-) - log sum p_k e^(f.mu_k)] >= 0 by `Jensen` in "
    "each class. In class c, z = f.f- has the mean f.mu_c and a variance <= V_c (`Cauchy-Schwarz`), so E e^z <= e^(f.mu_c) + "
    "(e/2) V_c (`Taylor`); with `Jensen` for sum p_k e^(f.mu_k) >= e^(f.mu), J <= (e/2) V E e^(-f.mu) (`logarithm`) <= "
    "(e/2) V (`centre`). "
)
CLAIMS = (
    Claim(
        id="wang-overlap",
        title="InfoNCE and the mean classifier's cross-entropy",
        source=SOURCE,
        statement=LIMIT
        + r"L_\infty-\sqrt{V}-V/2\leq E[-f^\top\mu_y+\log\sum_ke^{f^\top\mu_k}]-\log K\leq L_\infty+\sqrt{V}"
        r"\ (p_k=1/K)",
        predicate=Predicate(worlds=balanced, read=_read_noted),
        expected=Verdict.PROVED,
        reduction=PROOF + "With p_k = 1/K, CE - H(p) is the middle; `implied`, since e < 3 (`e`).",
        trusted=(EXPONENTIAL, LINEAR),
        steps={**SHARP, "implied": _implies_noted, "e": _napier},
    ),
    Claim(
        id="wang-overlap-sharp",
        title="The same by the variance between samples",
        source=f"derived; Wang et al. 2022 ({UNREAD})",
        statement=LIMIT + r"V_b=E\|E[f|x]-\mu_y\|^2:\ L_\infty+V_b-\frac{e}{2}V\leq CE-H(p)\leq L_\infty+V_b,\ "
        r"P[\arg\max(f^\top\mu_k+\log p_k)\neq y]\leq\frac{CE}{\log 2}",
        predicate=Predicate(worlds=labelled, read=_read_sharp),
        expected=Verdict.PROVED,
        reduction=PROOF + "The error by Markov: a wrong view costs at least log 2 (`wrong`).",
        trusted=(EXPONENTIAL, LINEAR),
        steps={**SHARP, "wrong": _wrong},
    ),
    Claim(
        id="wang-overlap-floor",
        title="From five classes on CE/log 2 bounds no error",
        source=f"derived; Wang et al. 2022 ({UNREAD})",
        statement=r"\|f\|=1,\ p_k=1/K:\ E[-f^\top\mu_y+\log\sum_ke^{f^\top\mu_k}]\geq\log(1+(K-1)e^{-K/(K-1)}),\ "
        r"\text{which exceeds }\log 2\text{ for }K\geq 5",
        predicate=Predicate(worlds=balanced, read=_read_floor),
        expected=Verdict.PROVED,
        reduction="The term is log(1 + sum over k != y of e^(f.mu_k - f.mu_y)) >= log(1 + (K-1) e^t), t the mean of the K-1 "
        "exponents (`Jensen`); that is log_sum(0, t + log(K-1)), convex in t (`ratio`, `tangent`), so its mean is at least "
        "its value at the mean of t, which is at least -K/(K-1) (`exponent`). Attained by the vertices of a simplex. Without "
        "a temperature no encoder does better: for K >= 5 (`five`) wang-overlap-sharp never bounds an error.",
        trusted=(EXPONENTIAL, LINEAR),
        steps={
            "Jensen": _jensen,
            "ratio": ratio,
            "tangent": tangent,
            "exponent": _exponent,
            "five": _five_classes,
        },
    ),
)
