"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import random
import signal

import codec


class TooLong(BaseException):
    """A call went on for longer than a second."""


def ring(signum, frame):
    raise TooLong


signal.signal(signal.SIGALRM, ring)
seen, slow = [], {}


def shown(value):
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(key)}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(shown, value))) + "}"
    return repr(value)


def look(name, call, *args):
    """Notes what one call gives; a function that was too slow three times is not called again."""
    if slow.get(name, 0) >= 3:
        seen.append(f"{name} ! timeout")
        return
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        outcome = shown(call(*args))
    except TooLong:
        slow[name] = slow.get(name, 0) + 1
        outcome = "! timeout"
    except (Exception, SystemExit) as error:
        outcome = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seen.append(f"{name} {outcome}")


rng = random.Random(77)
numbers = [0, 1, 2, 31, 32, 33, 127, 128, 129, 255, 256, 1023, 1024, 16383, 16384, 2**31, 2**63]
numbers += [rng.randrange(0, 10 ** rng.randrange(1, 15)) for _ in range(40)]


def text():
    return "".join(rng.choice("abcx ") * rng.choice([1, 1, 2, 3, 4, 11]) for _ in range(rng.randrange(0, 7)))


for number in numbers:
    look("encode_varint", codec.encode_varint, number)
    look("decode_varint", lambda number=number: codec.decode_varint(codec.encode_varint(number) + b"\x01\x02"))
    look("zigzag", lambda number=number: [codec.zigzag(number), codec.zigzag(-number)])
    look("unzigzag", codec.unzigzag, number)
    look("to_base32", codec.to_base32, number)
    look("to_base32", codec.to_base32, number, rng.randrange(0, 9))
for number in [-1, -300]:
    look("encode_varint", codec.encode_varint, number)
for data, start in [
    (b"", 0),
    (b"\x80", 0),
    (b"\xff\x7f", 0),
    (b"\xff\x7f\x05", 2),
    (b"\x81\x82\x03", 0),
    (b"\x81\x82\x03", 1),
]:
    look("decode_varint", codec.decode_varint, data, start)
for _ in range(40):
    data = bytes(rng.randrange(0, 256) for _ in range(rng.randrange(0, 6)))
    look("decode_varint", codec.decode_varint, data, rng.randrange(0, 3))
    look("squeeze", codec.squeeze, text())
    look("unsqueeze", lambda: codec.unsqueeze(codec.squeeze(text())))
    look(
        "from_base32",
        codec.from_base32,
        "".join(rng.choice("0123456789abcdefghjkmnpqrstvwxyzOIL-oil-") for _ in range(5)),
    )
    look("from_base32", codec.from_base32, "".join(rng.choice("012ABCU*z") for _ in range(4)))
    values = [rng.randrange(-50, 50) for _ in range(rng.randrange(0, 7))]
    look("deltas", codec.deltas, values)
    look("undeltas", codec.undeltas, values)
    look("checksum", codec.checksum, "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 17))))
    look("pack_bits", codec.pack_bits, [rng.random() < 0.5 for _ in range(rng.randrange(0, 20))])
look("unsqueeze", codec.unsqueeze, "10a2bc3d")
print(json.dumps(seen))
