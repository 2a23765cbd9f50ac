"""Embedded image data; see NOTICE for its licence and `make_subset.py` for how it was made."""
