"""
sigma(delta) of a class, exactly
================================

The share of a class that lies pairwise within delta by the augmented distance is a largest clique. `frontier` finds it at
every threshold at once, with a witness below and a proof above. Beside it, what the
2-approximation by a vertex cover, which the paper used, leaves open.
"""

import matplotlib.pyplot as plt
import numpy as np

from theory.concentration import augmented_distances, frontier, vertex_cover_estimate

rng = np.random.default_rng(0)
samples, views = 120, 4
centres = rng.normal(size=(samples, 1, 8))
world = centres + 0.3 * rng.normal(size=(samples, views, 8))  # (n, m, D)

distances = augmented_distances(world)
whole = frontier(distances)
print(f"exact at all {len(whole.thresholds)} thresholds: {whole.exact}")

plt.step(whole.thresholds, whole.lower / samples, where="post", label="sigma(delta), exact")
some = whole.thresholds[:: len(whole.thresholds) // 60]
covers = [vertex_cover_estimate(distances, float(delta)) for delta in some]
low, high = ([getattr(cover, end) / samples for cover in covers] for end in ("lower", "upper"))
plt.fill_between(some, low, high, step="post", alpha=0.3, label="what the 2-approximation leaves open")
plt.xlabel("delta")
plt.ylabel("share of the class")
plt.legend()
plt.show()
