"""Certificates for all views of a continuous augmentation: bounds that hold at every point of a box of warps."""
