"""Theorem 1 anchored: the main part is known to lie in a ball about a known point, and so may the class means be.

Notation: units of r; a_l is any vector, chosen beforehand; the main part and S_eps of class l are replaced by the samples
whose views ALL lie within t_l of a_l. Where some view lies within delta/2 of a_l and x lies in S_eps they do, for t_l =
delta/2 + eps (section "anchor view" of population-anchor). No clique is searched, and the mass of the part is a binomial
proportion, so the anchored form is the one that survives the step from a sample to the population.
"""

from dataclasses import dataclass

import numpy as np
import sympy
import z3

from theory.elementary import sqrt
from theory.factors import class_means
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication
from theory.setting import Array, FiniteWorld
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.forms.anchored import bounded_margin, cell_margin, mean_ball
from theory.theorem1.proofs.choice import largest, share_of
from theory.theorem1.proofs.predicates import error_reading
from theory.theorem1.proofs.steps import AVERAGES, PAPER, mixing, union_bound
from theory.theorem1.proofs.worlds import choices


def _expansion() -> Evidence:
    a, w, p, q = (sympy.Matrix(sympy.symbols(f"{name}1:4", real=True)) for name in "awpq")
    u = a + w
    return identity(
        "u = a + w: ||u - q||^2 - ||u - p||^2 = ||a - q||^2 - ||a - p||^2 + 2 w.(p - q)",
        sympy.expand((u - q).dot(u - q) - (u - p).dot(u - p)),
        sympy.expand((a - q).dot(a - q) - (a - p).dot(a - p) + 2 * w.dot(p - q)),
    )


def _inside() -> Evidence:
    t, own, rival, apart, cross, own_u, rival_u = z3.Reals("t own rival apart cross own_u rival_u")
    return implication(
        "||w|| <= t, so w.(p - q) >= -t ||p - q||: a positive margin puts every u of the ball nearer to p than to q",
        [
            t >= 0,
            apart >= 0,
            cell_margin(t, own, rival, apart) > 0,
            cross >= -t * apart,
            rival_u**2 - own_u**2 == rival**2 - own**2 + 2 * cross,
            own_u >= 0,
            rival_u >= 0,
        ],
        own_u < rival_u,
        example={t: 0, own: 0, rival: 1, apart: 1, cross: 0, own_u: 0, rival_u: 1},
    )


def _iff() -> Evidence:
    own, rival, apart, t = z3.Reals("own rival apart t")
    return implication(
        "and w = -t (p - q)/||p - q|| attains it: a margin <= 0 leaves a point of the ball that is no nearer to p",
        [t >= 0, apart > 0, cell_margin(t, own, rival, apart) <= 0],
        rival**2 - own**2 + 2 * (-t * apart) <= 0,
        example={t: 1, own: 0, rival: 1, apart: 1},
    )


def _bounds() -> Evidence:
    t, own, rival, own_up, rival_low, own_u, rival_u = z3.Reals("t own rival own_up rival_low own_u rival_u")
    return implication(
        "||u - p|| <= ||a - p|| + t < ||a - q|| - t <= ||u - q||",
        [
            own <= own_up,
            rival >= rival_low,
            bounded_margin(t, own_up, rival_low) > 0,
            own_u <= own + t,
            rival_u >= rival - t,
        ],
        own_u < rival_u,
        example={t: 0, own: 0, rival: 1, own_up: 0, rival_low: 1, own_u: 0, rival_u: 1},
    )


def _located() -> Evidence:
    alpha, t, part, rest, away = z3.Reals("alpha t part rest away")
    return implication(
        "mu_l - alpha a_l = alpha (v - a_l) + (1 - alpha) b with ||v - a_l|| <= t, ||b|| <= 1",
        [alpha >= 0, alpha <= 1, part <= t, rest <= 1, away <= alpha * part + (1 - alpha) * rest],
        away <= mean_ball(alpha, t),
        example={alpha: "1/2", t: 1, part: 1, rest: 1, away: 1},
    )


