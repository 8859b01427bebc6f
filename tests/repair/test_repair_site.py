"""Sites, spans, faults and forms, on sources that are awkward."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.code.source import read_source
from gitops_healer.registry import Fixer, discover
from gitops_healer.repair.candidates import candidates, faults_of
from gitops_healer.repair.remedy import Kind, Remedy, raises, returns, spelled, substitutes
from gitops_healer.repair.site import Site, find_site, repeatable
from gitops_healer.repair.template import Template

TEMPLATES = discover("gitops_healer.repair.templates", Template)


def site_of(data: bytes | str, line: int, error: str, message: str = "") -> Site:
    source = read_source("m.py", data.encode() if isinstance(data, str) else data)
    assert source is not None
    site = find_site(source, line, error, message)
    assert site is not None
    return site


def repaired(site: Site, remedy: Remedy) -> list[bytes]:
    """What the file looks like after each candidate, best first."""
    ((_, offered),) = candidates(site, faults_of(site, TEMPLATES), [remedy])
    return [candidate.change.apply({"m.py": site.source.data})["m.py"] for candidate in offered]


def test_plugins_are_found_and_named_like_their_files() -> None:
    assert [fixer.name for fixer in discover("gitops_healer.repair", Fixer)] == ["repair_failure"]
    assert {t.name for t in TEMPLATES} >= {"division_by_zero", "missing_key", "none_value", "index_out_of_range",
                                           "bad_conversion"}  # fmt: skip
    assert all(t.help and 0 < t.prior <= 1 for t in TEMPLATES)


def test_guard_keeps_tabs_and_windows_line_ends() -> None:
    site = site_of(b"def f(a, b):\r\n\tif a:\r\n\t\treturn a / b  # share\r\n\treturn 0\r\n", 3, "ZeroDivisionError")
    best = repaired(site, returns("0.0"))[0]
    assert best == (
        b"def f(a, b):\r\n\tif a:\r\n\t\tif b == 0:\r\n\t\t\treturn 0.0\r\n\t\treturn a / b  # share\r\n\treturn 0\r\n"
    )


def test_one_line_suite_and_semicolons_get_an_expression_only() -> None:
    for text in ("def f(a, b):\n    if a: return a / b\n    return 1\n", "def f(a, b): x = 1; return a / b\n"):
        line = 2 if "\n    if" in text else 1
        site = site_of(text, line, "ZeroDivisionError")
        after = repaired(site, returns("None"))
        assert after
        assert all(text.count(b"\n") == after[0].count(b"\n") for text in after)
        assert b"a / b if b != 0 else None" in after[0]


def test_file_without_a_last_newline() -> None:
    site = site_of("def f(t):\n    return int(t)", 2, "ValueError", "invalid literal for int()")
    caught = b"def f(t):\n    try:\n        return int(t)\n    except ValueError:\n        return 0"
    assert caught in repaired(site, returns("0"))


def test_latin_1_source_with_letters_before_the_place() -> None:
    text = '# -*- coding: latin-1 -*-\ndef f(größe, n):\n    return "é", größe["ü"] / n\n'
    site = site_of(text.encode("latin-1"), 3, "ZeroDivisionError")
    after = repaired(site, substitutes("0.0"))
    wanted = text.replace('größe["ü"] / n', '(größe["ü"] / n if n != 0 else 0.0)').encode("latin-1")
    assert ast.dump(ast.parse(after[0])) == ast.dump(ast.parse(wanted))
    assert "é".encode("latin-1") in after[0]


def test_byte_order_mark_is_kept() -> None:
    site = site_of(b"\xef\xbb\xbfdef f(d): return d['k']\n", 1, "KeyError", "'k'")
    assert repaired(site, returns("0"))[0] == b"\xef\xbb\xbfdef f(d): return d.get('k', 0)\n"


def test_text_over_several_lines_is_not_indented() -> None:
    site = site_of('def f(d):\n    x = """a\nb""" + str(int(d))\n    return x\n', 3, "ValueError", "invalid literal")
    assert all(b'"""a\nb"""' in after for after in repaired(site, returns("None")))


def test_f_string_of_any_python_gives_only_what_parses() -> None:
    site = site_of("def f(d):\n    return f\"{d['name']} x\"\n", 2, "KeyError", "'name'")
    for after in repaired(site, substitutes('""')) + repaired(site, returns("None")):
        ast.parse(after)


def test_elif_while_and_header_places() -> None:
    text = "def f(a, b):\n    if a is None:\n        return 1\n    elif a / b > 2:\n        return 2\n    return 3\n"
    site = site_of(text, 4, "ZeroDivisionError")
    assert b"elif (a / b if b != 0 else 0.0) > 2" in repaired(site, substitutes("0.0"))[0]
    assert repaired(site, returns("0")) == []


def test_comprehension_names_do_not_leak_into_guards() -> None:
    site = site_of("def f(xs):\n    return [1 / x for x in xs]\n", 2, "ZeroDivisionError")
    assert repaired(site, Remedy(Kind.SKIP)) == [b"def f(xs):\n    return [1 / x for x in xs if x != 0]\n"]
    assert not any(b"if x == 0:" in after for after in repaired(site, returns("None")))


def test_generators_and_constructors_do_not_return_values() -> None:
    for text in ("def f(d):\n    yield d['a']\n", "class C:\n    def __init__(self, d):\n        self.a = d['a']\n"):
        site = site_of(text, 2 if text.startswith("def") else 3, "KeyError", "'a'")
        assert repaired(site, returns("1")) == []
        assert b"d.get('a', 1)" in repaired(site, substitutes("1"))[0]


def test_unrepeatable_operand_gets_a_name_that_is_free() -> None:
    text = "import re\n\ndef f(t):\n    match = 1\n    return re.match('a', t).group(0)\n"
    site = site_of(text, 5, "AttributeError", "'NoneType' object has no attribute 'group'")
    best = repaired(site, returns("None"))[0].decode()
    assert (
        "    match_2 = re.match('a', t)\n    if match_2 is None:\n        return None\n    return match_2.group(0)"
        in best
    )


def test_a_guard_is_not_put_behind_a_side_effect_twice() -> None:
    site = site_of("def f(q):\n    return 1 / q.take()\n", 2, "ZeroDivisionError")
    for after in repaired(site, returns("0")):
        assert after.count(b"q.take()") == 1


def test_none_errors_are_never_caught_but_asked_for() -> None:
    message = "'NoneType' object has no attribute 'upper'"
    site = site_of("def f(a):\n    return a.b.upper()\n", 2, "AttributeError", message)
    after = repaired(site, returns("None"))
    assert b"if a.b is None:" in after[0]
    assert not any(b"except" in text for text in after)


def test_raising_names_what_is_wrong() -> None:
    site = site_of("def f(xs):\n    return max(xs)\n", 2, "ValueError", "max() arg is an empty sequence")
    assert b'raise LookupError("xs is empty")' in repaired(site, raises("LookupError"))[0]


def test_no_two_candidates_have_the_same_tree() -> None:
    site = site_of("def f(d, k):\n    return d[k]\n", 2, "KeyError", "'x'")
    groups = candidates(site, faults_of(site, TEMPLATES), [returns("0"), substitutes("0"), returns("0")])
    after = [c.change.apply({"m.py": site.source.data})["m.py"] for _, group in groups for c in group]
    shapes = [ast.dump(ast.parse(text)) for text in after]
    assert len(shapes) == len(set(shapes)) > 2


@pytest.mark.parametrize("data", [b"def f(:\n", b"\0", b"\xff\xfe", b"# coding: nonsense\n"])
def test_what_is_not_python_is_no_source(data: bytes) -> None:
    assert read_source("m.py", data) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a.b[c]", True), ("len(x)", True), ("f(x)", False), ("x.pop()", False), ("d.get('a')", True), ("await x", False)],
)
def test_repeatable(text: str, expected: bool) -> None:
    assert repeatable(ast.parse(f"async def f():\n    return {text}").body[0].body[0].value) is expected  # type: ignore[attr-defined]


_names = st.sampled_from(["a", "größe", "x1", "名"])
_values = st.sampled_from(["1", '"ü"', "'日本'", "b + c", "[1,\n  2]"])
_lines = st.lists(st.tuples(_names, _values), min_size=1, max_size=5)


@given(_lines, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_spans_hold_the_text_of_their_node(lines: list[tuple[str, str]], end: str, encoding: str) -> None:
    text = "".join(f"{name} = ({value}){end}" for name, value in lines)
    source = read_source("m.py", text.encode(encoding))
    if encoding == "utf-16":
        assert source is None
        return
    assert source is not None
    for node in ast.walk(source.tree):
        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store):
            assert source.faithful(node)


@given(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20))
def test_spelled_values_read_back(value: object) -> None:
    text = spelled(value)
    if text and text not in ("inf", "-inf"):
        plain = ast.literal_eval(text)
        assert (type(plain), plain) == (type(value), value)
        assert "\n" not in text
