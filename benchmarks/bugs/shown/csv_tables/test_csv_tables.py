import unittest

from csv_tables import left_join, parse_table, pivot, quote_field, render, sort_rows, split_line, write_table

SALES = [
    {"city": "Oslo", "fruit": "pear", "kilos": "9"},
    {"city": "Bern", "fruit": "apple", "kilos": "10"},
    {"city": "Oslo", "fruit": "apple", "kilos": "2.5"},
    {"city": "Oslo", "fruit": "pear", "kilos": "1"},
]


class Fields(unittest.TestCase):
    def test_plain(self):
        self.assertEqual(split_line("a,b,,c"), ["a", "b", "", "c"])
        self.assertEqual(split_line(""), [""])

    def test_quoted(self):
        self.assertEqual(split_line('a,"b, c","say ""hi"""'), ["a", "b, c", 'say "hi"'])

    def test_empty_quotes(self):
        self.assertEqual(split_line('"",x'), ["", "x"])

    def test_other_separator(self):
        self.assertEqual(split_line("1;2,5;3", ";"), ["1", "2,5", "3"])

    def test_quoting(self):
        self.assertEqual(quote_field("plain"), "plain")
        self.assertEqual(quote_field("a,b"), '"a,b"')
        self.assertEqual(quote_field('say "hi"'), '"say ""hi"""')
        self.assertEqual(quote_field(" padded"), '" padded"')
        self.assertEqual(quote_field("a,b", ";"), "a,b")


class Tables(unittest.TestCase):
    def test_parse(self):
        self.assertEqual(parse_table("a,b\n1,2\n3,4\n"), [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}])

    def test_parse_skips_empty_lines_and_fills_rows(self):
        self.assertEqual(parse_table("a,b\n1\n\n3,4\n"), [{"a": "1", "b": ""}, {"a": "3", "b": "4"}])

    def test_parse_nothing(self):
        self.assertEqual(parse_table(""), [])

    def test_written_tables_can_be_read(self):
        self.assertEqual(parse_table(write_table(SALES)), SALES)
        self.assertEqual(write_table([{"a": "x,y", "b": ""}]), 'a,b\n"x,y",\n')
        self.assertEqual(write_table([{"a": "1", "b, c": "2"}]), 'a,"b, c"\n1,2\n')

    def test_sort_by_text(self):
        self.assertEqual([row["city"] for row in sort_rows(SALES, "city")], ["Bern", "Oslo", "Oslo", "Oslo"])

    def test_sort_by_number(self):
        self.assertEqual([row["kilos"] for row in sort_rows(SALES, "kilos")], ["1", "2.5", "9", "10"])

    def test_sort_descending(self):
        self.assertEqual([row["kilos"] for row in sort_rows(SALES, "kilos", descending=True)], ["10", "9", "2.5", "1"])

    def test_render(self):
        self.assertEqual(
            render(SALES[:2]),
            "city  fruit  kilos\nOslo  pear       9\nBern  apple     10",
        )

    def test_join(self):
        countries = [{"city": "Oslo", "country": "Norway"}, {"city": "Rome", "country": "Italy"}]
        joined = left_join(SALES[:2], countries, "city")
        self.assertEqual(joined[0], {"city": "Oslo", "fruit": "pear", "kilos": "9", "country": "Norway"})
        self.assertEqual(joined[1], SALES[1])
        self.assertNotIn("country", SALES[0])

    def test_join_takes_the_first_partner(self):
        self.assertEqual(left_join([{"k": "1"}], [{"k": "1", "v": "a"}, {"k": "1", "v": "b"}], "k")[0]["v"], "a")

    def test_pivot(self):
        self.assertEqual(
            pivot(SALES, "city", "fruit", "kilos"),
            {"Oslo": {"apple": 2.5, "pear": 10.0}, "Bern": {"apple": 10.0, "pear": 0.0}},
        )
