"""The page in a real browser: it draws, it can be used, and it asks nobody for anything."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitops_healer.core.scanning import CloneFamily, Dependency, ImportCycle, Place, ScanReport
from gitops_healer.report.page import html_page
from tests.report.reports import finding, module, report, repository, source_of
from tests.report.test_page import HOSTILE, hostile_report

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

CHROME = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(not (CHROME and DRIVER), reason="no chromium or chrome with its chromedriver is found")

Browser = webdriver.Chrome
Open = Callable[[ScanReport], Browser]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROME or ""
    flags = [
        "--headless=new",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--window-size=1400,1000",
    ]
    # The sandbox of the browser does not work for root, as which containers often run tests.
    for flag in [*flags, *(["--no-sandbox"] if os.geteuid() == 0 else [])]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield started
    started.quit()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a report. Whatever a story does, nothing may be complained about or asked for."""

    def opened(given: ScanReport) -> Browser:
        target = tmp_path / "page.html"
        target.write_text(html_page(given, source_of), "utf-8")
        browser.get(target.as_uri())
        assert browser.execute_script("return document.documentElement.dataset.ready") == "true"
        return browser

    browser.get_log("performance")
    browser.get_log("browser")
    yield opened
    assert browser.get_log("browser") == []
    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [item["params"]["request"]["url"] for item in sent if item["method"] == "Network.requestWillBeSent"]
    assert asked and {url.split(":")[0] for url in asked} == {"file"}
    assert len(set(asked)) == 1


def texts(browser: Browser, selector: str) -> list[str]:
    return [item.get_attribute("textContent") for item in browser.find_elements(By.CSS_SELECTOR, selector)]


def crumbs(browser: Browser) -> str:
    return "".join(texts(browser, "#map .crumbs"))


@pytest.mark.parametrize(
    "given",
    [report(), report([module("a.py")]), repository(1_500, 3_000)],
    ids=["empty", "one module", "large"],
)
def test_every_section_is_drawn(show: Open, given: ScanReport) -> None:
    browser = show(given)
    titles = texts(browser, "section > h2")
    assert titles == [
        "Size and complexity", "Who imports whom", "Import cycles", "Copies", "Suggestions", "Findings",
        "Files that could not be analysed",
    ]  # fmt: skip
    assert bool(texts(browser, "#treemap button")) == bool(given.modules)
    assert len(texts(browser, "#cycles .card")) == min(12, len(given.cycles))
    assert "null" not in browser.find_element(By.TAG_NAME, "main").text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_shown_and_not_run(show: Open, text: str) -> None:
    browser = show(hostile_report(text))
    for family in browser.find_elements(By.CSS_SELECTOR, ".family summary"):
        family.click()
    assert browser.execute_script("return document.querySelectorAll('main script, main img').length") == 0
    assert texts(browser, "#notices p") != []


def test_packages_are_opened_and_left_again(show: Open) -> None:
    browser = show(repository(600, 200))
    assert crumbs(browser) == "all"
    package = browser.find_element(By.CSS_SELECTOR, "#treemap .head")
    name = package.text
    package.click()
    assert crumbs(browser) == f"all / {name}"
    assert texts(browser, "#imports .crumbs") == [f"all / {name}"]
    browser.find_element(By.CSS_SELECTOR, "#map .crumbs button").click()
    assert crumbs(browser) == "all"


def test_the_map_can_be_walked_by_keyboard(show: Open) -> None:
    browser = show(repository(600, 200))
    first = browser.find_element(By.CSS_SELECTOR, "#treemap [tabindex='0']")
    first.send_keys(Keys.ARROW_DOWN)
    second = browser.switch_to.active_element
    assert second != first and second.get_attribute("aria-label")
    first.click()
    inside = crumbs(browser)
    assert inside != "all"
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert crumbs(browser) == "all"


def test_a_module_says_whom_it_imports_and_leads_to_its_findings(show: Open) -> None:
    seen = (finding(path="shop/cart.py"), finding(path="shop/order.py"))
    browser = show(report([module("shop/cart.py"), module("shop/order.py")], findings=seen))
    browser.find_element(By.CSS_SELECTOR, "#treemap .cell[aria-label*='shop/order.py']").click()
    assert texts(browser, "#module h3") == ["shop/order.py"]
    browser.find_element(By.CSS_SELECTOR, "#module .more").click()
    assert texts(browser, "#findings .where") == ["shop/order.py:3"]


