import pytest

from hits import BadLine, Hit, fits, hours, human, main, parse_line, parse_time, ranking, read, report, select


def test_parse_time():
    assert parse_time("01/May/2024:13:37:00 +0000") == "2024-05-01 13:37:00"
    assert parse_time("31/Dec/1999:23:59:59 +0000") == "1999-12-31 23:59:59"


def test_parse_line():
    line = '10.0.0.2 - - [01/May/2024:08:30:00 +0000] "GET /about?lang=de HTTP/1.1" 200 800'
    assert parse_line(line) == Hit("10.0.0.2", "2024-05-01 08:30:00", "GET", "/about", 200, 800)


def test_parse_line_without_size(lines):
    assert parse_line(lines[3]).size == 0


def test_parse_bad_line():
    with pytest.raises(BadLine, match="hello"):
        parse_line("hello")


def test_read(lines):
    bad = []
    assert len(read(lines, bad)) == 5
    assert bad == ["this is not a line of a log"]
    assert len(read(lines)) == 5


def test_select_status(lines):
    hits = read(lines)
    assert [hit.path for hit in select(hits, status="404")] == ["/missing"]
    assert len(select(hits, status="2xx")) == 3
    assert select(hits) == hits


def test_select_since(lines):
    hits = read(lines)
    assert len(select(hits, since="2024-05-02")) == 2
    assert len(select(hits, since="2024-05-01 10:15:00")) == 3
    assert [hit.path for hit in select(hits, "200", "2024-05-02")] == ["/"]


@pytest.mark.parametrize(
    ("status", "pattern", "fit"),
    [
        (404, "404", True),
        (404, 404, True),
        (404, "4xx", True),
        (404, "5xx", False),
        (404, "xx3", False),
        (404, "4", False),
    ],
)
def test_fits(status, pattern, fit):
    assert fits(status, pattern) is fit


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_500_000, "1.5 MB"),
        (2 * 10**9, "2.0 GB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_human(size, text):
    assert human(size) == text


def test_ranking():
    assert ranking({"/b": 2, "/a": 2, "/c": 10, "/d": 1}, 3) == ["10  /c", " 2  /a", " 2  /b"]
    assert ranking({}, 3) == []


def test_hours(lines):
    assert hours(read(lines)) == ["08 #############", "09", "10 ####################"]
    assert hours([]) == []


def test_report(lines):
    hits = read(lines)
    assert report(hits, "pages", 2) == ["2  /", "1  /about"]
    assert report(hits, "errors", 9) == ["1  404 /missing", "1  500 /form"]
    assert report(hits, "traffic", 2) == ["  2.0 kB  10.0.0.2", "  1.2 kB  10.0.0.1"]


def test_main(log, out):
    assert main(["pages", str(log), "--top", "1"], out) == 0
    assert out.getvalue() == "2  /\n"


def test_main_finds_nothing(log, out):
    assert main(["pages", str(log), "--status", "301"], out) == 1
    assert out.getvalue() == ""


def test_main_without_file(tmp_path, out):
    assert main(["hours", str(tmp_path / "none")], out) == 2
    assert "No such file" in out.getvalue()


def test_main_wrong_report(log):
    with pytest.raises(SystemExit):
        main(["weather", str(log)])
