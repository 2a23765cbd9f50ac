"""Analytic models with closed forms, and Monte Carlo estimates with intervals at a stated level.

`estimators` holds random streams and intervals; `counterexample` is Example 1 (`python -m simulate.counterexample`).
`python -m simulate` runs every simulator and writes its evidence.
"""
