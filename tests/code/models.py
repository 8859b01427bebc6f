"""Code models of files in memory: the cache and the store are plain dictionaries."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gitops_healer.code.model import CodeModel


@dataclass(frozen=True)
class InMemory:
    path: str
    blob: str
    size: int


@dataclass
class Shelf:
    """A cache that counts. values: what it holds."""

    values: dict[str, bytes] = field(default_factory=dict)
    writes: int = 0

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: self.values[key] for key in keys if key in self.values}

    def put_many(self, values: Mapping[str, bytes]) -> None:
        self.values.update(values)
        self.writes += 1


def model_of(files: Mapping[str, str | bytes], shelf: Shelf | None = None, exclude: Sequence[str] = ()) -> CodeModel:
    """The model of files given as {path: content}."""
    data = {path: content.encode() if isinstance(content, str) else content for path, content in files.items()}
    blobs = {path: hashlib.sha1(content).hexdigest() for path, content in data.items()}
    store = {blobs[path]: content for path, content in data.items()}
    listed = [InMemory(path, blobs[path], len(data[path])) for path in sorted(data)]
    return CodeModel(listed, store.__getitem__, Shelf() if shelf is None else shelf, exclude)
