import pytest
from durations import ago, clock, in_words, pace, parse_clock, parse_iso, parse_short, rounded, share, total


@pytest.mark.parametrize(
    ("text", "seconds"), [("1h 30m", 5400), ("2d4h", 187200), ("90", 90), ("1W", 604800), ("5m 10s", 310), ("1m5", 65)]
)
def test_parse_short(text, seconds):
    assert parse_short(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1x", "-5", "1.5h"])
def test_parse_short_refuses(text):
    with pytest.raises(ValueError):
        parse_short(text)


@pytest.mark.parametrize(("text", "seconds"), [("1:02:03", 3723), ("5:30", 330), ("-1:00", -60), ("0:07", 7)])
def test_parse_clock(text, seconds):
    assert parse_clock(text) == seconds


def test_parse_iso():
    assert parse_iso("P1DT2H30M") == 95400
    assert parse_iso("PT45S") == 45
    assert parse_iso("P2W") == 1209600
    for text in ("P", "PT", "1D", "P1M"):
        with pytest.raises(ValueError):
            parse_iso(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(7, "0:07"), (330, "5:30"), (3723, "1:02:03"), (-60, "-1:00"), (3600, "1:00:00")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3900, "1 hour and 5 minutes"),
        (59, "59 seconds"),
        (0, "no time"),
        (90061, "1 day and 1 hour"),
        (120, "2 minutes"),
    ],
)
def test_in_words(seconds, text):
    assert in_words(seconds) == text


def test_in_more_words():
    assert in_words(90061, 4) == "1 day, 1 hour, 1 minute and 1 second"
    assert in_words(90061, 1) == "1 day"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (30, "less than a minute ago"),
        (60, "1 min ago"),
        (7200, "2 h ago"),
        (90000, "yesterday"),
        (259200, "3 days ago"),
        (-5, "in the future"),
    ],
)
def test_ago(seconds, text):
    assert ago(seconds) == text


def test_rounded():
    assert rounded(440, 300) == 300
    assert rounded(450, 300) == 600
    assert rounded(600, 300) == 600
    assert rounded(7, 5) == 5


def test_total():
    assert total(["1h", "0:30", "PT30S", "10"]) == 3670
    assert total([]) == 0


def test_pace():
    assert pace(3300, 10) == "5:30"
    assert pace(1234, 5) == "4:07"
    assert pace(100, 0) == "-"


def test_share():
    assert share({"sleep": 8, "work": 9, "rest": 7}) == {"work": 38, "sleep": 33, "rest": 29}
    assert list(share({"b": 1, "a": 1, "c": 2})) == ["c", "a", "b"]
    assert share({}) == {}
    assert share({"a": 0}) == {}
