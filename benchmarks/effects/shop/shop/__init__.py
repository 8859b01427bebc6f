from .money import Money, rounded
from .rates import rate as exchange_rate
