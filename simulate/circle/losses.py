"""InfoNCE and cross-correlation on the circle: the population losses, by Fourier series and in closed form.

x1, x2 are independent views of x, x- is a view of an independent x'. Write psi_n = E e^{i n phi} over all classes.

InfoNCE (r = 1). f(x1).f(x2) = cos u with u = t1 - t2 and f(x1).f(x-) = cos v with v = phi + t1 - phi' - t3, so
L_2 = E F(u, v), F(u, v) = log(e^{cos u} + e^{cos v}) = sum_{m,n} c_mn e^{i(m u + n v)}, and every expectation is closed:

    E e^{i(m u + n v)} = E_a[S((m+n) a) S(m a)] |psi_n|^2 E_a S(n a),    S(a) = E e^{it} = sin(a)/a for t uniform in [-a, a].

The c_mn do not depend on the world: one FFT serves every world. Error. For |Im u|, |Im v| <= y the numbers e^{cos u} have
argument at most sinh y, so for sinh y = 3/2 < pi/2 both lie in an open half plane, F is analytic there, and
|F| <= M = sqrt((cosh y + |log(2 cos(3/2))|)^2 + (3/2)^2): its real part lies between log(2 cos(3/2)) - cosh y and
log 2 + cosh y. Hence |c_mn| <= M e^{-y(|m|+|n|)}, and as all expectations are at most 1 in size, cutting the series to the
N x N terms of the FFT and aliasing cost at most twice the sum of the |c_mn| outside: `SERIES_ERROR`.

Cross-correlation (r = sqrt(2), d = 2). C = E f(x1) f(x2)^T = r^2/2 kappa (I + [[Re psi_2, Im psi_2], [Im psi_2, -Re psi_2]]),
kappa = E S(a)^2. When psi_2 = 0, E f_i^2 = 1, as the loss asks of its coordinates; the theorem does not need it.

Source: lecture, Loss Functions; Huang et al., ICLR 2023, section 4. The evaluation is ours.
"""

import math
from functools import cache

import numpy as np

from simulate.circle import world
from simulate.circle.world import Circle
from theory.setting import Array

TERMS = 64


def _series_error(terms: int) -> float:
    y = math.asinh(1.5)
    largest = math.hypot(math.cosh(y) + abs(math.log(2 * math.cos(1.5))), 1.5)
    # The FFT holds the frequencies |m| < terms/2 in full: all others count as outside.
    everything = (1 + math.exp(-y)) / (1 - math.exp(-y))
    outside = 2 * math.exp(-y * terms / 2) / (1 - math.exp(-y))
    return 2 * largest * (2 * everything * outside - outside**2)


SERIES_ERROR = _series_error(TERMS)
"""Proven bound on the truncation and aliasing of `info_nce_regulariser`; rounding comes on top (about 1e-15)."""


@cache
def series() -> Array:
    """c_mn of F(u, v) = log(e^{cos u} + e^{cos v}) for m, n in `frequencies()` order, (TERMS, TERMS), real."""
    points = np.cos(2 * math.pi * np.arange(TERMS) / TERMS)
    return np.asarray(np.fft.fft2(np.logaddexp(points[:, None], points[None, :])).real / TERMS**2)


def frequencies() -> Array:
    """The integers m of the FFT, 0, 1, .., -1; (TERMS,)."""
    return np.fft.fftfreq(TERMS, 1 / TERMS)


def angular_moment(model: Circle, n: Array) -> Array:
    """psi_n = E e^{i n phi} = sum_c P[cluster c] e^{i n phi_c - n^2 s_c^2 / 2}; n any shape."""
    n = np.asarray(n)[..., None]
    turned = np.exp(1j * n * np.array(model.centres) - n**2 * np.array(model.spreads) ** 2 / 2)
    return np.asarray(turned @ world.cluster_shares(model))


def view_moment(model: Circle, n: Array) -> Array:
    """S(n a_j) = E e^{i n t} for t uniform in [-a_j, a_j]; n any shape, result with an axis (J,) at the end."""
    return np.asarray(np.sinc(np.asarray(n)[..., None] * np.array(model.strengths) / math.pi))


def info_nce_regulariser(model: Circle) -> float:
    """L_2 = E log(e^{f(x1).f(x2)} + e^{f(x1).f(x-)}), within `SERIES_ERROR` and rounding; radius 1, else ValueError."""
    if model.radius != 1:
        raise ValueError(f"radius={model.radius}: InfoNCE is for ||f|| = 1; give radius 1")
    m = frequencies()
    weights = np.array(model.weights)
    own = (view_moment(model, m[:, None] + m[None, :]) * view_moment(model, m)[:, None, :]) @ weights  # (m, n)
    other = np.abs(angular_moment(model, m)) ** 2 * (view_moment(model, m) @ weights)  # (n,)
    return float((series() * own * other).sum())


def info_nce(model: Circle) -> float:
    """L_InfoNCE = (L_align/2 - 1) + L_2."""
    return world.alignment(model) / 2 - 1 + info_nce_regulariser(model)


def agreement(model: Circle) -> float:
    """E f(x1).f(x2) / r^2 = E (sin(a)/a)^2, the same in every class: a_k of the InfoNCE bound when r = 1."""
    return float(world.view_factors(model) ** 2 @ np.array(model.weights))


def view_correlation(model: Circle) -> Array:
    """C = E f(x1) f(x2)^T, (2, 2)."""
    second = complex(angular_moment(model, np.array(2)))
    turned = np.array([[second.real, second.imag], [second.imag, -second.real]])
    return np.asarray(model.radius**2 / 2 * agreement(model) * (np.eye(2) + turned))


def within_class_covariance(model: Circle) -> Array:
    """S = sum_k p_k Cov_k(E_{x' in A(x)} f(x')) = C - sum_k p_k mu_k mu_k^T, (2, 2), positive semidefinite."""
    means = world.class_means(model)
    return np.asarray(view_correlation(model) - (means.T * np.array(model.priors)) @ means)
