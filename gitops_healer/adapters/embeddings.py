"""Vectors of texts by any endpoint that speaks OpenAI's embeddings, kept by content."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Final

from gitops_healer.core.codec import digest
from gitops_healer.errors import UnavailableError
from gitops_healer.ports import Cache

_BATCH: Final = 128
_LONGEST: Final = 8000
_SECONDS: Final = 20.0


class Embeddings:
    """Vectors, each asked for once. url, key: of the endpoint; model: as the endpoint names it."""

    def __init__(self, cache: Cache, url: str, key: str, model: str) -> None:
        self._cache = cache
        self._url = url
        self._key = key
        self._model = model

    def vectors(self, texts: Sequence[str]) -> list[array[float]]:
        """Vectors of length 1, in the order of the texts. Raises UnavailableError when the endpoint fails."""
        cut = [text[:_LONGEST] or " " for text in texts]
        keys = {text: f"embedding:{digest(self._url, self._model, text)}" for text in cut}
        known = self._cache.get_many(list(keys.values()))
        missing = [text for text, key in keys.items() if key not in known]
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            made = {keys[text]: vector.tobytes() for text, vector in zip(batch, self._ask(batch), strict=True)}
            self._cache.put_many(made)
            known |= made
        return [array("f", known[keys[text]]) for text in cut]

    def _ask(self, texts: list[str]) -> list[array[float]]:
        import openai

        try:
            client = openai.OpenAI(base_url=self._url or None, api_key=self._key, timeout=_SECONDS, max_retries=1)
            answer = client.embeddings.create(input=texts, model=self._model, encoding_format="float")
            vectors = [_unit(item.embedding) for item in sorted(answer.data, key=lambda item: item.index)]
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            raise UnavailableError(f"the embeddings endpoint failed: {type(error).__name__}: {error}"[:300]) from None
        if len(vectors) != len(texts):
            raise UnavailableError(f"the embeddings endpoint gave {len(vectors)} vectors for {len(texts)} texts")
        return vectors


def _unit(values: Sequence[float]) -> array[float]:
    length = sqrt(sum(value * value for value in values))
    if not length:
        raise ValueError("a vector of zeros")
    return array("f", [value / length for value in values])


def nearest(query: array[float], vectors: Mapping[str, array[float]]) -> list[str]:
    """Keys by cosine, nearest first. Vectors of another length than the query's are left out."""
    likeness = {
        key: sum(a * b for a, b in zip(query, vector, strict=True))
        for key, vector in vectors.items()
        if len(vector) == len(query)
    }
    return sorted(likeness, key=lambda key: (-likeness[key], key))
