"""The code at one commit: which modules there are, what stands in them, where a symbol is.

Work follows what changed: facts are kept by blob id, so that a file that stays the same is never parsed again.
"""


class CodeModel:
    """Placeholder signature; see the brief."""
