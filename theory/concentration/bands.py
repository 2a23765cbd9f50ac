"""Which pairs of views can be skipped: lower bounds of distances from few coordinates, with every rounding error bounded.

Notation: u = 2^-53 and v = 2^-24 are the unit roundoffs of float64 and float32, g_k(w) = k w / (1 - k w). For any order of
summation, with or without fused multiply-add, |fl(x.y) - x.y| <= g_k(w) |x|.|y| for vectors of length k (Higham, Accuracy and
Stability of Numerical Algorithms, 2nd ed., section 3.1); this is what is asked of a matrix product, and what a fast
(Strassen) or reduced-precision (TF32, bfloat16) one would not keep. Norms are Euclidean; d is the distance of two views
x, x' and c any centre.

1. *Coordinates.* Let Q (D, k) have ||Q'Q - I|| <= e < 1, P be the orthogonal projection on its range, r(x) = ||(I - P)(x
- c)||, and
   z(x) = (Q'(x - c), r(x)). Then ||z(x) - z(x')||^2 <= (1 + e) ||P(x - x')||^2 + ||(I - P)(x - x')||^2 <= (1 + e) d^2: a
   distance in k + 1 coordinates bounds d from below, and the residual norm r recovers much of what the prefix Q'(x - c)
   leaves out.
2. *Their rounding.* With N = ||x - c||: centring errs by u N, the product by g_D(u) ||Q||_F (1 + u) N, so the computed
prefix by
   p N, p = (g_D(u) sqrt(k) + 2 u)(1 + e). The computed r^2 = |x - c|^2 - |prefix|^2 errs by t N^2, t = g_{D+8}(u) + 3 p
   + e + 8 u, since |prefix|^2 lies within 2 p (1 + e) + p^2 + e of |P(x - c)|^2, in units of N^2; and |sqrt(a) -
   sqrt(b)| <= sqrt|a - b|, so r errs by sqrt(t) N. Storing z as float32 adds v N. In all z errs by at most kappa N,
   kappa = 1.01 (v + 2 u + p + sqrt(t)). Where all D coordinates are kept (Q = I, no residual), kappa = 1.01 (v + 2 u).
3. *One product per pair.* Rows a = (z, h, 1) and b = (z', 1, h') with h = fl(-|z|^2 / 2) give a.b = -||z - z'||^2 / 2 up to
   (g_{k+6}(v) / 2) (|z| + |z'|)^2, the rounding of h included: |a|.|b| <= |z||z'| + |z|^2/2 + |z'|^2/2 up to a factor 1 + v.
4. *Direct evaluation.* s = fl(sum (x_i - x'_i)^2) satisfies |s - d^2| <= g_{D+2}(u) d^2, all terms being non-negative.

Together, with S the sum of the two norms, a pair whose product lies below
       -( ((1 + q) sqrt(s) + kappa S)^2 + beta S^2 ) / 2 - tiny,    q = 4 (D + 8) u + e,  beta = 1.01 g_{k+6}(v),
has d > (1 + g_{D+2}(u)) sqrt(s), so its own direct evaluation is at least s: skipping it cannot change the minimum, not
even its last bit. Underflow is absolute: coordinates are scaled by a power of two to norms of at most 1, and `tiny` =
2^-100 exceeds what k + 3 products of float32 can lose, subnormals flushed or not.
"""

from dataclasses import dataclass

import numpy as np

from theory.concentration.kernels import centre_rows, square_norms
from theory.setting import Array

UNIT, UNIT32 = 2.0**-53, 2.0**-24
PRODUCT_LIMIT = 2**20
"""Above this dimension the bound on a float32 product of all coordinates says too little to be used."""


def gamma(k: int, unit: float) -> float:
    """g_k(unit) = k unit / (1 - k unit)."""
    return k * unit / (1 - k * unit)


@dataclass(frozen=True)
class Embedding:
    """The map x -> z(x) of the module's docstring, scaled.

    scale   a power of two that brings every ||x - c|| below 1
    centre  (D,) scale c
    basis   (D, k), or None to keep all coordinates
    kappa, beta, grow   as above, grow = 1 + q
    """

    scale: float
    centre: Array
    basis: Array | None
    kappa: float
    beta: float
    grow: float

    @property
    def width(self) -> int:
        """Length of z."""
        return len(self.centre) if self.basis is None else self.basis.shape[1] + 1

    def factors(self, rows: Array, out: Array) -> Array:
        """Left factors (z, h, 1) of rows (p, D), C-contiguous floats, into out (p, width + 2), float32, C-contiguous.

        Returns bounds (p,) of |z| and scale ||x - c||.
        """
        if self.basis is None:
            centre_rows(rows, self.scale, self.centre, out)
            squares = halves = square_norms(out, self.width)
        else:
            centred = np.empty(rows.shape)
            centre_rows(rows, self.scale, self.centre, centred)
            squares = square_norms(centred, len(self.centre))
            prefix = centred @ self.basis
            out[:, :-3] = prefix
            out[:, -3] = np.sqrt(np.maximum(squares - np.einsum("ij,ij->i", prefix, prefix), 0.0))
            halves = square_norms(out, self.width)
        out[:, -2] = halves / -2
        out[:, -1] = 1
        return 1.001 * np.sqrt(squares)


def right_factors(left: Array) -> Array:
    """(z, 1, h) of (z, h, 1)."""
    right = left.copy()
    right[:, -2:] = left[:, :-3:-1]
    return right


def scale_for(largest: float, D: int) -> float:
    """A power of two: views whose coordinates are at most `largest` in absolute value differ by less than 1 after it."""
    exponent = np.ceil(np.log2(max(largest, 2.0**-1074)) + np.log2(D) / 2 + 1.01)
    return float(2.0 ** -max(exponent, -1000.0))


def embedding(scale: float, centre: Array, basis: Array | None) -> Embedding:
    """The embedding with its error bounds; centre (D,) already scaled, basis (D, k) or None."""
    D = len(centre)
    if basis is None:
        kept, defect, kappa = D, 0.0, UNIT32 + 2 * UNIT
    else:
        k = basis.shape[1]
        kept, defect = k + 1, float(np.linalg.norm(basis.T @ basis - np.eye(k))) + 2 * k * gamma(D, UNIT)
        prefix = (gamma(D, UNIT) * np.sqrt(k) + 2 * UNIT) * (1 + defect)
        kappa = UNIT32 + 2 * UNIT + prefix + np.sqrt(gamma(D + 8, UNIT) + 3 * prefix + defect + 8 * UNIT)
    grow = 1 + 4 * (D + 8) * UNIT + defect
    return Embedding(scale, centre, basis, 1.01 * kappa, 1.01 * gamma(kept + 6, UNIT32), grow)


def principal_directions(rows: Array, k: int) -> Array:
    """(D, k) leading principal directions of centred rows (p, D), p >= k: unit vectors, orthogonal up to rounding, or 0."""
    values, vectors = np.linalg.eigh(rows @ rows.T)
    leading = rows.T @ vectors[:, np.argsort(-values)[:k]]
    lengths = np.linalg.norm(leading, axis=0)
    return np.asarray(leading / np.where(lengths > 1e-6 * lengths[0], lengths, np.inf))


def orthonormal(directions: Array) -> Array:
    """(D, k) orthonormal columns; the first of them span what the first of the directions (D, k) do."""
    return np.asarray(np.linalg.qr(directions)[0])
