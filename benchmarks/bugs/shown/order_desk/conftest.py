import sqlite3

import pytest
from order_desk.repository import Repository
from order_desk.service import OrderDesk


@pytest.fixture
def repository():
    connection = sqlite3.connect(":memory:")
    yield Repository(connection)
    connection.close()


@pytest.fixture
def desk(repository):
    repository.change_stock("CUP", 40)
    repository.change_stock("PLATE", 10)
    return OrderDesk(repository)
