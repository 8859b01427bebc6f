"""The web page of the forge server: what it shows, and that nothing in it acts."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.forge_server import ForgeServer
from tests.forge_server.pages_diff import MOST_ROWS, rows
from tests.forge_server.pages_markdown import ALLOWED, VOID, rendered

RICH = """<!-- gitops-healer:v1 {"upgrade":"up-0123456789"} -->
## What was seen

`orders.total` raised **KeyError** in 14 of 203 executions since [5 days](https://example.org/x). cc @robin, see #1

> [!WARNING]
> The cause is in code that 3 modules call.

| gate | before | after |
|:--|--:|--:|
| tests | 41 passed | 42 passed |
| mypy | 3 errors | 0 errors |

<details><summary>The change, and why it is safe</summary>

```diff
@@ -1,2 +1,2 @@
-    return prices[sku]
+    return prices.get(sku, 0)
```

1. The default is what the caller sets two lines later.
2. ~~A migration~~ Nothing else reads it.

</details>

- [x] Replayed 203 executions
- [ ] Reviewed by a person

Commands: <kbd>/approve</kbd> <kbd>/hold</kbd>, H<sub>2</sub>O, press `/explain`.
"""
DASHBOARD = """# Healer dashboard

## Waiting for you

- [ ] <!-- approve:up-1 --> **brave-otter** — plan for `orders.total` in #2
- [x] <!-- retry:up-2 --> **calm-heron** — retry

## Ignored

| finding | since | because |
|---|---|---|
| `clone` in `billing.py` | 2026-01-02 | closed by @robin |
"""
PYTHON = "".join(f"def f{n}(prices, sku):\n    return prices[sku]\n\n\n" for n in range(3))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeServer]:
    """octo/shop with a dashboard (#1), a pull that waits (#2) and one that is merged (#3), and an empty octo/new."""
    folder = tmp_path_factory.mktemp("forge")
    source = folder / "source"
    source.mkdir()
    (source / "orders.py").write_text(PYTHON)
    (source / "README.md").write_text("# Shop\n\nSells things.\n")
    with ForgeServer(folder / "server") as running:
        running.create_repository("octo/shop", source=source)
        running.create_repository("octo/new")
        tell_story(running)
        yield running


def tell_story(server: ForgeServer) -> None:
    server.permit("octo/shop", "robin", "maintain")
    server.permit("octo/shop", "kim", "write")
    robin, kim = server.person("robin", "octo/shop"), server.person("kim", "octo/shop")
    robin.open_issue("Healer dashboard", DASHBOARD)
    head = kim.push(
        "healer/error/0123456789", {"orders.py": PYTHON.replace("prices[sku]", "prices.get(sku, 0)", 1)}, "Fix it"
    )
    number = kim.open_pull("healer/error/0123456789", "main", "Stop orders.total from raising KeyError", RICH).number
    kim.label(number, "healer")
    server.protect("octo/shop", "main", reviews=1, checks=("tests", "lint"))
    robin.set_status(head, "tests", "success", "42 passed in 3.1 s")
    robin.check_run(head, "types", None)
    robin.comment(number, "/explain up-0123456789")
    robin.review(number, "REQUEST_CHANGES", "Why `0`, and not `None`?")
    kim.push("small", {"README.md": "# Shop\n\nSells good things.\n"}, "Say more")
    small = kim.open_pull("small", "main", "Say more in the README", "").number
    server.unprotect("octo/shop", "main")
    robin.merge(small, "squash")
    server.protect("octo/shop", "main", reviews=1, checks=("tests", "lint"))
    hidden = kim.comment(number, "off topic")
    hidden.minimized = "OFF_TOPIC"


def get(server: ForgeServer, path: str) -> str:
    with urlopen(server.url + path) as answer:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        return str(answer.read().decode())


def words(html: str) -> str:
    """What a reader sees, blanks made one."""
    html = re.sub(r"<style>.*?</style>|<!--.*?-->", "", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


SHOWN = [
    ("/", ["octo/shop", "octo/new"]),
    ("/octo/shop", ["README.md orders.py", "Sells good things.", "Recent commits Say more (#3)"]),
    ("/octo/new", ["This repository is empty"]),
    ("/octo/shop/issues", ["Open 1", "Healer dashboard", "#1 opened"]),
    ("/octo/shop/pulls", ["Open 1 Closed 1", "Stop orders.total from raising KeyError"]),
    ("/octo/shop/pulls/closed", ["Merged Say more in the README"]),
    ("/octo/shop/branches", ["main Default Protected", "healer/error/0123456789", "1 ahead, 1 behind #2"]),
    ("/octo/shop/commits/main", ["Say more", "Verified"]),
    ("/octo/shop/tree/healer/error/0123456789", ["healer/error/0123456789", "orders.py"]),
    ("/octo/shop/blob/healer/error/0123456789/orders.py", ["return prices.get(sku, 0)"]),
    ("/octo/shop/compare/main...healer/error/0123456789", ["Comparing changes", "1 file changed, +1 −1"]),
    ("/octo/shop/pull/2", ["kim wants to merge 1 commit into main from healer/error/0123456789",
                           "kim added the label healer", "robin requested changes", "Why 0 , and not None ?",
                           "A comment of kim was hidden as off topic", "lint Expected",
                           "tests 42 passed in 3.1 s Required",
                           "Merging is blocked", "Changes have been requested by reviewers with write access."]),
    ("/octo/shop/pull/2/commits", ["Fix it"]),
    ("/octo/shop/actions", ["No workflow has run yet"]),
    ("/octo/shop/pull/2/checks", ["types", "tests 42 passed in 3.1 s Required"]),
    ("/octo/shop/pull/2/files", ["@@ -1,5 +1,5 @@", "2 - return prices[sku]", "2 + return prices.get(sku, 0)"]),
    ("/octo/shop/pull/3", ["Merged robin merged 1 commit", "robin merged commit", "No description provided."]),
    ("/octo/shop/issues/1", ["Open robin opened this", "brave-otter — plan for orders.total in #2"]),
    ("/robin", ["Repositories"]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "told"), SHOWN, ids=[path for path, _ in SHOWN])
def test_a_page_shows_what_github_would(server: ForgeServer, path: str, told: list[str]) -> None:
    seen = words(get(server, path))
    assert [text for text in told if text not in seen] == []


@pytest.mark.parametrize(
    "path",
    ["/octo/shop/issues/99", "/octo/shop/pull/1/files", "/octo/gone", "/octo/shop/blob/main/no.py",
     "/octo/shop/tree/main/orders.py", "/octo/shop/commit/" + "0" * 40, "/octo/shop/runs/1",
     "/octo/shop/actions/runs/1", "/octo/shop/nonsense"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(server: ForgeServer, path: str) -> None:
    with pytest.raises(HTTPError) as failed:
        get(server, path)
    with failed.value as answer:
        assert answer.code == 404


def test_markdown_is_drawn_as_github_draws_it() -> None:
    html = rendered(RICH, "/octo/shop")
    assert "gitops-healer:v1" not in html
    for part in (
        '<td align="right">42 passed</td>',
        "<details><summary>The change, and why it is safe</summary>",
        '<span class="add">+    return prices.get(sku, 0)</span>',
        '<input type="checkbox" checked="" disabled=""> Replayed',
        '<input type="checkbox" disabled=""> Reviewed',
        '<blockquote class="alert alert-warning">',
        '<a class="mention" href="/robin"',
        '>#1</a>',
        "<kbd>/approve</kbd>",
        "<s>A migration</s>",
    ):  # fmt: skip
        assert part.replace('" rel', '"') in re.sub(r' rel="[^"]*"', "", html).replace(
            '<a href="/robin" class="mention">', '<a class="mention" href="/robin"'
        ), part


HOSTILE = [
    "<script>fetch('http://evil.example/')</script>",
    '<img src="http://evil.example/x.png" onerror="document.title=1">',
    "![x](http://evil.example/x.png)",
    "[click](javascript:document.title=1) <a href=' java\tscript:document.title=1'>x</a>",
    "<svg onload=document.title=1><style>*{background:url(http://evil.example/)}</style></svg>",
    "<iframe srcdoc='<script>parent.document.title=1</script>'></iframe>",
    '<p style="background:url(http://evil.example/)" onclick="document.title=1">x</p>',
    "</div></article></main></body><form action=http://evil.example/><input name=a type=text></form>",
    "<!--><script>document.title=1</script>-->",
    "```html\n</code></pre><script>document.title=1</script>\n```",
    "<math><mtext></p><style><!--</style><img title='--><img src=1 onerror=document.title=1>'>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/'><base href=http://evil.example/>",
    '<a href="http://evil.example/"><b>unclosed',
    "<details open ontoggle=document.title=1>x</details><video src=http://evil.example/ onerror=document.title=1>",
    "{{ forge }} {% raw %}",
    "\x00<scr\x00ipt>document.title=1</scr\x00ipt>",
]


class Strict(HTMLParser):
    """Fails at everything that is not plain text in allowed, balanced elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        for name, value in attrs:
            assert name in {"href", "title", "open", "type", "checked", "disabled", "start", "align", "colspan",
                            "rowspan", "rel", "class"}  # fmt: skip
            assert name != "href" or not re.match(r"\s*(javascript|data|vbscript):", value or "", re.I)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_leaves_nothing_that_acts(text: str) -> None:
    Strict(rendered(text, "/octo/shop"))


PIECES = st.sampled_from(
    ["<script>", "</script>", "<svg ", "<a href='", "javascript:", "'>", '"', "<!--", "-->", "`", "\n\n", "- [ ] ",
     "|", "> ", "<img src=x onerror=y>", "</p>", "<details>", "[x](", ")", "&#106;", "<b", "/>", "<input data-task>",
     "<![CDATA[", "<?", "x"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=4), max_size=14).map("".join))
def test_any_text_leaves_nothing_that_acts(text: str) -> None:
    Strict(rendered(text, "/octo/shop"))


def test_titles_names_labels_and_files_are_text(tmp_path: Path) -> None:
    bad = "<img src=x onerror=1>"
    with ForgeServer(tmp_path / "server") as running:
        running.create_repository("octo/shop")
        running.permit("octo/shop", "robin", "write")
        robin = running.person("robin", "octo/shop")
        robin.push("main", {"a.txt": "a\n"}, "First")
        robin.push("x/<b>", {"<i>.txt": f"{bad}\n", "a.txt": bad}, f"Work {bad}")
        number = robin.open_pull("x/<b>", "main", bad, bad).number
        robin.label(number, "<u>l</u>")
        running.repository("octo/shop").labels["<u>l</u>"].color = "red;x:url(y)"
        robin.set_status(running.repository("octo/shop").git.branch("x/<b>") or "", bad, "failure", bad)
        for path in ("/pulls", f"/pull/{number}", f"/pull/{number}/files", f"/pull/{number}/checks", "/branches"):
            html = get(running, "/octo/shop" + path)
            assert not re.search(r"<(img src=x|b>x|i>\.txt|u>l)|url\(y\)", html), path


def test_a_patch_has_the_line_numbers_of_both_sides_and_an_end() -> None:
    found = rows("@@ -3,2 +3,3 @@ def f\n a\n-b\n+c\n+d\n\\ No newline at end of file")
    assert [(row.kind, row.old, row.new) for row in found] == [
        ("hunk", 0, 0), ("same", 3, 3), ("del", 4, 0), ("add", 0, 4), ("add", 0, 5), ("note", 0, 0),
    ]  # fmt: skip
    assert rows("@@ -1 +1 @@\n" + "+x\n" * 5000)[-1].text.endswith("more lines are not shown")
    assert len(rows("+x\n" * 5000)) == MOST_ROWS + 1


# In a browser

CHROME = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
DRIVER = shutil.which("chromedriver")
in_browser = pytest.mark.skipif(not (CHROME and DRIVER), reason="no chromium or chrome with its chromedriver is found")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROME or ""
    flags = ["--headless=new", "--disable-gpu", "--disable-background-networking", "--window-size=1200,1000"]
    # The sandbox of the browser does not work for root, as which containers often run tests.
    for flag in [*flags, *(["--no-sandbox"] if os.geteuid() == 0 else [])]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield started
    started.quit()


def asked_for(browser: Any) -> set[str]:
    """Every address that the browser asked for since the last time."""
    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return {item["params"]["request"]["url"] for item in sent if item["method"] == "Network.requestWillBeSent"}


@in_browser
def test_in_a_browser_hostile_comments_do_nothing(server: ForgeServer, browser: Any) -> None:
    robin = server.person("robin", "octo/shop")
    number = robin.open_issue("<script>document.title=1</script>", "\n\n".join(HOSTILE)).number
    for text in HOSTILE:
        robin.comment(number, text)
    asked_for(browser)
    browser.get(f"{server.url}/octo/shop/issues/{number}")
    assert browser.title == f"<script>document.title=1</script> · octo/shop #{number}"
    outside = {url for url in asked_for(browser) if not url.startswith((server.url, "data:", "about:", "chrome:"))}
    assert outside == set()
    count = "return document.querySelectorAll('script, iframe, form, svg, [onclick], [onerror], [onload]').length"
    assert browser.execute_script(count) == 0
    # The comments stand where comments stand: none of them broke out of its frame.
    assert browser.execute_script("return document.querySelectorAll('.story > article').length") == len(HOSTILE) + 1
    assert browser.get_log("browser") == []


@in_browser
def test_in_a_browser_a_pull_request_can_be_read(server: ForgeServer, browser: Any) -> None:
    browser.get(f"{server.url}/octo/shop/pull/2")
    box = "return [...document.querySelectorAll('.markdown input[type=checkbox]')].map(x => [x.checked, x.disabled])"
    assert browser.execute_script(box) == [[True, True], [False, True]]
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 1200
    browser.execute_script("document.querySelector('.markdown summary').click()")
    assert "prices.get(sku, 0)" in browser.execute_script("return document.querySelector('.first').innerText")
    browser.execute_script("document.querySelector('.tabs.inner a:last-child').click()")
    assert browser.current_url.endswith("/pull/2/files")
    assert browser.execute_script("return document.querySelectorAll('tr.add, tr.del').length") == 2
    assert browser.get_log("browser") == []
