"""The lecture's experiments as declared grids: `python -m empirical experiment NAME`.

design   what is trained and compared, and what the lecture asserts
running  one process per run, resumable, never repeated
tables   mean, spread, paired intervals, and a verdict on the order the lecture asserts
"""
