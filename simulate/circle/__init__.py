"""Classes on a circle, where Theorem 1, InfoNCE and cross-correlation are known in closed form (`python -m simulate.circle`).

`world` has the quantities of Theorem 1, `losses` the population losses, `sampling` the same by Monte Carlo, and `model`
declares all of it.
"""
