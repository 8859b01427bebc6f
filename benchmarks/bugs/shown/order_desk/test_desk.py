import pytest
from order_desk.errors import InvalidOrderError, OrderError, OrderNotFoundError, OutOfStockError


def test_place_and_show(desk):
    number = desk.place({"customer": "Ada", "lines": [["cup", 2, 350], ["plate", 1, 899]]})
    assert desk.show(number) == {
        "number": number,
        "customer": "Ada",
        "state": "open",
        "lines": [
            {"article": "CUP", "pieces": 2, "total": "7.00"},
            {"article": "PLATE", "pieces": 1, "total": "8.99"},
        ],
        "due": "20.89",
    }


def test_spaces_around_the_customer(desk):
    number = desk.place({"customer": "  Ada ", "lines": [["cup", 1, 350]]})
    assert desk.show(number)["customer"] == "Ada"


def test_a_blank_customer(desk):
    with pytest.raises(InvalidOrderError):
        desk.place({"customer": "   ", "lines": [["cup", 1, 350]]})


def test_an_empty_order(desk):
    with pytest.raises(InvalidOrderError):
        desk.place({"customer": "Ada", "lines": []})


def test_pieces_are_reserved(desk, repository):
    desk.place({"customer": "Ada", "lines": [["cup", 3, 350]]})
    assert repository.stock("CUP") == 37


def test_short_articles_are_named_and_nothing_is_reserved(desk, repository):
    with pytest.raises(OutOfStockError, match="PLATE, SPOON"):
        desk.place({"customer": "Ada", "lines": [["cup", 1, 350], ["spoon", 1, 100], ["plate", 11, 899]]})
    assert repository.stock("CUP") == 40


def test_one_article_at_two_prices(desk):
    with pytest.raises(OutOfStockError):
        desk.place({"customer": "Ada", "lines": [["plate", 6, 899], ["plate", 6, 799]]})


def test_same_article_and_price_become_one_line(desk):
    number = desk.place({"customer": "Ada", "lines": [["cup", 1, 350], ["CUP", 2, 350]]})
    assert [line["pieces"] for line in desk.show(number)["lines"]] == [3]


def test_same_article_at_two_prices_stays_two_lines(desk):
    number = desk.place({"customer": "Ada", "lines": [["cup", 1, 350], ["cup", 2, 300]]})
    assert [line["total"] for line in desk.show(number)["lines"]] == ["3.50", "6.00"]


def test_cancel_gives_the_pieces_back(desk, repository):
    number = desk.place({"customer": "Ada", "lines": [["plate", 10, 899]]})
    desk.cancel(number)
    assert repository.stock("PLATE") == 10
    assert desk.show(number)["state"] == "cancelled"


def test_a_shipped_order_stays(desk, repository):
    number = desk.place({"customer": "Ada", "lines": [["plate", 4, 899]]})
    desk.ship(number)
    with pytest.raises(OrderError):
        desk.cancel(number)
    assert repository.stock("PLATE") == 6


def test_a_cancelled_order_is_not_shipped(desk):
    number = desk.place({"customer": "Ada", "lines": [["plate", 4, 899]]})
    desk.cancel(number)
    with pytest.raises(OrderError):
        desk.ship(number)


def test_unknown_numbers(desk):
    with pytest.raises(OrderNotFoundError):
        desk.show(77)
    with pytest.raises(OrderNotFoundError):
        desk.cancel(77)


def test_turnover_counts_shipped_orders_only(desk):
    first = desk.place({"customer": "Ada", "lines": [["cup", 2, 350]]})
    desk.place({"customer": "Bob", "lines": [["cup", 1, 350]]})
    assert desk.turnover() == 0
    desk.ship(first)
    assert desk.turnover() == 700


@pytest.mark.parametrize("pieces", [0, 101])
def test_number_of_pieces(desk, pieces):
    with pytest.raises(InvalidOrderError):
        desk.place({"customer": "Ada", "lines": [["cup", pieces, 350]]})
