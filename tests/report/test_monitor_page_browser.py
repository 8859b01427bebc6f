"""The page of a watch in a real browser: it is styled, it draws, it asks nobody for anything."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gitops_healer.core.history import replay
from gitops_healer.core.upgrade import Regressed, RolledBack
from gitops_healer.report.monitor_page import monitor_page, monitor_picture
from tests.report.test_page_browser import Browser, browser, pytestmark  # noqa: F401
from tests.test_monitor_command import NOW, TOOL, Watch

HOSTILE = "</text><script>document.title = 'broken'</script><img src=x onerror=alert(1)>"


@pytest.mark.parametrize("name", ["watch.html", "watch.svg"])
def test_page_and_picture(browser: Browser, tmp_path: Path, name: str) -> None:  # noqa: F811
    watch = Watch(None, "c" * 40, "d" * 40, NOW - timedelta(hours=3))
    events = watch.events(Regressed("no", "healer"), RolledBack("8" * 40, 9))
    hours = {TOOL: [(watch.opened - timedelta(hours=n), 40.0, float(n % 4)) for n in range(24, 0, -1)]}
    made = monitor_page if name.endswith("html") else monitor_picture
    up = replay(events).upgrades["up-1"]
    assert up.plan is not None
    up = replace(up, codename=HOSTILE, plan=replace(up.plan, title=HOSTILE))
    (tmp_path / name).write_text(made(up, events, hours, NOW), "utf-8")
    browser.get_log("browser")
    browser.get((tmp_path / name).as_uri())
    assert browser.get_log("browser") == []
    drawn = "return [...document.querySelectorAll('.{}')].map(bar => bar.getBoundingClientRect().height)"
    assert len([height for height in browser.execute_script(drawn.format("after")) if height > 1]) == 12
    assert len([height for height in browser.execute_script(drawn.format("before")) if height > 1]) == 18
    dashed = "return getComputedStyle(document.querySelector('.tolerated')).strokeDasharray"
    assert browser.execute_script(dashed) not in ("", "none"), "its own style holds"
    assert browser.title != "broken"
