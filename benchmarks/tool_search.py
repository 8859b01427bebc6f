"""How well `tools search` finds a function by what its docstring says, with the docstring withheld.

    python benchmarks/tool_search.py REPO... [--queries 500]

Known-item search: every documented public function of a repository is in the index with its name, signature and the
identifiers of its body, but without its docstring. A query is the first sentence of a docstring without the words of
the function's own name (`hard`), or as it stands (`all`); its function is the one right answer. MRR is the mean of
1 / rank (0 beyond rank 100), recall@10 the share of queries with the answer among the first ten. Compared with counting
the query's words in the text of each function (what grep would do), and with rank-bm25's BM25Okapi where installed.
"""

import argparse
import random
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.roles import is_test_path
from gitops_healer.code.tool_sheet import Row, sheet_of
from gitops_healer.core.search import Ranking, terms

_DEPTH = 100
_LEAST_WORDS = 3
Search = Callable[[str], Sequence[str]]


class Item(NamedTuple):
    key: str
    row: Row

    @property
    def text(self) -> str:
        return " ".join((self.row.qualname, self.row.signature, *self.row.words))

    @property
    def sentence(self) -> str:
        return re.split(r"\.\s|\n\s*\n", self.row.docstring.strip(), maxsplit=1)[0].replace("\n", " ")

    @property
    def hard(self) -> str:
        """The sentence without the words of the name."""
        own = set(terms(self.row.qualname))
        return " ".join(word for word in re.findall(r"\w+", self.sentence) if not own & set(terms(word)))


def items_of(path: Path) -> list[Item]:
    repository = open_repository(path)
    head = repository.resolve("HEAD") or ""
    found = []
    for file in repository.files(head):
        if file.path.endswith(".py") and not is_test_path(file.path):
            for row in sheet_of(repository.read_blob(file.blob)).rows:
                private = "<locals>" in row.qualname or "._" in f".{row.qualname}"
                if not row.is_class and row.docstring and not private:
                    found.append(Item(f"{file.path}:{row.qualname}", row))
    return found


def by_counting(items: Sequence[Item]) -> Search:
    """The functions whose text holds most of the words."""
    texts = {item.key: item.text.lower() for item in items}

    def search(query: str) -> list[str]:
        words = {word for word in re.findall(r"\w+", query.lower()) if len(word) > 2}
        hits = {key: sum(word in text for word in words) for key, text in texts.items()}
        return sorted((key for key in hits if hits[key]), key=lambda key: (-hits[key], key))[:_DEPTH]

    return search


def by_rank_bm25(items: Sequence[Item]) -> Search | None:
    """Plain BM25 on one bag of words, divided at what is no letter."""
    try:
        from rank_bm25 import BM25Okapi
    except ImportError:
        return None
    index = BM25Okapi([re.findall(r"[a-z0-9]+", item.text.lower()) for item in items])

    def search(query: str) -> list[str]:
        scores = index.get_scores(re.findall(r"[a-z0-9]+", query.lower()))
        return [items[place].key for place in scores.argsort()[::-1][:_DEPTH]]

    return search


def by_us(items: Sequence[Item]) -> Search:
    fields = {
        item.key: {"name": item.row.qualname, "code": f"{item.row.signature} {' '.join(item.row.words)}"}
        for item in items
    }
    ranking = Ranking(fields)
    return lambda query: [key for key, _ in ranking.search(query, _DEPTH)]


def measure(search: Search, queries: Sequence[tuple[str, str]]) -> str:
    began = time.perf_counter()
    answers = [(key, list(search(query))) for key, query in queries]
    each = (time.perf_counter() - began) / len(queries) * 1000
    ranks = [found.index(key) + 1 if key in found else 0 for key, found in answers]
    mrr = sum(1 / rank for rank in ranks if rank) / len(ranks)
    recall = sum(0 < rank <= 10 for rank in ranks) / len(ranks)
    return f"MRR {mrr:.3f}  recall@10 {recall:.3f}  {each:.1f} ms a query"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--queries", type=int, default=500)
    options = parser.parse_args()
    for path in options.repositories:
        items = items_of(path)
        chosen = random.Random(1).sample(items, min(options.queries, len(items)))
        ways = {"ours": by_us(items), "grep": by_counting(items), "rank-bm25": by_rank_bm25(items)}
        for kind in ("all", "hard"):
            texts = [(item.key, item.sentence if kind == "all" else item.hard) for item in chosen]
            queries = [(key, text) for key, text in texts if len(terms(text)) >= _LEAST_WORDS]
            print(f"{path.name}: {len(items):,} functions, {len(queries)} queries, {kind}")
            for name, search in ways.items():
                if search is not None:
                    print(f"  {name:10} {measure(search, queries)}", flush=True)


if __name__ == "__main__":
    main()
