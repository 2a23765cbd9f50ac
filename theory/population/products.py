"""Products, norms and distances of class means that are known up to balls ||m_k - mu_k|| <= e_k: interval arithmetic."""

from typing import Any

import numpy as np
import sympy
import z3

from theory.checks import check_finite, check_probability, check_threshold
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.population.estimates import Bound
from theory.prove import cauchy_schwarz, identity, implication
from theory.setting import Array


def product_slack(first: Any, second: Any, e: Any, f: Any) -> Any:
    """e w_l + f w_k + e f: by how much mu_k.mu_l may differ from m_k.m_l; first, second = w_k, w_l = ||m_k||, ||m_l||."""
    return e * second + f * first + e * f


def gram_interval(means: Array, radii: Array, level: float, samples: int) -> Bound:
    """mu_k.mu_l for all k, l, in units of squared length: (K, K) arrays that hold jointly where all ||m_k - mu_k|| <= e_k.

    means (K, d) sample means, radii (K,) the e_k, level at which these hold together (`split_level`), samples in all.
    Off the diagonal m_k.m_l +- `product_slack`; on it max(||m_k|| - e_k, 0)^2 and (||m_k|| + e_k)^2.

    Raises ValueError where shapes do not match, a mean is not finite, a radius is negative or NaN, or the level is
    outside (0, 1).
    Source: claim population-products.
    """
    check_means(means, radii, level)
    norms = np.linalg.norm(means, axis=1)
    slack = product_slack(norms[:, None], norms[None, :], radii[:, None], radii[None, :])
    product = means @ means.T
    low, high = product - slack, product + slack
    np.fill_diagonal(low, np.maximum(norms - radii, 0) ** 2)
    np.fill_diagonal(high, (norms + radii) ** 2)
    return Bound(low, high, "interval", level, samples)


def norm_interval(means: Array, radii: Array, level: float, samples: int) -> Bound:
    """||mu_k|| as (K,) arrays: max(||m_k|| - e_k, 0) and ||m_k|| + e_k. Arguments and errors as for `gram_interval`."""
    check_means(means, radii, level)
    norms = np.linalg.norm(means, axis=1)
    return Bound(np.maximum(norms - radii, 0), norms + radii, "interval", level, samples)


def distance_interval(means: Array, radii: Array, level: float, samples: int) -> Bound:
    """||mu_k - mu_l|| as (K, K) arrays: ||m_k - m_l|| +- (e_k + e_l), cut at 0, and 0 on the diagonal.

    Arguments and errors as for `gram_interval`.
    """
    check_means(means, radii, level)
    apart = np.linalg.norm(means[:, None] - means[None, :], axis=2)
    slack = radii[:, None] + radii[None, :]
    np.fill_diagonal(slack, 0)
    return Bound(np.maximum(apart - slack, 0), apart + slack, "interval", level, samples)


def check_means(means: Array, radii: Array, level: float) -> None:
    """Raise ValueError unless means is (K, d) and finite, radii (K,) and nonnegative, and level in (0, 1)."""
    check_probability("level", level)
    if means.ndim != 2 or radii.shape != means.shape[:1]:
        raise ValueError(f"means.shape={means.shape}: with radii.shape={radii.shape}; give (K, d) and (K,)")
    check_finite("means", means, "remove or repair the samples it averages")
    check_threshold("radii", radii)


def _product() -> Evidence:
    first, second, e, f, al, bk, ab = z3.Reals("wk wl e f al bk ab")
    terms = ((al, e * second), (bk, f * first), (ab, e * f))
    change, slack = al + bk + ab, product_slack(first, second, e, f)
    return implication(
        "(m_k + x).(m_l + y) - m_k.m_l = x.m_l + m_k.y + x.y, each bounded by `Cauchy-Schwarz`, ||x|| <= e, ||y|| <= f",
        [
            *(value >= 0 for value in (first, second, e, f)),
            *(z3.And(term <= most, -term <= most) for term, most in terms),
        ],
        z3.And(change <= slack, -change <= slack),
        example={first: 1, second: 1, e: 1, f: 1, al: 1, bk: 1, ab: 1},
    )


