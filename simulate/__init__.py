"""Analytic models with closed forms, and Monte Carlo estimates with intervals at a stated level.

Models: `counterexample` (Example 1), `remedy` (what L_AR does to it), `gaussian` (concentration), `circle` (Theorem 1,
InfoNCE, cross-correlation) and `vertices` (the same in any dimension); the first four are commands, `python -m
simulate.circle` and so on. `estimators` holds random streams and intervals, `comparison` holds closed forms against them,
`sweep` and `phase` hold theorems against models. `python -m simulate` runs everything and writes its evidence.
"""
