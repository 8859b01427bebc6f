"""A small warehouse: articles, reservations and what is told to others when something happens."""

from stock.bus import Bus
from stock.warehouse import OutOfStock, Warehouse

__all__ = ["Bus", "OutOfStock", "Warehouse"]