def test_a_package_with_many_modules_is_drawn_with_its_largest_and_the_rest_as_one(show: Open) -> None:
    modules = [module(f"shop/m{number:02}.py", 1_000 - number) for number in range(60)]
    dependencies = tuple(Dependency(item.path, "shop/m00.py", 1, "load") for item in modules[1:])
    browser = show(report([*modules, module("run.py")], dependencies=dependencies))
    boxes = texts(browser, "#imports .box text:not(.small)")
    assert "shop/m00.py" in boxes and "shop/m59.py" not in boxes
    (rest,) = (int(name.split()[1]) for name in boxes if name.startswith("shop/the "))
    assert rest + len(boxes) - 1 == 60
    browser.find_element(By.CSS_SELECTOR, "#imports .box[aria-label*='smaller']").click()
    assert crumbs(browser) == "all / shop"


def test_the_area_of_a_module_is_its_share_of_the_lines(show: Open) -> None:
    browser = show(report([module("a.py", 3_000), module("b.py", 1_000)]))
    areas = {}
    for cell in browser.find_elements(By.CSS_SELECTOR, "#treemap .cell"):
        box = cell.rect
        areas[cell.text] = box["width"] * box["height"]
    assert areas["a.py"] / areas["b.py"] == pytest.approx(3, rel=0.02)


def test_findings_are_filtered_and_sorted(show: Open) -> None:
    given = repository(300, 250)
    browser = show(given)
    rule = given.findings[0].rule
    expected = [item for item in given.findings if item.rule == rule]
    select = browser.find_element(By.ID, "filter-rule")
    select.find_element(By.CSS_SELECTOR, f"option[value='{rule}']").click()
    assert 0 < len(expected) < 250
    assert texts(browser, "#findings-said") == [f"{len(expected)} of 250 findings"]
    assert set(texts(browser, "#findings .rule")) == {rule}
    browser.find_element(By.ID, "filter-words").send_keys(expected[0].path)
    assert {place.rpartition(":")[0] for place in texts(browser, "#findings .where")} == {expected[0].path}
    browser.find_element(By.ID, "filter-none").click()
    priorities = [int(text) for text in texts(browser, "#findings tbody td:first-child")]
    assert priorities == sorted(priorities, reverse=True)
    browser.find_element(By.CSS_SELECTOR, "#findings th button").click()
    assert int(texts(browser, "#findings tbody td:first-child")[0]) == min(item.priority for item in given.findings)
    assert browser.find_element(By.CSS_SELECTOR, "#findings th").get_attribute("aria-sort") == "ascending"


def test_edges_to_cut_have_their_own_colour(show: Open) -> None:
    names = tuple(f"shop.m{number}" for number in range(5))
    edges = tuple((a, b, 3) for a, b in zip(names, [*names[1:], names[0]], strict=True))
    browser = show(report(cycles=(ImportCycle(names, edges, edges[:1]),)))
    assert len(texts(browser, "#cycles .chord")) == 5
    assert len(texts(browser, "#cycles .chord.cut")) == 1
    colours = browser.execute_script(
        "return [...document.querySelectorAll('#cycles .chord')].map((chord) => getComputedStyle(chord).stroke)"
    )
    assert len(set(colours)) == 2
    assert texts(browser, "#cycles .cuts li") == ["m0 → m1 line 3"]


def test_copies_stand_side_by_side_with_their_differences_marked(show: Open) -> None:
    places = tuple(Place(path, 1, 4, "step") for path in ("a.py", "b.py"))
    browser = show(report([module("a.py"), module("b.py")], families=(CloneFamily(2, 0.9, places),)))
    browser.find_element(By.CSS_SELECTOR, ".family summary").click()
    WebDriverWait(browser, 10).until(lambda _: texts(browser, ".diff tr"))  # browsers tell of an opening later
    assert set(texts(browser, ".diff .left mark")) == {"a"}
    assert set(texts(browser, ".diff .right mark")) == {"b"}
    assert len(texts(browser, ".diff tr")) == 4


def test_dark_and_light_can_be_chosen(show: Open) -> None:
    browser = show(report([module("a.py")]))
    button = browser.find_element(By.ID, "theme")
    grounds = []
    for _ in range(2):
        button.click()
        grounds.append(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
    assert len(set(grounds)) == 2
