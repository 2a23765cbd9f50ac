"""Certificates by Theorem 1: of a finite world, and of a population from a sample."""
