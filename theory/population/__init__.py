"""From a sample to the population: one-sided and two-sided bounds at a stated level for what the certificates need.

p_k, R_eps, Err and sigma are proportions (`clopper_pearson`, `sigma_lower`), class means are bounded vectors (`mean_radius`,
`refined_mean_radius`), and what follows for their products and norms is interval arithmetic (`gram_interval`). Each holds
at its own level; `split_level` shares one level out among all of them.
"""

from theory.population.anchor import anchor_main_part, choose_anchor, sigma_lower
from theory.population.binomial import clopper_pearson
from theory.population.estimates import Bound, Direction, LevelSplit, split_level
from theory.population.means import mean_radius, refined_mean_radius
from theory.population.products import distance_interval, gram_interval, norm_interval

__all__ = [
    "Bound",
    "Direction",
    "LevelSplit",
    "anchor_main_part",
    "choose_anchor",
    "clopper_pearson",
    "distance_interval",
    "gram_interval",
    "mean_radius",
    "norm_interval",
    "refined_mean_radius",
    "sigma_lower",
    "split_level",
]
