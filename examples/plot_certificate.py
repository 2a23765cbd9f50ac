"""
A certificate from features
===========================

Three classes with tight features are certified by the exact form; as one class spreads, its certificate is lost while the
true error is still zero. That gap is what the theory leaves open.
"""

import matplotlib.pyplot as plt
import numpy as np

from contrastive_theory import FiniteWorld, certify
from theory.factors import nearest_mean_error

rng = np.random.default_rng(0)
labels = np.repeat(np.arange(3), 20)
centres = np.eye(3) - 1 / 3
noise = rng.normal(size=(len(labels), 4, 3))


def world(spread):
    """Every view is its class's centre and noise of that size, on the unit sphere."""
    features = centres[labels][:, None] + spread * noise
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    return FiniteWorld(features, features, labels)


spreads = np.linspace(0, 0.25, 26)
certified = [certify(world(spread)).error for spread in spreads]
measured = [float(nearest_mean_error(world(spread))) for spread in spreads]

plt.plot(spreads, certified, label="certified error, exact form")
plt.plot(spreads, measured, "--", label="true error")
plt.xlabel("standard deviation of the features about their class")
plt.ylabel("error")
plt.legend()
plt.show()
