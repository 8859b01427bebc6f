"""Which functions do everything at once."""

import pytest

from gitops_healer.detectors.mixed_concerns import mixed_concerns
from tests.detectors.scenes import seen_in_file

HEAD = "import json, os, requests\n"
CALLS = ["requests.get(u)", "json.loads(t)", "print(x)"]


def function(calls: list[str], branches: int = 7, name: str = "sync", indent: str = "") -> str:
    lines = [f"def {name}(self, u, t, x):", *(f"    {call}" for call in calls)]
    lines += [f"    if x == {n}: x = u" for n in range(branches)]
    return "".join(f"{indent}{line}\n" for line in lines)


def test_a_function_that_fetches_parses_shows_and_decides() -> None:
    (finding,) = seen_in_file(mixed_concerns, HEAD + function(CALLS))
    assert finding.symbol == "sync"
    assert finding.message == ("sync mixes network, parsing and serialisation and presentation with logic of its own")
    assert finding.evidence == (
        "network: requests.get",
        "parsing and serialisation: json.loads",
        "presentation: print",
        "logic: McCabe's number is 8, 11 lines",
    )


@pytest.mark.parametrize(("branches", "found"), [(6, 0), (7, 1)])
def test_bringing_things_together_is_no_logic(branches: int, found: int) -> None:
    assert len(seen_in_file(mixed_concerns, HEAD + function(CALLS, branches))) == found


def test_length_is_logic_as_well() -> None:
    for lines, found in ((36, 1), (35, 0)):
        assert len(seen_in_file(mixed_concerns, HEAD + function(CALLS, 0) + "    x = u\n" * lines)) == found


@pytest.mark.parametrize("left_out", range(3))
def test_two_concerns_are_allowed(left_out: int) -> None:
    calls = CALLS[:left_out] + CALLS[left_out + 1 :] + ["unknown(x)", "u.anything()"]
    assert seen_in_file(mixed_concerns, HEAD + function(calls)) == []
    assert len(seen_in_file(mixed_concerns, HEAD + function(calls), mixed_concerns__min_concerns=2)) == 1


ENTRIES = {
    "main": (HEAD + function(CALLS, name="main"), "a.py"),
    "a command": (HEAD + "import click\n@click.command()\n" + function(CALLS), "a.py"),
    "a script": (HEAD + function(CALLS), "scripts/a.py"),
    "the entry of a package": (HEAD + function(CALLS), "p/__main__.py"),
    "a test": (HEAD + function(CALLS), "tests/test_a.py"),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_entries_of_programs_are_left_alone(name: str) -> None:
    source, path = ENTRIES[name]
    assert seen_in_file(mixed_concerns, source, path) == []


def test_a_class_whose_methods_together_do_everything() -> None:
    calls = [*CALLS, "os.remove(u)"]
    methods = [function([call], name=f"m{n}", indent="    ") for n, call in enumerate(calls)]
    (finding,) = seen_in_file(mixed_concerns, f"{HEAD}class Sync:\n{''.join(methods)}")
    assert finding.symbol == "Sync"
    assert finding.message == "Sync mixes files, network, parsing and serialisation and presentation"
    assert seen_in_file(mixed_concerns, f"{HEAD}class Sync:\n{''.join(methods[:3])}") == []


def test_a_method_is_named_instead_of_its_class() -> None:
    method = function([*CALLS, "os.remove(u)"], indent="    ")
    (finding,) = seen_in_file(mixed_concerns, f"{HEAD}class Sync:\n{method}")
    assert finding.symbol == "Sync.sync"


def test_the_fingerprint_survives_other_names_and_places() -> None:
    (before,) = seen_in_file(mixed_concerns, HEAD + function(CALLS))
    (after,) = seen_in_file(mixed_concerns, HEAD + "\n\n" + function(CALLS).replace("(u)", "(t)"), "b.py")
    assert before.fingerprint == after.fingerprint
