"""A vending machine as a machine of states. Amounts are whole cents."""

from enum import Enum

COINS = (200, 100, 50, 20, 10, 5)
SERVICE_CODE = "4711"


class State(Enum):
    IDLE = "idle"
    PAYING = "paying"
    SOLD_OUT = "sold out"
    SERVICE = "service"


class RefusedError(Exception):
    """The machine does not do this in its present state."""


TRANSITIONS = {
    (State.IDLE, "pay"): State.PAYING,
    (State.PAYING, "pay"): State.PAYING,
    (State.PAYING, "finish"): State.IDLE,
    (State.PAYING, "empty"): State.SOLD_OUT,
    (State.IDLE, "service"): State.SERVICE,
    (State.SOLD_OUT, "service"): State.SERVICE,
    (State.SERVICE, "finish"): State.IDLE,
    (State.SERVICE, "empty"): State.SOLD_OUT,
}


def change_for(amount, coins):
    """The coins for an amount, great ones first, out of a stock {coin: number}; None when it cannot be made up."""
    chosen = []
    for coin in COINS:
        number = min(amount // coin, coins.get(coin, 0))
        chosen.extend([coin] * number)
        amount -= coin * number
    return chosen if amount == 0 else None


class Slot:
    def __init__(self, price, pieces=0, room=8):
        self.price = price
        self.pieces = pieces
        self.room = room

    def refill(self, pieces):
        """Put pieces in, as many as there is room for; returns how many are left over."""
        added = min(pieces, self.room - self.pieces)
        self.pieces += added
        return pieces - added


class VendingMachine:
    def __init__(self, slots, coins=None):
        self.slots = slots
        self.coins = dict.fromkeys(COINS, 0)
        self.coins.update(coins or {})
        self.paid = []
        self.sales = {}
        self.state = State.IDLE if self._has_goods() else State.SOLD_OUT

    @property
    def credit(self):
        return sum(self.paid)

    def insert(self, coin):
        """Take a coin; returns the credit. A coin that is not known is refused."""
        if coin not in COINS:
            raise RefusedError(f"no coin of {coin}")
        self._go("pay")
        self.paid.append(coin)
        return self.credit

    def choose(self, name):
        """Sell one piece; returns the change.

        Refused, without any effect, when the slot is unknown or empty, when the credit does not reach
        or when there is no change. The coins that were paid can serve as change.
        """
        slot = self.slots.get(name)
        if slot is None or slot.pieces == 0:
            raise RefusedError(f"{name} is not there")
        if self.state is not State.PAYING or self.credit < slot.price:
            raise RefusedError(f"{name} costs {slot.price}")
        coins = self._coins_with_paid()
        change = change_for(self.credit - slot.price, coins)
        if change is None:
            raise RefusedError("no change")
        for coin in change:
            coins[coin] -= 1
        self.coins = coins
        self.paid = []
        slot.pieces -= 1
        self.sales[name] = self.sales.get(name, 0) + 1
        self._go("finish" if self._has_goods() else "empty")
        return change

    def cancel(self):
        """Give back the very coins that were paid, in their order."""
        if self.state is not State.PAYING:
            return []
        returned, self.paid = self.paid, []
        self._go("finish")
        return returned

    def open_service(self, code):
        """Open the machine with the code; never while somebody is paying."""
        if code != SERVICE_CODE:
            raise RefusedError("wrong code")
        self._go("service")

    def refill(self, deliveries):
        """Put {slot: pieces} in while in service; returns what there was no room or no slot for."""
        if self.state is not State.SERVICE:
            raise RefusedError("not in service")
        left = {}
        for name, pieces in deliveries.items():
            if name not in self.slots:
                left[name] = pieces
                continue
            over = self.slots[name].refill(pieces)
            if over:
                left[name] = over
        return left

    def collect(self, keep=2):
        """Take coins out while in service, but keep so many of each for change; returns their value."""
        if self.state is not State.SERVICE:
            raise RefusedError("not in service")
        value = 0
        for coin, number in self.coins.items():
            taken = max(0, number - keep)
            self.coins[coin] = number - taken
            value += coin * taken
        return value

    def close_service(self):
        if self.state is not State.SERVICE:
            raise RefusedError("not in service")
        self._go("finish" if self._has_goods() else "empty")

    def best_seller(self):
        """The name that was sold most often, the first by name among equals; None before the first sale."""
        if not self.sales:
            return None
        return min(self.sales, key=lambda name: (-self.sales[name], name))

    def _coins_with_paid(self):
        coins = dict(self.coins)
        for coin in self.paid:
            coins[coin] += 1
        return coins

    def _has_goods(self):
        return any(slot.pieces for slot in self.slots.values())

    def _go(self, event):
        target = TRANSITIONS.get((self.state, event))
        if target is None:
            raise RefusedError(f"{event} while {self.state.value}")
        self.state = target
