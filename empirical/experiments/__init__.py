"""The lecture's experiments as declared grids: `python -m empirical experiment NAME`.

design      what is trained and compared, and what the lecture asserts
kept        results that took hours, in empirical/results
running     one run per process; a finished one is not repeated, an interrupted one resumes
study       one training run, measured and held against Theorem 1
tables      mean, spread, paired intervals, and a verdict on the order the lecture asserts
view_sets   concentration of sets of views, beside the errors of encoders trained with them
"""
