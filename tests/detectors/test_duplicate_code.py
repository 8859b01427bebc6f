"""What a finding about copies says."""

from gitops_healer.core.finding import Risk, Severity
from gitops_healer.detectors.duplicate_code import duplicate_code
from tests.code.test_clones import LOAD, OTHER, RENAMED
from tests.detectors.scenes import seen_in_whole

PACKAGE = {"p/__init__.py": ""}


def test_what_a_finding_says() -> None:
    (finding,) = seen_in_whole(duplicate_code, {**PACKAGE, "p/a.py": LOAD, "p/b.py": f"x = 1\n{RENAMED}"})
    assert (finding.path, finding.symbol, finding.start, finding.end) == ("p/a.py", "p.a.load", 1, 13)
    assert finding.others == ("p/b.py",)
    assert finding.message == ("p.a.load stands in 2 places, the same but for names and literals: 13 lines too many")
    assert finding.evidence[:2] == ("p.a.load (p/a.py:1-13)", "p.b.read (p/b.py:2-14)")
    assert "differs: path -> name" in finding.evidence
    assert (finding.severity, finding.risk) == (Severity.LOW, Risk.LOW)


def test_copies_that_are_the_same_text_say_so() -> None:
    (finding,) = seen_in_whole(duplicate_code, {**PACKAGE, "p/a.py": LOAD, "p/b.py": f"{LOAD}\n{OTHER}"})
    assert "the same but for layout, comments and docstrings" in finding.message
    assert len(finding.evidence) == 2


def test_copies_that_grew_apart_are_riskier_to_merge() -> None:
    edited = LOAD.replace("    rows = []\n", "    rows = []\n    seen = set()\n")
    (finding,) = seen_in_whole(duplicate_code, {**PACKAGE, "p/a.py": LOAD, "p/b.py": edited})
    assert "alike, with statements that differ" in finding.message
    assert "differs: with seen = set()" in finding.evidence
    assert finding.risk is Risk.MEDIUM


def test_many_copies_weigh_more_and_tests_less() -> None:
    def severity(prefix: str, copies: int) -> tuple[Severity, int]:
        files = {f"{prefix}/m{n}.py": f"x = {n}\n{LOAD}" for n in range(copies)}
        (finding,) = seen_in_whole(duplicate_code, files, duplicate_code__include_tests=True)
        return finding.severity, finding.priority

    assert severity("p", 2)[0] is Severity.LOW
    assert severity("p", 5)[0] is Severity.MEDIUM
    assert severity("p", 5)[1] > severity("p", 2)[1] > severity("tests", 5)[1] == 1
    assert severity("tests", 5)[0] is Severity.LOW


def test_the_fingerprint_survives_a_move() -> None:
    before = seen_in_whole(duplicate_code, {**PACKAGE, "p/a.py": LOAD, "p/b.py": RENAMED})
    after = seen_in_whole(duplicate_code, {"q/z.py": f"x = 1\n\n{LOAD}", "q/y.py": f"# moved\n{RENAMED}"})
    other = seen_in_whole(duplicate_code, {"a.py": OTHER, "b.py": f"x = 1\n{OTHER}"})
    (one,), (two,), (three,) = before, after, other
    assert one.fingerprint == two.fingerprint != three.fingerprint


def test_copies_in_tests_alone_are_silent_unless_asked_for() -> None:
    files = {"tests/test_a.py": LOAD, "tests/test_b.py": f"x = 1\n{RENAMED}"}
    assert seen_in_whole(duplicate_code, files) == []
    assert len(seen_in_whole(duplicate_code, files, duplicate_code__include_tests=True)) == 1
    assert len(seen_in_whole(duplicate_code, {**files, "p/c.py": f"y = 1\n{RENAMED}"})) == 1
