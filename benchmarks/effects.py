"""How well effects are told through the call graph of a project, against functions whose effects are known.

    python benchmarks/effects.py [--held] [--wrong] [--speed 1000]

Below `benchmarks/effects` stand small projects. A comment on the line of a `def` says what is true of the function:
`# effects: network, clock; mutates self`. "global state" is state of the program or of a class that outlives the
call: it is written, or it is a module level name that functions of the module change and that is read. "unknown" is
what depends on a value that only callers know. Projects named `held_*` were not looked at while it was made.

Precision: share of told effects that are true; recall: share of true effects that are told; an UNKNOWN instead of an
effect does not count as having told it. `missed, called pure` is what would be unsafe: a function with effects of which
nothing at all was said.
"""

import argparse
import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_healer.code.model import CodeModel
from gitops_healer.code.reach_effects import Effects, ReachedEffects

HERE = Path(__file__).parent / "effects"
SAID = re.compile(rb"#\s*effects:\s*([^\n]*)")
HELD = "held_"


@dataclass(frozen=True)
class Truth:
    project: str
    path: str
    symbol: str
    effects: frozenset[str]
    mutates: frozenset[str]


@dataclass(frozen=True)
class InMemory:
    path: str
    blob: str
    size: int


class Shelf(dict[str, bytes]):
    """A cache."""

    def get_many(self, keys: list[str]) -> dict[str, bytes]:
        return {key: self[key] for key in keys if key in self}

    def put_many(self, values: Mapping[str, bytes]) -> None:
        self.update(values)


def model_of(files: Mapping[str, bytes], shelf: Shelf | None = None) -> CodeModel:
    blobs = {path: hashlib.sha1(data).hexdigest() for path, data in files.items()}
    contents = {blobs[path]: data for path, data in files.items()}
    listed = [InMemory(path, blobs[path], len(data)) for path, data in sorted(files.items())]
    return CodeModel(listed, contents.__getitem__, Shelf() if shelf is None else shelf)


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def truths(project: str, model: CodeModel) -> Iterator[Truth]:
    for path in model.paths():
        for item in model.facts(path).definitions if path.endswith(".py") else ():
            line = (model.source(path) or b"").splitlines()[item.header - 1]
            said = SAID.search(line)
            if said:
                effects, _, rest = said[1].decode().partition(";")
                names = frozenset(part.strip() for part in effects.split(",")) - {"pure"}
                changed = frozenset(rest.replace("mutates", " ").replace("cache", " ").replace(",", " ").split())
                yield Truth(project, path, item.qualname, names, changed)


def told(effects: Effects) -> frozenset[str]:
    return frozenset(effect.value for effect in effects.kinds)


def judge(rows: list[tuple[Truth, Effects]], *, wrong: bool) -> None:
    right: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for truth, effects in rows:
        seen = told(effects)
        right.update(seen & truth.effects)
        extra.update(seen - truth.effects)
        missed.update(truth.effects - seen)
        if wrong and (seen != truth.effects or set(effects.mutates) != truth.mutates):
            print(f"{truth.path}:{truth.symbol}: true {sorted(truth.effects)} mutates {sorted(truth.mutates)}")
            print(f"   told {sorted(seen)} mutates {list(effects.mutates)}")
            for reason in effects.reasons:
                print(f"   {'  ' if reason.effect.value in truth.effects else '! '}{reason}")
    print("| effect | functions | precision | recall |\n|---|---|---|---|")
    for name in sorted(right | missed | extra):
        print(f"| {name} | {right[name] + missed[name]} | {share(right[name], extra[name])} | "
              f"{share(right[name], missed[name])} |")  # fmt: skip
    changes = [(set(effects.mutates), truth.mutates) for truth, effects in rows]
    both = sum(len(one & true) for one, true in changes)
    print(f"| changed parameters | {sum(len(true) for _, true in changes)} | "
          f"{share(both, sum(len(one - true) for one, true in changes))} | "
          f"{share(both, sum(len(true - one) for one, true in changes))} |")  # fmt: skip
    pure = [effects for truth, effects in rows if not truth.effects]
    unsafe = [truth.symbol for truth, effects in rows if truth.effects and effects.is_pure]
    called = sum(effects.is_pure for effects in pure)
    print(f"\n{len(rows)} functions; {called} of {len(pure)} pure ones are called pure; "
          f"missed, called pure: {len(unsafe)} of {len(rows) - len(pure)} {unsafe or ''}")  # fmt: skip


def share(right: int, wrong: int) -> str:
    return f"{right / (right + wrong):.2f}" if right + wrong else "-"


def speed(count: int) -> None:
    """A project of so many files, of which a chain of twelve is reached."""
    files = {"pkg/__init__.py": b""}
    for number in range(count):
        body = "".join(f"def helper_{n}(x):\n    return [x + {n} for _ in range(x)]\n\n\n" for n in range(20))
        nearer = f"from pkg.m{number - 1} import f as before\n\n\n" if number % 12 else ""
        call = "before(x)" if number % 12 else "open(x)"
        files[f"pkg/m{number}.py"] = f"{nearer}{body}def f(x):\n    return {call}, helper_1(2)\n".encode()
    shelf = Shelf()
    list(model_of(files, shelf).modules())
    model_of(files, shelf).layout  # noqa: B018
    begin = time.perf_counter()
    model = model_of(files, shelf)
    reached = ReachedEffects(model)
    effects = reached.of("pkg/m11.py", "f")
    took = time.perf_counter() - begin
    begin = time.perf_counter()
    reached.of("pkg/m23.py", "f")
    print(f"{count} files, warm cache: {took:.3f} s for the first function ({effects.functions} functions reached), "
          f"{time.perf_counter() - begin:.4f} s for the next")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held", action="store_true", help="the projects that were held out, instead of the others")
    parser.add_argument("--wrong", action="store_true", help="each function that was not told as it is")
    parser.add_argument("--speed", type=int, default=0, help="measure the time in a project of so many files")
    chosen = parser.parse_args()
    rows: list[tuple[Truth, Effects]] = []
    for folder in sorted(HERE.iterdir()):
        if folder.name.startswith(HELD) is chosen.held and folder.is_dir():
            model = model_of(files_below(folder))
            reached = ReachedEffects(model)
            rows += [(truth, reached.of(truth.path, truth.symbol)) for truth in truths(folder.name, model)]
    judge(rows, wrong=chosen.wrong)
    if chosen.speed:
        speed(chosen.speed)


if __name__ == "__main__":
    main()
