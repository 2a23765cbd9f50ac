"""Concentration of augmented data: augmented distances, and main parts as cliques of their threshold graph.

Source: lecture, Definition 1 ((sigma, delta)-augmentation); Huang et al., ICLR 2023, section 2. sigma(delta) of a class is
the largest clique of {d_A <= delta} over the class size. [H] bounded it by a 2-approximation of vertex cover; here a
branch and bound finds it, or an interval that contains it when the budget of nodes is spent.

distances  d_A of all pairs of samples
mainpart   the largest main part at one delta
frontier   a certified interval at every delta at once
"""

from theory.concentration.distances import augmented_distances
from theory.concentration.frontier import SigmaFrontier, Steps, clique_steps, frontier
from theory.concentration.mainpart import MainPart, main_part, vertex_cover_estimate

__all__ = [
    "MainPart",
    "SigmaFrontier",
    "Steps",
    "augmented_distances",
    "clique_steps",
    "frontier",
    "main_part",
    "vertex_cover_estimate",
]
