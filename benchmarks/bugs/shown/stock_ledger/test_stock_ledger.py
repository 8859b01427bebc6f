import unittest

from stock_ledger import Batch, StockError, StockLedger


class ReceivingAndIssuing(unittest.TestCase):
    def setUp(self):
        self.ledger = StockLedger()
        self.ledger.receive("tea", 10, 200)
        self.ledger.receive("tea", 5, 300)

    def test_on_hand(self):
        self.assertEqual(self.ledger.on_hand("tea"), 15)
        self.assertEqual(self.ledger.on_hand("coffee"), 0)

    def test_issue_from_the_oldest_batch(self):
        self.assertEqual(self.ledger.issue("tea", 4), 800)
        self.assertEqual(self.ledger.on_hand("tea"), 11)

    def test_issue_over_two_batches(self):
        self.assertEqual(self.ledger.issue("tea", 12), 10 * 200 + 2 * 300)
        self.assertEqual(self.ledger.issue("tea", 3), 900)

    def test_issue_too_much(self):
        with self.assertRaises(StockError):
            self.ledger.issue("tea", 16)
        self.assertEqual(self.ledger.on_hand("tea"), 15)

    def test_wrong_numbers(self):
        with self.assertRaises(ValueError):
            self.ledger.receive("tea", 0, 100)
        with self.assertRaises(ValueError):
            self.ledger.receive("tea", 1, -1)

    def test_value(self):
        self.ledger.receive("cups", 2, 50)
        self.assertEqual(self.ledger.value("tea"), 3500)
        self.assertEqual(self.ledger.value(), 3600)

    def test_average_cost(self):
        self.assertEqual(self.ledger.average_cost("tea"), 233)

    def test_average_cost_of_nothing(self):
        self.assertIsNone(self.ledger.average_cost("coffee"))

    def test_turnover(self):
        self.ledger.receive("cups", 2, 50)
        self.ledger.issue("tea", 4)
        self.ledger.issue("cups", 1)
        self.ledger.issue("tea", 2)
        self.assertEqual(self.ledger.turnover("tea"), 6)


class Reservations(unittest.TestCase):
    def setUp(self):
        self.ledger = StockLedger()
        self.ledger.receive("tea", 10, 200)

    def test_reserved_pieces_are_not_available(self):
        self.ledger.reserve("tea", 4)
        self.ledger.reserve("tea", 3)
        self.assertEqual(self.ledger.available("tea"), 3)
        self.assertEqual(self.ledger.on_hand("tea"), 10)

    def test_reserve_too_much(self):
        self.ledger.reserve("tea", 6)
        with self.assertRaises(StockError):
            self.ledger.reserve("tea", 5)

    def test_reserved_pieces_stay_for_those_who_reserved(self):
        self.ledger.reserve("tea", 8)
        with self.assertRaises(StockError):
            self.ledger.issue("tea", 3)
        self.assertEqual(self.ledger.issue("tea", 3, reserved=True), 600)
        self.assertEqual(self.ledger.available("tea"), 2)

    def test_release(self):
        self.ledger.reserve("tea", 5)
        self.assertEqual(self.ledger.release("tea", 2), 2)
        self.assertEqual(self.ledger.available("tea"), 7)

    def test_release_more_than_there_is(self):
        self.ledger.reserve("tea", 5)
        self.assertEqual(self.ledger.release("tea", 9), 5)
        self.assertEqual(self.ledger.available("tea"), 10)


class SpoiltGoods(unittest.TestCase):
    def setUp(self):
        self.ledger = StockLedger()
        self.ledger.receive("milk", 6, 90, best_before=10)
        self.ledger.receive("milk", 4, 95, best_before=12)
        self.ledger.receive("salt", 3, 50)

    def test_the_last_day_is_good(self):
        self.assertFalse(Batch(1, 1, 10).is_spoilt(10))
        self.assertTrue(Batch(1, 1, 10).is_spoilt(11))

    def test_spoilt_batches_go(self):
        self.assertEqual(self.ledger.discard_spoilt(11), {"milk": 6})
        self.assertEqual(self.ledger.on_hand("milk"), 4)
        self.assertEqual(self.ledger.on_hand("salt"), 3)

    def test_reservations_shrink(self):
        self.ledger.reserve("milk", 7)
        self.ledger.discard_spoilt(11)
        self.assertEqual(self.ledger.available("milk"), 0)

    def test_nothing_is_spoilt(self):
        self.assertEqual(self.ledger.discard_spoilt(1), {})


class CountingAndOrdering(unittest.TestCase):
    def setUp(self):
        self.ledger = StockLedger()
        self.ledger.receive("tea", 10, 200)
        self.ledger.receive("cups", 2, 50)

    def test_less_than_in_the_books(self):
        self.ledger.reserve("tea", 9)
        self.assertEqual(self.ledger.count("tea", 7), -3)
        self.assertEqual(self.ledger.on_hand("tea"), 7)
        self.assertEqual(self.ledger.available("tea"), 0)

    def test_more_than_in_the_books(self):
        self.assertEqual(self.ledger.count("tea", 12), 2)
        self.assertEqual(self.ledger.value("tea"), 2400)

    def test_counted_what_nobody_booked(self):
        self.assertEqual(self.ledger.count("rice", 2), 2)
        self.assertEqual(self.ledger.value("rice"), 0)

    def test_the_books_are_right(self):
        before = list(self.ledger.journal)
        self.assertEqual(self.ledger.count("cups", 2), 0)
        self.assertEqual(self.ledger.journal, before)

    def test_to_order(self):
        self.ledger.set_minimum("tea", 12)
        self.ledger.set_minimum("cups", 20)
        self.ledger.set_minimum("rice", 2)
        self.ledger.set_minimum("salt", 0)
        self.assertEqual(self.ledger.to_order(), [("cups", 18), ("rice", 2), ("tea", 2)])


if __name__ == "__main__":
    unittest.main()