def _views() -> Evidence:
    half, eps, near, moved, far = z3.Reals("half eps near moved far")
    return implication(
        "a view within delta/2 of a_l and all views within eps of each other put all views within delta/2 + eps of a_l",
        [near <= half, moved <= eps, far <= near + moved],
        far <= half + eps,
        example={half: 1, eps: 1, near: 1, moved: 1, far: 2},
    )


def _tight() -> Evidence:
    """Two classes in the plane that meet the condition of thm-1-anchor-bounds with equality, and a sample that ties."""
    alpha = sympy.Rational(1, 2)
    t = sympy.Rational(0)
    a_l = sympy.Matrix([1, 0])
    own = alpha * a_l + (1 - alpha) * sympy.Matrix([-1, 0])  # the rest of class l sits opposite: mu_l = 0
    rival = sympy.Matrix([0, 0])  # alpha_k = 1/2 with anchor (-1, 0) and its rest at a_l
    to_own, to_rival = sqrt((a_l - own).dot(a_l - own)), sqrt((a_l - rival).dot(a_l - rival))
    upper = mean_ball(alpha, t) + (1 - alpha)
    lower = sqrt((a_l - alpha * -a_l).dot(a_l - alpha * -a_l)) - mean_ball(alpha, t)
    return identity(
        "alpha = 1/2, t = 0, a_k = -a_l, the rest of either class at the other's anchor: bounds attained, u ties",
        sum((x - y) ** 2 for x, y in ((upper, lower), (to_own, to_rival), (upper, to_own), (lower, to_rival))),
        sympy.Integer(0),
    )


@dataclass(frozen=True)
class Anchored:
    """A world, the anchors a_l, (K, d), the samples whose views are to lie within t_l of them, and what is left of bounds.

    loose  (2,) nonnegative: by how much U exceeds ||a_l - mu_l||, and L_k falls short of ||a_l - mu_k||
    part   in [0, 1]: which part of the share within t_l alpha_l is
    """

    world: FiniteWorld
    anchors: Array
    near: Array
    loose: Array
    part: float

    @property
    def distances(self) -> Array:
        """The largest distance of a view from the anchor, (n,)."""
        gaps = self.world.features - self.anchors[self.world.labels][:, None]
        return np.asarray(np.linalg.norm(gaps, axis=2).max(axis=1))

    @property
    def radii(self) -> Array:
        """t_l, (K,)."""
        return largest(self.distances * self.near, self.world.labels)

    @property
    def shares(self) -> Array:
        """P[x in C_l, all views within t_l of a_l]/p_l, (K,)."""
        return share_of(self.distances <= self.radii[self.world.labels], self.world.labels)


def _worlds(rng: Rng) -> Start:
    """Worlds of Theorem 1 with anchors near the means of the parts, or at random."""
    features, choose = choices(rng)
    start = choose(features)
    near = start.main & start.aligned
    means = class_means(start.distinct)
    anchors = means + rng.choice([0.0, 0.05, 0.3]) * rng.normal(size=means.shape)
    rest = np.append(rng.choice([0.0, 0.05]) * rng.random(2), rng.choice([1.0, rng.random()]))

    def build(point: Array) -> Anchored:
        world = choose(point[: features.size]).world
        moved, (*loose, part) = point[features.size : -3].reshape(means.shape), point[-3:]
        return Anchored(world, moved, near, abs(np.array(loose)), float(np.clip(part, 0, 1)))

    return np.concatenate([features, anchors.ravel(), rest]), build


def _pairs(world: Anchored) -> tuple[Array, Array, Array]:
    """||a_l - mu_k||, the same for k = l as a column, and ||mu_l - mu_k||; (K, K), (K, 1), (K, K)."""
    means = class_means(world.world)
    reach = np.linalg.norm(world.anchors[:, None] - means, axis=2)
    return reach, reach.diagonal()[:, None], np.linalg.norm(means[:, None] - means, axis=2)


