"""
What each form of Theorem 1 asks for
====================================

A form certifies a class where its margin is positive. For means of norm 0.95 at a right angle, this draws the least share
alpha of the class that must lie in the main part and be aligned, against the spread s, for each form that takes alpha.
"""

import matplotlib.pyplot as plt
import numpy as np

from theory.theorem1 import FORMS, margin

spreads = np.linspace(0, 1.2, 121)
shares = np.linspace(0, 1, 2001)
norm = 0.95**2

for name, form in FORMS.items():
    if form.share != "alpha":
        continue
    met = margin(name, shares[:, None], spreads[None], norm, norm, 0.0) > 0
    needed = np.where(met.any(axis=0), shares[met.argmax(axis=0)], np.nan)
    plt.plot(spreads, needed, label=name)

plt.xlabel("spread s")
plt.ylabel("least share alpha that certifies")
plt.legend()
plt.show()
