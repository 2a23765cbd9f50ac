"""Views of images with explicit parameters: drawn from a seed, applied to whole batches, replayable."""
