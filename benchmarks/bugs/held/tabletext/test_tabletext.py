import unittest

from tabletext import bar, columns_of, cut, indent, listing, plural, table, wrap


class CutTest(unittest.TestCase):
    def test_short_text_stays(self):
        self.assertEqual(cut("hello", 5), "hello")

    def test_long_text(self):
        self.assertEqual(cut("hello world", 8), "hello...")

    def test_tiny_width(self):
        self.assertEqual(cut("hello", 2), "..")
        self.assertEqual(cut("hello", 0), "")


class WrapTest(unittest.TestCase):
    def test_between_words(self):
        self.assertEqual(wrap("the quick brown fox", 10), ["the quick", "brown fox"])

    def test_exact_fit(self):
        self.assertEqual(wrap("ab cd ef", 5), ["ab cd", "ef"])
        self.assertEqual(wrap("abc de", 5), ["abc", "de"])

    def test_blanks_are_joined(self):
        self.assertEqual(wrap("  a \n b  ", 10), ["a b"])

    def test_long_word(self):
        self.assertEqual(wrap("see abcdefgh ok", 3), ["see", "abc", "def", "gh", "ok"])

    def test_nothing(self):
        self.assertEqual(wrap("", 10), [])


class IndentTest(unittest.TestCase):
    def test_all_lines(self):
        self.assertEqual(indent("a\nb", 2), "  a\n  b")

    def test_blank_lines_stay_empty(self):
        self.assertEqual(indent("a\n \nb", 1), " a\n\n b")

    def test_hanging(self):
        self.assertEqual(indent("a\nb\nc", 4, first=0), "a\n    b\n    c")


class TableTest(unittest.TestCase):
    def test_alignment(self):
        self.assertEqual(table([["ann", 5], ["bo", 120]]), "ann    5\nbo   120")

    def test_header(self):
        self.assertEqual(table([["ann", 5]], header=["name", "n"]), "name  n\n----  -\nann   5")

    def test_short_rows(self):
        self.assertEqual(table([["a", "b"], ["c"]], gap=1), "a b\nc")

    def test_empty(self):
        self.assertEqual(table([]), "")

    def test_rows_of_the_caller_stay(self):
        rows = [["a", "b"], ["c"]]
        table(rows, header=["x"])
        self.assertEqual(rows, [["a", "b"], ["c"]])


class ColumnsTest(unittest.TestCase):
    def test_down_the_columns(self):
        self.assertEqual(columns_of(["d", "a", "c", "b", "e"], 8), ["a  c  e", "b  d"])

    def test_one_column_if_narrow(self):
        self.assertEqual(columns_of(["long name", "other"], 4), ["long name", "other"])

    def test_fits_exactly(self):
        self.assertEqual(columns_of(["aa", "bb"], 6), ["aa  bb"])

    def test_nothing(self):
        self.assertEqual(columns_of([], 10), [])


class SmallTest(unittest.TestCase):
    def test_bar(self):
        self.assertEqual(bar(0.5, 4), "[##  ]  50%")
        self.assertEqual(bar(1, 4), "[####] 100%")
        self.assertEqual(bar(0, 4), "[    ]   0%")

    def test_bar_outside(self):
        self.assertEqual(bar(1.7, 4), "[####] 100%")
        self.assertEqual(bar(-1, 4), "[    ]   0%")

    def test_plural(self):
        self.assertEqual(plural(1, "file"), "1 file")
        self.assertEqual(plural(3, "file"), "3 files")
        self.assertEqual(plural(0, "file"), "no files")
        self.assertEqual(plural(2, "child", "children"), "2 children")

    def test_listing(self):
        self.assertEqual(listing([]), "")
        self.assertEqual(listing(["a"]), "a")
        self.assertEqual(listing(["a", "b"], last="or"), "a or b")
        self.assertEqual(listing("abc"), "a, b and c")

    def test_long_listing(self):
        self.assertEqual(listing("abcde", limit=2), "a, b and 3 more")
        self.assertEqual(listing("ab", limit=2), "a and b")
