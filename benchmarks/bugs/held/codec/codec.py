"""Small encoders: numbers to bytes, text to shorter text, bits to bytes, and back."""

from itertools import pairwise

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOOKS_LIKE = {"O": "0", "I": "1", "L": "1"}


def encode_varint(number):
    """Unsigned whole number as bytes of seven bits, lowest first; the top bit says that more follows."""
    if number < 0:
        raise ValueError("varints have no sign")
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def decode_varint(data, start=0):
    """The number that begins at `start` and the position after it; ValueError if the data ends before the number."""
    number = shift = 0
    for position in range(start, len(data)):
        number |= (data[position] & 0x7F) << shift
        if not data[position] & 0x80:
            return number, position + 1
        shift += 7
    raise ValueError("the data ends within a number")


def zigzag(number: int) -> int:
    """0, -1, 1, -2, 2 ... become 0, 1, 2, 3, 4 ..."""
    return number * 2 if number >= 0 else -number * 2 - 1


def unzigzag(number: int) -> int:
    """The inverse of `zigzag`."""
    if number % 2:
        return -(number + 1) // 2
    return number // 2


def squeeze(text):
    """Runs of three or more letters become count and letter: "aaab" -> "3ab". The text has no digits."""
    out = []
    position = 0
    while position < len(text):
        end = position
        while end < len(text) and text[end] == text[position]:
            end += 1
        length = end - position
        out.append(f"{length}{text[position]}" if length > 2 else text[position:end])
        position = end
    return "".join(out)


def unsqueeze(text):
    """The inverse of `squeeze`."""
    out = []
    count = ""
    for letter in text:
        if letter.isdigit():
            count += letter
        else:
            out.append(letter * int(count or 1))
            count = ""
    return "".join(out)


def to_base32(number: int, width: int = 0) -> str:
    """Digits of `number` (0 or more) in Crockford's alphabet, filled with zeros to `width`."""
    digits = ""
    while number:
        number, digit = divmod(number, 32)
        digits = ALPHABET[digit] + digits
    return (digits or "0").rjust(width, "0")


def from_base32(text: str) -> int:
    """Reads what people typed: lower case, hyphens and the letters O, I and L are understood."""
    number = 0
    for letter in text.upper().replace("-", ""):
        letter = LOOKS_LIKE.get(letter, letter)
        if letter not in ALPHABET:
            raise ValueError(f"not a base-32 digit: {letter!r}")
        number = number * 32 + ALPHABET.index(letter)
    return number


def deltas(values):
    """First value, then the differences between neighbours."""
    if not values:
        return []
    return [values[0]] + [after - before for before, after in pairwise(values)]


def undeltas(differences):
    """The inverse of `deltas`."""
    values = []
    total = 0
    for difference in differences:
        total += difference
        values.append(total)
    return values


def checksum(digits: str) -> int:
    """Check digit by the Luhn rule: from the right every other digit, the last one first, is doubled."""
    total = 0
    for place, letter in enumerate(reversed(digits)):
        digit = int(letter)
        if place % 2 == 0:
            digit *= 2
            if digit > 9:
                digit -= 9
        total += digit
    return -total % 10


def pack_bits(bits: list[bool]) -> bytes:
    """Eight bits a byte, first bit highest; the last byte is filled with zeros."""
    packed = bytearray()
    for start in range(0, len(bits), 8):
        chunk = bits[start : start + 8]
        byte = 0
        for place, bit in enumerate(chunk):
            if bit:
                byte |= 1 << (7 - place)
        packed.append(byte)
    return bytes(packed)
