"""Lemmas by which all views of an image over a box of warps or crops are bounded through a network, each with its proof.

corners    bilinear interpolation less an affine function, over a rectangle
taylor     how far the map of a warp is from affine over a cell of its parameters
crops      likewise the map of a crop, and where it reads
relu       a rectifier between two lines
rounding   sums of products in floating point
formulas   of these lemmas, for the claims and for the verifier
"""
