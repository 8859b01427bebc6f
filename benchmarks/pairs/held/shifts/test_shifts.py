from shifts import timesheet


def test_a_day():
    found = timesheet([{"day": "2026-02-02", "start": "9:00", "end": "17:30"}], rate=10)
    assert found["hours"] == 8 and found["pay"] == 80 and found["longest"] == "2026-02-02"
