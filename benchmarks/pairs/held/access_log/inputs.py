PATHS = ["/", "/cart", "/cart?step=2", "/static/a.css", "/login", "/search?q=a", "/about"]


def line(chance, hour):
    if chance.random() < 0.05:
        return chance.choice(["--- rotated ---", "", "   "])
    user = chance.choice(["-", "-", "-", "ines", "bo", "kai"])
    status = chance.choice([200, 200, 200, 304, 404, 500, 101])
    size = "-" if status in (304, 101) else chance.randrange(9000)
    zone = chance.choice(["+0000", "+0000", "+0000", "+0000", "+0200"])
    request = f"{chance.choice(['GET', 'POST'])} {chance.choice(PATHS)} HTTP/1.1"
    if chance.random() < 0.01:
        request = "-"
    when = f"{chance.randrange(1, 5):02}/Feb/2026:{hour:02}:{chance.randrange(60):02}:07 {zone}"
    return f'10.0.0.{chance.randrange(9)} - {user} [{when}] "{request}" {status} {size}'


def calls(chance):
    for number in range(80):
        lines = [line(chance, chance.randrange(24)) for _ in range(chance.randrange(8))]
        yield "access_log:summary", ["\n".join(lines)], {} if number % 4 else {"slow_prefix": "/about"}
