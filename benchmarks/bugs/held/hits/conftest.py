import io

import pytest

LOG = """\
10.0.0.1 - - [01/May/2024:08:00:00 +0000] "GET / HTTP/1.1" 200 1200
10.0.0.2 - - [01/May/2024:08:30:00 +0000] "GET /about?lang=de HTTP/1.1" 200 800

10.0.0.1 - - [01/May/2024:10:15:00 +0000] "GET /missing HTTP/1.1" 404 -
10.0.0.3 - ann [02/May/2024:10:20:00 +0000] "POST /form HTTP/1.1" 500 40
this is not a line of a log
10.0.0.2 - - [02/May/2024:10:45:00 +0000] "GET / HTTP/1.1" 200 1200
"""


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "access.log"
    path.write_text(LOG, encoding="utf-8")
    return path


@pytest.fixture
def lines():
    return LOG.splitlines()


@pytest.fixture
def out():
    return io.StringIO()
