"""Results of experiments that took hours, kept as `python -m empirical experiment NAME --scale SCALE` wrote them."""