def _aligned() -> Evidence:
    first, second, e, f = sympy.symbols("w_k w_l e f", positive=True)
    return identity(
        "means that point the same way and both move outwards change the product by the whole slack",
        (first + e) * (second + f) - first * second,
        product_slack(first, second, e, f),
    )


def _norm() -> Evidence:
    w, e, mu, moved = z3.Reals("w e mu moved")
    return implication(
        "||mu|| <= ||m|| + ||m - mu|| and ||m|| <= ||mu|| + ||m - mu||: ||mu|| lies in max(w - e, 0) and w + e, "
        "its square likewise",
        [w >= 0, mu >= 0, moved >= 0, moved <= e, mu <= w + moved, w <= mu + moved],
        z3.And(mu <= w + e, mu >= w - e, mu * mu <= (w + e) ** 2, z3.Implies(w >= e, mu * mu >= (w - e) ** 2)),
        example={w: 1, e: 1, mu: 2, moved: 1},
    )


def _distance() -> Evidence:
    apart, e, f, distance, x, y = z3.Reals("apart e f distance x y")
    return implication(
        "| ||mu_k - mu_l|| - ||m_k - m_l|| | <= ||m_k - mu_k|| + ||m_l - mu_l||",
        [
            *(value >= 0 for value in (apart, distance, x, y)),
            x <= e,
            y <= f,
            distance <= apart + x + y,
            apart <= distance + x + y,
        ],
        z3.And(distance <= apart + e + f, distance >= apart - (e + f)),
        example={apart: 1, e: 1, f: 1, distance: 1, x: 0, y: 0},
    )


def _moved(rng: Rng) -> Start:
    """Sample means, the true ones and radii that hold them: means at random, or along a line and moved along it."""
    classes, d = int(rng.integers(2, 4)), int(rng.integers(1, 4))
    line = rng.random() < 0.5
    direction = np.ones((classes, 1)) * rng.normal(size=d)
    means = direction if line else rng.normal(size=(classes, d))
    true = means * (1 + rng.uniform(-1, 1, (classes, 1))) if line else means + rng.normal(size=(classes, d))
    loose = rng.choice([0.0, 0.1]) * rng.random(classes)

    def build(point: Array) -> tuple[Array, Array, Array]:
        means, true = point[: 2 * means_size].reshape(2, classes, d)
        return means, true, np.linalg.norm(means - true, axis=1) + abs(point[2 * means_size :])

    means_size = classes * d
    return np.concatenate([means.ravel(), true.ravel(), loose]), build


def _read_products(world: tuple[Array, Array, Array]) -> Reading:
    """Products, norms and distances of the true means against the ends of their intervals."""
    means, true, radii = world
    bounds = [interval(means, radii, 0.5, 1) for interval in (gram_interval, norm_interval, distance_interval)]
    norms, apart = np.linalg.norm(true, axis=1), np.linalg.norm(true[:, None] - true, axis=2)
    values = np.concatenate([(true @ true.T).ravel(), norms, apart.ravel()])
    low, high = (np.concatenate([np.ravel(getattr(bound, end)) for bound in bounds]) for end in ("low", "high"))
    return Reading(hypotheses={}, left=np.append(low, values), right=np.append(values, high))


CLAIMS = (
    Claim(
        id="population-products",
        title="Products, norms, distances of class means",
        source="derived",
        statement=r"|m_k^\top m_l-\mu_k^\top\mu_l|\leq e_k\|m_l\|+e_l\|m_k\|+e_ke_l,\quad "
        r"|\|m_k\|-\|\mu_k\||\leq e_k,\quad |\|m_k-m_l\|-\|\mu_k-\mu_l\||\leq e_k+e_l",
        predicate=Predicate(worlds=_moved, read=_read_products),
        expected=Verdict.PROVED,
        reduction="Interval arithmetic on the event that ||m_k - mu_k|| <= e_k for all k at once. Any dimension: "
        "only norms and inner products enter, `Cauchy-Schwarz` in the plane of two vectors.",
        trusted=("the triangle inequality",),
        steps={
            "Cauchy-Schwarz": cauchy_schwarz,
            "product": _product,
            "attained": _aligned,
            "norm": _norm,
            "distance": _distance,
        },
    ),
)
