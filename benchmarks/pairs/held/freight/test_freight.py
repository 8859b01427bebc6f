from freight import quote


def test_a_small_parcel():
    assert quote([{"ref": "A", "kg": 1}], "DE")["total"] == "4.90"


def test_express_is_half_as_much_again():
    assert quote([{"ref": "A", "kg": 1}], "FR", express=True)["shipping"] == "13.35"
