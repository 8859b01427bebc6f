import unittest

import codec


class VarintTest(unittest.TestCase):
    def test_small_numbers_are_one_byte(self):
        self.assertEqual(codec.encode_varint(0), b"\x00")
        self.assertEqual(codec.encode_varint(127), b"\x7f")

    def test_larger_numbers(self):
        self.assertEqual(codec.encode_varint(128), b"\x80\x01")
        self.assertEqual(codec.encode_varint(300), b"\xac\x02")

    def test_negative(self):
        with self.assertRaises(ValueError):
            codec.encode_varint(-1)

    def test_decode(self):
        self.assertEqual(codec.decode_varint(b"\x05"), (5, 1))
        self.assertEqual(codec.decode_varint(b"\xac\x02\x07"), (300, 2))
        self.assertEqual(codec.decode_varint(b"\xac\x02\x07", 2), (7, 3))

    def test_decode_long(self):
        self.assertEqual(codec.decode_varint(b"\x80\x80\x01"), (16384, 3))

    def test_decode_cut_off(self):
        with self.assertRaises(ValueError):
            codec.decode_varint(b"\x80\x80")

    def test_zigzag(self):
        self.assertEqual([codec.zigzag(n) for n in (0, -1, 1, -2, 2)], [0, 1, 2, 3, 4])

    def test_unzigzag(self):
        self.assertEqual([codec.unzigzag(n) for n in range(5)], [0, -1, 1, -2, 2])


class SqueezeTest(unittest.TestCase):
    def test_runs(self):
        self.assertEqual(codec.squeeze("aaab"), "3ab")
        self.assertEqual(codec.squeeze("abbbb"), "a4b")

    def test_short_runs_stay(self):
        self.assertEqual(codec.squeeze("aabb"), "aabb")

    def test_empty(self):
        self.assertEqual(codec.squeeze(""), "")

    def test_unsqueeze(self):
        self.assertEqual(codec.unsqueeze("3ab"), "aaab")
        self.assertEqual(codec.unsqueeze("12xy"), "x" * 12 + "y")
        self.assertEqual(codec.unsqueeze("aabb"), "aabb")


class Base32Test(unittest.TestCase):
    def test_write(self):
        self.assertEqual(codec.to_base32(0), "0")
        self.assertEqual(codec.to_base32(31), "Z")
        self.assertEqual(codec.to_base32(32 * 32 + 10), "10A")

    def test_width(self):
        self.assertEqual(codec.to_base32(10, 4), "000A")

    def test_read(self):
        self.assertEqual(codec.from_base32("10A"), 1034)
        self.assertEqual(codec.from_base32("z"), 31)

    def test_read_what_people_type(self):
        self.assertEqual(codec.from_base32("1o-a"), 1034)

    def test_read_nonsense(self):
        with self.assertRaises(ValueError):
            codec.from_base32("1U")


class SeriesTest(unittest.TestCase):
    def test_deltas(self):
        self.assertEqual(codec.deltas([5, 7, 4]), [5, 2, -3])
        self.assertEqual(codec.deltas([9]), [9])

    def test_deltas_of_nothing(self):
        self.assertEqual(codec.deltas([]), [])

    def test_undeltas(self):
        self.assertEqual(codec.undeltas([5, 2, -3]), [5, 7, 4])
        self.assertEqual(codec.undeltas([]), [])


class ChecksumTest(unittest.TestCase):
    def test_known_numbers(self):
        self.assertEqual(codec.checksum("7992739871"), 3)
        self.assertEqual(codec.checksum("0"), 0)
        self.assertEqual(codec.checksum("5"), 9)


class BitsTest(unittest.TestCase):
    def test_full_byte(self):
        self.assertEqual(codec.pack_bits([True] * 8), b"\xff")

    def test_first_bit_is_highest(self):
        self.assertEqual(codec.pack_bits([True, False, False, False, False, False, False, False]), b"\x80")

    def test_rest_is_filled(self):
        self.assertEqual(codec.pack_bits([False] * 8 + [True, True]), b"\x00\xc0")
