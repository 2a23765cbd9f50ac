"""Analytic models: their closed forms compared with Monte Carlo estimates, and the theorems tried on their worlds.

A module that declares a `MODEL` is a model; `models` says what it may declare. `circle` has all of Theorem 1, InfoNCE and
cross-correlation, `vertices` the same in any dimension, `gaussian` concentration, `example1` Example 1 of ArCL and `remedy`
what L_AR changes in it. `counterexample` (Example 1), `circle`, `gaussian` and `remedy` are commands too, `python -m
simulate.circle` and so on.

`estimators` has random streams and intervals and `comparison` the suite of closed forms. `theorem1` and `theorems3and4`
evaluate the theorems on one world, `sweep` counts over many, `phase` draws a plane of them. `python -m simulate` runs
everything and writes its evidence.
"""