def _lost(world: Anchored) -> float:
    return float(1 - np.bincount(world.world.labels) @ world.shares / len(world.world.labels))


def _rivals(margins: Array) -> float:
    """The least off the diagonal."""
    return float(margins[~np.eye(len(margins), dtype=bool)].min())


def _read(world: Anchored) -> Reading:
    to_rival, to_own, apart = _pairs(world)
    margins = cell_margin(world.radii[:, None], to_own, to_rival, apart)
    return error_reading(world.world, _lost(world), {"cell": _rivals(margins) - ROUNDING})


def _read_bounds(world: Anchored) -> Reading:
    to_rival, to_own, _ = _pairs(world)
    upper, lower = to_own + world.loose[0], to_rival - world.loose[1]
    margins = bounded_margin(world.radii[:, None], upper, lower)
    error = error_reading(world.world, _lost(world), {"U + 2 t < L": _rivals(margins) - ROUNDING})
    alpha = world.part * world.shares
    away = np.linalg.norm(class_means(world.world) - alpha[:, None] * world.anchors, axis=1) / float(world.world.radius)
    return Reading(
        hypotheses=error.hypotheses,
        left=np.append(away, error.left),
        right=np.append(mean_ball(alpha, world.radii / float(world.world.radius)), error.right),
        trivial=1.0,
        distance=error.distance,
    )


CLAIMS = (
    Claim(
        id="thm-1-anchor",
        title="Theorem 1 anchored: a ball inside the cell",
        source="derived from " + PAPER + ", lemma 3.1",
        statement=r"\frac{1}{2}(\|a_l-\mu_k\|^2-\|a_l-\mu_l\|^2)>t_l\|\mu_l-\mu_k\|\ \forall k\neq l\ \Rightarrow\ "
        r"Err(G_f)\leq 1-\sum_l P[x\in C_l,\ \forall x^\prime\in A(x):\|f(x^\prime)-a_l\|\leq t_l]",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="For a sample counted on the right, u = f(x) = a_l + w with ||w|| <= t_l; `expansion`, `Cauchy-Schwarz` "
        "and `cell` make it strictly nearer to mu_l than to any other mean, so does every view of it. What is left is "
        "misclassified at most (`union bound`). `rim`: no condition on the ball alone is weaker. `views` is what "
        "(sigma, delta) and S_eps have to do with it: t_l = delta/2 + eps. Neither ||f|| = r nor "
        "the origin of a_l is used.",
        trusted=("the triangle inequality",),
        steps={
            "expansion": _expansion,
            "Cauchy-Schwarz": cauchy_schwarz,
            "cell": _inside,
            "rim": _iff,
            "views": _views,
            "union bound": union_bound,
        },
    ),
    Claim(
        id="thm-1-anchor-bounds",
        title="The same with means known up to balls",
        source="derived from " + PAPER + ", lemma 3.1",
        statement=r"\|a_l-\mu_l\|\leq U,\ \|a_l-\mu_k\|\geq L_k:\ U+2t_l<L_k\ \forall k\neq l\ \Rightarrow\ as\ before;\quad "
        r"\|\mu_l-\alpha_l a_l\|\leq\alpha_l t_l+(1-\alpha_l)r\ \forall\alpha_l\leq P[\ldots]/p_l",
        predicate=Predicate(worlds=_worlds, read=_read_bounds),
        expected=Verdict.PROVED,
        reduction="mu_l = alpha v + (1 - alpha) b, v the mean over the views within t_l of a_l: `located`. A lower bound may "
        "stand for alpha (`monotone`: what the larger alpha allows, the smaller one allows too, with v in the same ball). "
        "`bounds` replaces thm-1-anchor's `cell`. `tie`: at alpha = 1/2 the two balls touch in a world that ties.",
        trusted=("the triangle inequality", AVERAGES),
        steps={
            "located": _located,
            "monotone": mixing,
            "bounds": _bounds,
            "tie": _tight,
            "union bound": union_bound,
        },
    ),
)
