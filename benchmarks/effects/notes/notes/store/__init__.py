from .db import Database as Db
from .db import connect

__all__ = ["Db", "connect"]
