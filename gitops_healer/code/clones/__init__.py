"""Copies in code (types 1 to 3), found by what functions share and by equal runs of statements."""
