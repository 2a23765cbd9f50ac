"""
Example 1: tiny alignment loss, a risk of one quarter
=====================================================

The alignment loss of this encoder is eps/2, as small as one likes, and yet on a shifted domain its risk rises towards 1/2.
Closed forms; the shift at which the gap is 1/4 is exact.
"""

import matplotlib.pyplot as plt
import numpy as np

from theory.arcl.example1 import example_alignment, example_risk, shift_for_gap

eps = 0.01
shifts = np.linspace(0, 60, 301)
print(f"alignment loss {float(example_alignment(eps)):.4g} < eps = {eps}")
print(f"risk gap of 1/4 at c = {float(shift_for_gap(0.25, eps)):.4g}")

plt.plot(shifts, example_risk(shifts, eps) - example_risk(0, eps))
plt.axhline(0.25, ls=":", color="grey")
plt.xlabel("shift c")
plt.ylabel("risk on the shifted domain, less that on the original")
plt.show()
