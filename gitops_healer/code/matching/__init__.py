"""Code patterns: Python with metavariables, matched on the tree (docs/patterns.md)."""
