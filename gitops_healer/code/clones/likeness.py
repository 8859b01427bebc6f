"""Whether two functions are copies of each other, by their tokens alone."""

from collections.abc import Collection, Iterable, Mapping

from gitops_healer.code.clones.columns import Columns
from gitops_healer.code.clones.features import BlobFeatures
from gitops_healer.code.clones.groups import Pair
from gitops_healer.code.tokens import blind

_LEAST_NAMES = 0.4
"""Least agreement of attributes, called functions and keywords: framework code is alike in everything else."""
_SOME_NAMES, _SAME_SHAPE = 0.12, 0.86
"""With so little agreement of names the rest has to agree so well, since names can be changed in a copy."""
_FEW_NAMES, _LIKE_SHAPE = 3, 0.78
"""So few names tell little: the rest decides."""
_VERY_SHAPE = 0.97
"""Where the rest agrees so well, all names may be others."""
_ANYTHING_ELSE = bytes(range(128))


class Likeness:
    """Compares functions by their keys. similarity: least share of common tokens, 0 to 1; min_tokens: least size."""

    def __init__(self, blobs: Mapping[str, BlobFeatures], columns: Columns, similarity: float, min_tokens: int) -> None:
        self._blobs = blobs
        self._columns = columns
        self._similarity = similarity
        self._min_tokens = min_tokens

    def pairs(self, candidates: Iterable[tuple[int, Collection[int]]]) -> dict[Pair, int]:
        """{(lower key, higher key): similarity in percent} of those that are alike. candidates: (key, others)."""
        from rapidfuzz import process
        from rapidfuzz.distance import Indel

        asked = list(candidates)
        tokens = self._tokens({key for key, _ in asked}.union(*(others for _, others in asked)))
        found: dict[Pair, int] = {}
        for key, others in asked:
            own = tokens.get(key)
            if own is None:
                continue
            large = [other for other in others if other in tokens]
            for text, similarity, place in process.extract(
                own,
                [tokens[other] for other in large],
                scorer=Indel.normalized_similarity,
                score_cutoff=self._similarity,
                limit=None,
            ):
                if agree(own, text):
                    other = large[place]
                    found[(key, other) if key < other else (other, key)] = int(similarity * 100)
        return found

    def _tokens(self, keys: Collection[int]) -> dict[int, bytes]:
        """The tokens of each function that is large enough."""
        found = {}
        for key, numbers in self._columns.functions(keys).items():
            occurrence = self._columns.occurrence(numbers[0])
            blob = self._blobs[occurrence.blob]
            function = blob.function(occurrence.number)
            if function.size >= self._min_tokens:
                found[key] = blob.tokens_of(function)
        return found


def agree(one: bytes, two: bytes) -> bool:
    """Whether what two token streams have in common is more than the shape of their statements."""
    from rapidfuzz.distance import Indel

    names = one.translate(None, _ANYTHING_ELSE), two.translate(None, _ANYTHING_ELSE)
    agreement = Indel.normalized_similarity(*names)
    if agreement >= _LEAST_NAMES:
        return True
    shape = Indel.normalized_similarity(blind(one), blind(two))
    if max(map(len, names)) <= _FEW_NAMES:
        return shape >= _LIKE_SHAPE
    return shape >= (_SAME_SHAPE if agreement >= _SOME_NAMES else _VERY_SHAPE)
