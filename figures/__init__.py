"""The lecture's figures, and the report, drawn from build/evidence and from nothing else."""
