"""A change applied and taken back gives the same bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.core.change import Change, Edit, replace_span, whole_file
from gitops_healer.errors import StaleEditError

sources = st.dictionaries(st.sampled_from(["a.py", "b/c.py", "d e\n.py"]), st.binary(max_size=60), min_size=1)


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, bytes], Change]:
    """Sources, and non-overlapping edits of them and of a new file."""
    files = draw(sources)
    edits: list[Edit] = []
    for path, data in files.items():
        cuts = sorted(draw(st.sets(st.integers(0, len(data)), max_size=6)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False):
            new = draw(st.binary(max_size=8)).decode("utf-8", "surrogateescape")
            edits.append(replace_span(path, data, start, end, new))
    if draw(st.booleans()):
        edits.append(Edit("new.py", 0, "", draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=9))))
    return files, Change(tuple(edits))


@given(changes())
@settings(deadline=None)
def test_applied_then_taken_back_gives_the_same_bytes(case: tuple[dict[str, bytes], Change]) -> None:
    files, change = case
    after = change.apply(files)
    assert change.inverse().apply(after) == {path: files.get(path, b"") for path in change.paths}


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_whole_file_finds_a_span_that_makes_the_one_into_the_other(before: bytes, after: bytes) -> None:
    change = whole_file("x", before, after)
    assert change.apply({"x": before}) == {"x": after}
    assert change.inverse().apply({"x": after}) == {"x": before}


def test_an_edit_refuses_a_file_that_has_changed() -> None:
    change = Change((Edit("x.py", 0, "a", "b"),))
    with pytest.raises(StaleEditError, match=r"x\.py has changed at byte 0"):
        change.apply({"x.py": b"z"})


def test_edits_must_not_overlap() -> None:
    with pytest.raises(StaleEditError, match="overlap"):
        Change((Edit("x", 0, "abc", ""), Edit("x", 2, "c", "")))


def test_the_diff_is_what_git_would_show_and_is_counted() -> None:
    change = Change((Edit("x.py", 4, "b", "B"),))
    source = {"x.py": b"a\n  b\nc"}
    assert change.diff(source) == (
        "--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@\n a\n-  b\n+  B\n c\n\\ No newline at end of file\n"
    )
    assert change.size(source) == 2
