"""What somebody asks for: which parts of the code, which kinds of flaw, and what has to be asked back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.components import Names
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.requesting import (
    RULES,
    Understood,
    chosen_for,
    concerns,
    kinds_of,
    spelled,
    understand,
)
from gitops_healer.core.upgrade import Ordered
from gitops_healer.registry import Detector, discover

NAMES = Names(
    (
        "README.md", "src/billing/__init__.py", "src/billing/invoices.py", "src/billing/legacy.py",
        "src/billing/tax.py", "tests/billing/test_invoices.py",
    ),
    {
        "billing": "src/billing/__init__.py", "billing.invoices": "src/billing/invoices.py",
        "billing.legacy": "src/billing/legacy.py", "billing.tax": "src/billing/tax.py",
    },
    {
        "src/billing/invoices.py": ("total", "Invoice", "Invoice.total", "Invoice.pay", "add", "make"),
        "src/billing/tax.py": ("tax_rate", "round_up", "Rate.pay"),
        "src/billing/legacy.py": ("Old.show", "Older.show"),
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "components", "text"),
    [
        ("", (), ""),
        ("everything", (), ""),
        ("src/billing", ("src/billing",), ""),
        ("SRC/Billing/", ("src/billing",), ""),
        ("./src/billing", ("src/billing",), ""),
        ("src\\billing\\tax.py", ("src/billing/tax.py",), ""),
        ("billing", ("src/billing",), ""),
        ("tests", ("tests",), ""),
        ("tests/billing", ("tests/billing",), ""),
        ("test_invoices", ("tests/billing/test_invoices.py",), ""),
        ("billing.invoices", ("src/billing/invoices.py",), ""),
        ("billing/invoices.py", ("src/billing/invoices.py",), ""),
        ("README.md", ("README.md",), ""),
        ("billing.invoices:total", ("billing.invoices:total",), ""),
        ("src/billing/invoices.py::Invoice.pay", ("billing.invoices:Invoice.pay",), ""),
        ("`Invoice.total`", ("billing.invoices:Invoice.total",), ""),
        ("total", ("billing.invoices:total",), ""),
        ("src/billing tests", ("src/billing", "tests"), ""),
        ("src/billing and tests", ("src/billing", "tests"), ""),
        ("src/billing tidy it up", ("src/billing",), "tidy it up"),
        ("handle errors in src/billing/tax.py", ("src/billing/tax.py",), "handle errors in"),
        ("src/billing not src/billing/legacy.py", ("src/billing", "!src/billing/legacy.py"), ""),
        ("round_up fails for 0.5", ("billing.tax:round_up",), "fails for 0.5"),
        ("the tax rate is wrong", ("billing.tax:tax_rate",), "the tax rate is wrong"),
        ("please tidy up the billing", ("src/billing",), "please tidy up the billing"),
        ("fix the invoice total", ("src/billing/invoices.py",), "fix the invoice total"),
        ("remove circular imports", (), "remove circular imports"),
        ("and/or e.g. tax.py", ("src/billing/tax.py",), "and/or e.g."),
    ],
)
def test_what_is_named_is_found_and_the_rest_is_text(said: str, components: tuple[str, ...], text: str) -> None:
    assert understand(said.split(), NAMES) == Understood(components, text)


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("src/biling", "Did you mean `src/billing`?"),
        ("billing.tex", "Did you mean `src/billing/tax.py`?"),
        ("billing.tax:roundup", "`billing.tax:round_up`"),
        ("Zzyzx", "nothing has a name like it"),
        ("fix src/biling/tax.py", "Did you mean `src/billing/tax.py`?"),
        ("show", "`billing.legacy:Old.show`, `billing.legacy:Older.show`"),
        ("make it nicer", "Which part of the code"),
        ("add dark mode", "Which part of the code"),
        ("src/billing not src/billing", "leave it out as well"),
        ("not src/billing src/billing/tax.py", "leave it out as well"),
        ("x" * 5000, "is not in the code"),
        ("<b>@everyone</b> ```", "Which part of the code"),
    ],
)
def test_what_is_not_clear_is_asked(said: str, question: str) -> None:
    assert question in understand(said.split(), NAMES).question


@pytest.mark.parametrize(
    ("former", "answer", "components", "text"),
    [
        ("src/biling tidy", "src/billing", ("src/billing",), "tidy"),
        ("src/biling tidy", "yes", ("src/billing",), "tidy"),
        ("show", "Old.show", ("billing.legacy:Old.show",), ""),
        ("make it nicer", "total", ("billing.invoices:total",), "make it nicer"),
        ("make it nicer", "Invoice.pay", ("billing.invoices:Invoice.pay",), "make it nicer"),
        ("make it nicer", "the tax rate", ("billing.tax:tax_rate",), "make it nicer the tax rate"),
        ("make it nicer", "everything with circular imports", (), "make it nicer everything with circular imports"),
    ],
)
def test_an_answer_starts_the_request_again(former: str, answer: str, components: tuple[str, ...], text: str) -> None:
    assert understand(answer.split(), NAMES, former.split()) == Understood(components, text)


@pytest.mark.parametrize(("former", "answer"), [("make it nicer", "yes"), ("show", "yes"), ("src/biling", "zzyzx")])
def test_an_answer_that_leaves_it_open_is_asked_about_again(former: str, answer: str) -> None:
    assert understand(answer.split(), NAMES, former.split()).question


pieces = st.one_of(
    st.sampled_from(["src/billing", "total", "not", "yes", "make", "billing.", "::", "tax.py", "x/y/z.py", "!", "."]),
    st.text(max_size=12),
)


@given(st.lists(pieces, max_size=8), st.lists(pieces, max_size=4))
def test_whatever_is_said_components_are_parts_of_the_code(words: list[str], former: list[str]) -> None:
    understood = understand(words, NAMES, former)
    folders = {"src", "src/billing", "tests", "tests/billing"}
    modules = {path: name for name, path in NAMES.modules.items()}
    symbols = {f"{modules[path]}:{name}" for path, names in NAMES.symbols.items() for name in names}
    for component in understood.components:
        assert component.removeprefix("!") in {*NAMES.paths, *folders, *symbols}
    assert "\n" not in understood.question


# Which findings belong to it


def finding(path: str, symbol: str = "", rule: str = "complexity", *others: str, message: str = "x") -> Finding:
    return Finding(rule, path, symbol, 1, 2, Severity.LOW, message, "0" * 40, others=others)


@pytest.mark.parametrize(
    ("components", "text", "found", "belongs"),
    [
        ((), "", finding("a.py"), True),
        (("src/billing",), "", finding("src/billing/tax.py"), True),
        (("src/billing",), "", finding("src/billing2/tax.py"), False),
        (("src/billing",), "", finding("a.py", "", "duplicate_code", "src/billing/tax.py"), True),
        (("src/billing/tax.py",), "", finding("src/billing/tax.py"), True),
        (("src/billing", "!src/billing/tax.py"), "", finding("src/billing/tax.py"), False),
        (("!src/billing",), "", finding("a.py"), True),
        (("billing.tax:Rate",), "", finding("src/billing/tax.py", "billing.tax.Rate.pay"), True),
        (("billing.tax:Rate",), "", finding("src/billing/tax.py", "billing.tax:Rate"), True),
        (("billing.tax:Rate",), "", finding("src/billing/tax.py", "billing.tax.Rates"), False),
        ((), "remove duplicated code", finding("a.py", "", "duplicate_code"), True),
        ((), "remove duplicated code", finding("a.py", "", "complexity"), False),
        ((), "my_own_rule please", finding("a.py", "", "complexity"), True),
        ((), "god class and my own rule", finding("a.py", "", "my_own_rule"), True),
        ((), "it is slow", finding("a.py", "", "inefficient_control_flow"), True),
        ((), "total fails", finding("a.py", "", "low_success_rate"), True),
        (("lib",), "duplicates", finding("src/a.py", "", "duplicate_code"), False),
    ],
)  # fmt: skip
def test_what_belongs_to_an_order(components: tuple[str, ...], text: str, found: Finding, belongs: bool) -> None:
    assert concerns(Ordered("1", "robin", 0, components, text), found) is belongs


def test_what_shares_most_words_comes_first_and_only_so_many() -> None:
    known = [finding("a.py", message="one"), finding("b.py", message="invoices are lost"), finding("c.py")]
    order = Ordered("1", "robin", 0, (), "an invoice is lost")
    assert [found.path for found in chosen_for(order, known, 2)] == ["b.py", "a.py"]


def test_every_kind_is_a_rule_that_there_is() -> None:
    assert {detector.name for detector in discover("gitops_healer.detectors", Detector)} >= RULES
    assert kinds_of("god-class, dead code and failing tests") == {"god_class", "dead_code", "failing_test"}
    assert kinds_of("the layer_violation of it") == {"layer_violation"}
    assert not kinds_of("code that fails")


def test_components_are_spelled_for_readers() -> None:
    assert spelled(()) == "the whole repository"
    assert spelled(("a.py", "!b.py")) == "`a.py` without `b.py`"
