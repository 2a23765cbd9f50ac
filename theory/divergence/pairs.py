"""What a divergence theorem says of every pair of classes: bounds from above beside the measured products."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from theory.setting import Array


@dataclass(frozen=True)
class PairBounds:
    """Bounds on mu_k.mu_l for all k != l from one form of a theorem; units of ||f||^2.

    form       name of the form
    bound      (K, K) upper bound on mu_k.mu_l; inf on the diagonal, of which the theorems say nothing
    product    (K, K) mu_k.mu_l as measured
    direction  "upper": the safe direction for a condition that asks for small products, as Theorem 1 does
    """

    form: str
    bound: Array
    product: Array
    direction: Literal["upper"] = "upper"

    @staticmethod
    def of(form: str, bound: Array, product: Array) -> "PairBounds":
        """The bounds off the diagonal of `bound`, (K, K)."""
        return PairBounds(form, np.where(np.eye(len(product), dtype=bool), np.inf, bound), product)

    @property
    def slack(self) -> float:
        """min over k != l of bound - product; negative would refute the form."""
        return float((self.bound - self.product).min())

    @property
    def informative(self) -> Array:
        """(K, K) bool: the bound is below ||mu_k|| ||mu_l||, which Cauchy-Schwarz gives without any loss."""
        norms = np.sqrt(np.diagonal(self.product))
        return np.asarray(self.bound < np.outer(norms, norms))


def safe_sqrt(x: Any) -> Array:
    """Square root of what is >= 0 but for rounding: a negative value stands for 0, where the true value must lie."""
    return np.asarray(np.sqrt(np.maximum(x, 0.0)))
