"""Calls whose arguments stand in the text."""

import ast
import textwrap

import pytest

from gitops_healer.code.spelled_calls import calls_in_documentation, calls_in_tests


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("def test(): assert f(1, k='x') == 2", [("[1]", '{"k":"x"}')]),
        ("def test(): assert m.f(-10**28) == 2", [("[-10000000000000000000000000000]", "{}")]),
        ("def test(): f(x); f([1, {'a': None}]); f(**{'k': (1,)})", [
            ('[[1,{"a":null}]]', "{}"), ("[]", '{"k":{"$type":"tuple","value":[1]}}')]),
        ("@pytest.mark.parametrize('a, b, wanted', [(1, 2, 3), [4, 5, 9], (x, 1, 2), pytest.param(6, 7, 13, id='s')])\n"
         "def test(a, b, wanted): assert f(a, 10 * b) == wanted", [
             ("[1,20]", "{}"), ("[4,50]", "{}"), ("[6,70]", "{}")]),
        ("@pytest.mark.parametrize('given', [[1, 2], ()])\ndef test(given): f(given); f(*given)", [
            ("[[1,2]]", "{}"), ('[{"$type":"tuple","value":[]}]', "{}"), ("[1,2]", "{}"), ("[]", "{}")]),
        ("def test():\n    x = [1]\n    y = f(x, z)\n    assert f(x, y=2)", [("[[1]]", '{"y":2}')]),
        ("def test(): f(9**9**9); f('a' * 10**9); f(1/0); g(1)", []),
    ],
)  # fmt: skip
def test_calls_of_tests_are_read(text: str, calls: list[tuple[str, str]]) -> None:
    assert list(calls_in_tests(ast.parse(text), "f")) == calls


def test_calls_in_examples_are_read() -> None:
    module = textwrap.dedent(
        '''
        """>>> from m import f
        >>> f(7)
        """
        def f(x, y=0):
            """Text f(99).

            >>> f(1, y=2)
            3
            >>> f(1,
            """
        class C:
            def g(self):
                """
                >>> x = [f(3), f(y)]
                >>> if x:
                ...     f("a")
                >>> word = "b"
                >>> f(word)
                """
        '''
    )
    wanted = [("[7]", "{}"), ("[1]", '{"y":2}'), ("[3]", "{}"), ('["a"]', "{}"), ('["b"]', "{}")]
    assert list(calls_in_documentation(ast.parse(module), "f")) == wanted
