class OrderError(Exception):
    """Any refusal of the order desk."""


class InvalidOrderError(OrderError):
    pass


class OrderNotFoundError(OrderError):
    def __init__(self, number: int) -> None:
        super().__init__(f"order {number} does not exist")
        self.number = number


class OutOfStockError(OrderError):
    pass
