"""Everything that needs a GPU, measured in one call of minutes: `make cuda`, `python -m empirical.cuda --help`.

plan                     stages, each a process with a time limit of its own; one JSON file, written after each of them
stage                    what such a process runs, and how it keeps what it has measured so far
stand_ins                for provers that the machine lacks, which no stage uses
sizes                    how much each stage does, at full size and in a rehearsal
images, marked, distances, training, discretising, loops   the stages
weights                  a network in files of less than 16 MiB
"""
