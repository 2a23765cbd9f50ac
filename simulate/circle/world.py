"""Classes on a circle: every quantity of Theorem 1 in closed form. `python -m simulate.circle` shows one such world.

The world. A sample is x = (phi, a): an angle phi on the real LINE and the strength a of its views. It carries a class k
with probability p_k and stems from a cluster: its own with probability 1 - h, else any other, all alike (h: swapped).
In cluster c, phi ~ N(phi_c, s_c^2); a = a_j with probability q_j, independently. The views of x are phi + t with t
uniform in [-a, a]; a view carries neither a nor the class. The encoder is f(phi) = r (cos phi, sin phi). Distances between
inputs are |phi - phi'| on the line, so that

- f is Lipschitz with L = r exactly: ||f(phi) - f(phi')|| = 2 r |sin((phi - phi')/2)| <= r |phi - phi'|;
- d_A(x1, x2) = max(0, |phi1 - phi2| - a1 - a2): delta is a difference of angles, an arc and not a chord;
- x lies in S_eps iff 2 r sin(min(a, pi/2)) <= eps.

Main parts. C_k^0 = {|phi - phi_k| <= delta/2 + a}: two of its members have |phi1 - phi2| - a1 - a2 <= delta. None is
larger when h = 0: the members with strength a_j have pairwise |phi1 - phi2| <= delta + 2 a_j, no interval of that length
has more mass under N(phi_k, s_k^2) than the centred one, and the centred ones of all j are jointly admissible. So
sigma_k(delta) = sum_j q_j erf((delta + 2 a_j)/(2 sqrt(2) s_k)), also for a mixture of strengths, and likewise inside
S_eps. When h > 0 this main part is a witness: sigma from below, the safe direction.

Source: Huang et al., ICLR 2023, sections 2 and 3 for the quantities; the model is ours.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from theory.setting import Array

TURN = 2 * math.pi


@dataclass(frozen=True)
class Circle:
    """K clusters and classes on a circle; see the module. Angles in radians.

    centres   phi_k in [-pi, pi], K >= 2 of them
    priors    p_k > 0, of sum 1
    spreads   s_k > 0
    strengths a_j in [0, pi]
    weights   q_j > 0, of sum 1
    swapped   h in [0, 1)
    radius    r > 0
    Raises    ValueError, naming the value, for anything else
    """

    centres: tuple[float, ...]
    priors: tuple[float, ...]
    spreads: tuple[float, ...]
    strengths: tuple[float, ...]
    weights: tuple[float, ...]
    swapped: float = 0.0
    radius: float = 1.0

    def __post_init__(self) -> None:
        if len(self.centres) < 2 or not len(self.centres) == len(self.priors) == len(self.spreads):
            raise ValueError(
                f"centres={self.centres}: {len(self.centres)} beside {len(self.priors)} priors "
                f"and {len(self.spreads)} spreads; give one of each per class, at least 2 classes"
            )
        if not self.strengths or len(self.strengths) != len(self.weights):
            raise ValueError(
                f"strengths={self.strengths}: as many weights are needed, not {self.weights}; give one weight per strength"
            )
        for name, values in (("priors", self.priors), ("weights", self.weights)):
            if not (min(values) > 0 and abs(sum(values) - 1) < 1e-9):
                raise ValueError(
                    f"{name}={values}: not positive numbers of sum 1; divide positive weights by their sum"
                )
        if not all(abs(centre) <= math.pi for centre in self.centres):
            raise ValueError(f"centres={self.centres}: not all in [-pi, pi]; give angles in radians")
        if not all(1e-6 <= spread <= 1e3 for spread in self.spreads):
            raise ValueError(
                f"spreads={self.spreads}: not all between 1e-6 and 1000; give standard deviations in radians"
            )
        if not all(0 <= strength <= math.pi for strength in self.strengths):
            raise ValueError(
                f"strengths={self.strengths}: not all in [0, pi]; give at most pi, which covers the circle"
            )
        if not 0 <= self.swapped < 1:
            raise ValueError(f"swapped={self.swapped}: not in [0, 1); give a share")
        if not (math.isfinite(self.radius) and self.radius > 0):
            raise ValueError(f"radius={self.radius}: not a positive number; give for example 1")

    @property
    def classes(self) -> int:
        """K."""
        return len(self.centres)


def equally_spaced(
    classes: int,
    spread: float,
    strengths: tuple[float, ...] = (0.0,),
    weights: tuple[float, ...] = (1.0,),
    swapped: float = 0.0,
    radius: float = 1.0,
) -> Circle:
    """K equally likely classes at angles 2 pi k / K, all of one spread."""
    centres = tuple((TURN * k / classes + math.pi) % TURN - math.pi for k in range(classes))
    return Circle(centres, (1 / classes,) * classes, (spread,) * classes, strengths, weights, swapped, radius)


def origins(model: Circle) -> Array:
    """P[cluster c | class k] = 1 - h if c = k, else h/(K - 1); (K, K), rows of sum 1."""
    K = model.classes
    return (1 - model.swapped) * np.eye(K) + model.swapped / (K - 1) * (1 - np.eye(K))


def cluster_shares(model: Circle) -> Array:
    """P[cluster c], (K,)."""
    return np.asarray(np.array(model.priors) @ origins(model))


def view_factors(model: Circle) -> Array:
    """E cos t = sin(a_j)/a_j for t uniform in [-a_j, a_j]; (J,)."""
    return np.sinc(np.array(model.strengths) / math.pi)


def cluster_means(model: Circle) -> Array:
    """r e^{-s_c^2/2} E[sin(a)/a] (cos phi_c, sin phi_c), (K, 2)."""
    size = model.radius * np.exp(-(np.array(model.spreads) ** 2) / 2) * (view_factors(model) @ np.array(model.weights))
    centres = np.array(model.centres)
    return np.asarray(size[:, None] * np.stack([np.cos(centres), np.sin(centres)], axis=1))


def class_means(model: Circle) -> Array:
    """mu_k = E_{x in C_k} E_{x' in A(x)} f(x'): the mean over the clusters of class k; (K, 2)."""
    return np.asarray(origins(model) @ cluster_means(model))


def divergence(model: Circle) -> Array:
    """mu_k.mu_l / r^2, (K, K)."""
    means = class_means(model) / model.radius
    return np.asarray(means @ means.T)


def alignment(model: Circle) -> float:
    """L_align = 2 r^2 (1 - E[(sin(a)/a)^2]): two views of x differ by t1 - t2, and E cos(t1 - t2) = (E cos t)^2."""
    return float(2 * model.radius**2 * (1 - view_factors(model) ** 2 @ np.array(model.weights)))


def view_diameters(model: Circle) -> Array:
    """sup over two views of ||f(x1) - f(x2)|| = 2 r sin(min(a_j, pi/2)) for every strength; (J,)."""
    return np.asarray(2 * model.radius * np.sin(np.minimum(model.strengths, math.pi / 2)))


def robust_alignment(model: Circle) -> float:
    """L_AR = E sup ||f(x1) - f(x2)||^2 = 4 r^2 E sin(min(a, pi/2))^2."""
    return float(view_diameters(model) ** 2 @ np.array(model.weights))


def misaligned_share(model: Circle, eps: float) -> float:
    """R_eps = P[2 r sin(min(a, pi/2)) > eps]."""
    return float((view_diameters(model) > eps) @ np.array(model.weights))


def main_part_shares(model: Circle, delta: Array, eps: float = math.inf) -> Array:
    """P[C_k^0 and S_eps | C_k] for the main part of the module; delta (T,) angles, result (T, K).

    eps = inf gives sigma_k(delta); a finite eps gives alpha_k.
    """
    centres, spreads = np.array(model.centres), np.array(model.spreads)
    gaps = centres[None, :] - centres[:, None]  # cluster c seen from the centre of class k
    kept = np.array(model.weights) * (view_diameters(model) <= eps)
    half = (np.asarray(delta, dtype=float)[:, None] / 2 + np.array(model.strengths))[:, :, None, None]  # (T, J, 1, 1)
    mass = interval_mass((-half - gaps) / spreads, (half - gaps) / spreads)
    return np.asarray(np.einsum("j,tjkc,kc->tk", kept, mass, origins(model)))


def interval_mass(low: Array, high: Array) -> Array:
    """P[low <= N(0,1) <= high] for low <= high, to full relative precision in either tail."""
    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    return np.asarray(ndtr(b) - ndtr(a))


def arc_mass(centre: float, spread: float, start: Array, end: Array) -> Array:
    """Mass of the arcs [start, end] under N(centre, spread^2) wrapped round the circle; |start|, |end| <= 4 pi."""
    wraps = 4 + math.ceil(9 * spread / TURN)
    turns = TURN * np.arange(-wraps, wraps + 1)[:, None]
    masses = interval_mass((start + turns - centre) / spread, (end + turns - centre) / spread)
    return np.asarray(masses.sum(axis=0))


def decision_edges(means: Array, radius: float) -> tuple[Array, Array]:
    """Where the nearest class mean of f(phi) changes: edges (B + 1,) over one turn, winner (B,) between them.

    ||f - mu_l|| < ||f - mu_k|| iff r g cos(phi - psi) > (||mu_l||^2 - ||mu_k||^2)/2 with mu_l - mu_k = g (cos psi, sin psi):
    the edges are psi +- arccos of the ratio, where it lies in [-1, 1]. The winner is -1 where two means coincide.
    """
    changes = [0.0]
    for l in range(len(means)):
        for k in range(l):
            gap = means[l] - means[k]
            size = radius * float(np.hypot(*gap))
            offset = float(means[l] @ means[l] - means[k] @ means[k]) / 2
            if size > abs(offset):
                turn, width = math.atan2(gap[1], gap[0]), math.acos(offset / size)
                changes += [turn - width, turn + width]
    edges = np.unique(np.mod(changes, TURN))
    edges = np.append(edges, edges[0] + TURN)
    middle = (edges[:-1] + edges[1:]) / 2
    points = radius * np.stack([np.cos(middle), np.sin(middle)], axis=1)
    distances = ((points[:, None, :] - means) ** 2).sum(axis=2)
    nearest = np.sort(distances, axis=1)
    tie = nearest[:, 1] - nearest[:, 0] <= 1e-14 * radius**2
    return edges, np.where(tie, -1, distances.argmin(axis=1))


def wrong_arcs(edges: Array, winner: Array, label: int, reach: float) -> tuple[Array, Array]:
    """Starts and ends of the arcs of phi from which some point within `reach` is not given to `label`."""
    right = winner == label
    if right.all():
        return np.empty(0), np.empty(0)
    begins, ends = right & ~np.roll(right, 1), right & ~np.roll(right, -1)
    start, end = edges[:-1][begins], edges[1:][ends]
    if start.size and end[0] < start[0]:  # a run of right arcs goes through the first edge
        end = np.append(end[1:], end[0] + TURN)
    kept = start + reach < end - reach
    if not kept.any():
        return np.array([0.0]), np.array([TURN])
    start, end = start[kept] + reach, end[kept] - reach
    return end, np.append(start[1:], start[0] + TURN)


def class_errors(model: Circle, *, any_view: bool = False) -> Array:
    """P[G_f(x) != k | C_k], (K,), G_f the nearest class mean at x; a tie counts as wrong.

    With `any_view`, P[some view of x is misclassified | C_k]: the proof of Theorem 1 bounds this too, because it places
    every view of a sample of the main part next to its class mean.
    """
    edges, winner = decision_edges(class_means(model), model.radius)
    reaches = model.strengths if any_view else (0.0,)
    weights = model.weights if any_view else (1.0,)
    wrong = np.zeros((model.classes, model.classes))
    for label in range(model.classes):
        for reach, weight in zip(reaches, weights, strict=True):
            start, end = wrong_arcs(edges, winner, label, reach)
            for c, (centre, spread) in enumerate(zip(model.centres, model.spreads, strict=True)):
                wrong[label, c] += weight * float(arc_mass(centre, spread, start, end).sum())
    return np.asarray((origins(model) * wrong).sum(axis=1))


def error(model: Circle, *, any_view: bool = False) -> float:
    """Err(G_f) = sum_k p_k P[G_f(x) != k | C_k]; see `class_errors`."""
    return float(np.array(model.priors) @ class_errors(model, any_view=any_view))
