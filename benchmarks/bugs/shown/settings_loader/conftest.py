import pytest


@pytest.fixture
def defaults():
    return {"debug": False, "port": 80, "db": {"host": "here", "timeout": 1.5}, "tags": ["a"]}


@pytest.fixture
def conf(tmp_path):
    """Writes a settings file and returns its path."""

    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write
