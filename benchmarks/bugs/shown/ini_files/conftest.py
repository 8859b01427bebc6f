import pytest
from ini_files import Settings, parse

TEXT = """\
# a comment
home = /srv          ; another one
debug = Off

[Paths]
data = ${home}/data
logs = ${data}/logs
names = one, two,
    three#3
[mail]
to = ${paths:data}/box
debug = YES
"""


@pytest.fixture
def text():
    return TEXT


@pytest.fixture
def settings():
    return Settings(parse(TEXT))
