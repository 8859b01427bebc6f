"""Ranked search by words: BM25F, and how two rankings become one.

BM25F: Robertson, Zaragoza: "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.6, with one b for
all fields. Reciprocal rank fusion: Cormack, Clarke, Buettcher, SIGIR 2009, k = 60.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import log
from typing import Final, TypeVar

K1: Final = 1.2
B: Final = 0.75
FUSION: Final = 60
WEIGHTS: Final = {"name": 3.0, "docstring": 2.0, "code": 1.0}

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_STOP: Final = frozenset(
    "a an and are as at be by for from if in into is it its of on or self that the then this to was when which will "
    "with".split()
)
_SYNONYMS: Final = (
    "delete remove rm drop erase",
    "create make build new",
    "get fetch retrieve",
    "find search lookup",
    "start begin launch",
    "stop halt terminate",
    "show display print",
)
"""Verbs of programming that stand for each other: the first word of each group speaks for all."""
_ENDINGS: Final = (("ies", "y"), ("sses", "ss"), ("ings", ""), ("ing", ""), ("ed", ""), ("es", "e"), ("s", ""))
_SHORTEST_STEM: Final = 3
T = TypeVar("T", bound=Hashable)


def terms(text: str) -> list[str]:
    """The words of a text or identifier as they are compared: divided at case, digits and underscores, lower case,
    without the commonest words, stemmed lightly, verbs that mean the same as one."""
    words = (word.lower() for word in _WORD.findall(text))
    return [_SAME.get(root, root) for word in words if word not in _STOP for root in (stem(word),)]


def stem(word: str) -> str:
    """The word without a plural or verb ending, where enough is left (`s` stays in `ss` and `us`)."""
    if word.endswith(("ss", "us", "is")):
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            left = word.removesuffix(ending) + instead
            doubled = not instead and len(left) > _SHORTEST_STEM and left[-1] == left[-2] and left[-1] not in "lsz"
            left = left[:-1] if doubled else left
            return left[:-1] if len(left) > _SHORTEST_STEM and left.endswith("e") else left
    return word[:-1] if len(word) > _SHORTEST_STEM and word.endswith("e") else word


_SAME: Final = {stem(word): stem(group.split()[0]) for group in _SYNONYMS for word in group.split()}


class Ranking:
    """Documents of several fields, ready to be searched.

    documents: {key: {field: text}}; fields are those of WEIGHTS.
    """

    def __init__(self, documents: Mapping[str, Mapping[str, str]]) -> None:
        counted = {
            key: {field: Counter(terms(fields.get(field, ""))) for field in WEIGHTS}
            for key, fields in documents.items()
        }
        lengths = {field: [fields[field].total() for fields in counted.values()] for field in WEIGHTS}
        self._mean = {field: sum(values) / len(values) if values else 0.0 for field, values in lengths.items()}
        self._postings: dict[str, dict[str, float]] = {}
        self._count = len(documents)
        for key, fields in counted.items():
            for field, words in fields.items():
                self._add(key, field, words)

    def _add(self, key: str, field: str, words: Counter[str]) -> None:
        mean = self._mean[field]
        length = 1 - B + B * (sum(words.values()) / mean if mean else 1.0)
        for word, count in words.items():
            posting = self._postings.setdefault(word, {})
            posting[key] = posting.get(key, 0.0) + WEIGHTS[field] * count / length

    def search(self, text: str, limit: int = 0) -> list[tuple[str, float]]:
        """(key, score) of documents that share a word with the text, best first; limit 0 means all."""
        scores: dict[str, float] = {}
        for word, times in Counter(terms(text)).items():
            posting = self._postings.get(word, {})
            rarity = log(1 + (self._count - len(posting) + 0.5) / (len(posting) + 0.5))
            for key, weight in posting.items():
                scores[key] = scores.get(key, 0.0) + times * rarity * weight * (K1 + 1) / (weight + K1)
        found = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        return found[:limit] if limit else found


def fused(rankings: Iterable[Sequence[T]]) -> list[T]:
    """One ranking of several: the sum of 1 / (60 + rank). Equal ones keep the order of the first ranking."""
    scores: dict[T, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, 1):
            scores[item] = scores.get(item, 0.0) + 1 / (FUSION + rank)
    return sorted(scores, key=lambda item: -scores[item])
