"""What is there, what is promised and what has gone."""

from stock.bus import Bus


class OutOfStock(Exception):
    def __init__(self, article, wanted, free):
        super().__init__(f"{article}: {wanted} wanted, {free} free")
        self.free = free


class Article:
    """How many pieces are on the shelf, and how many of them are promised, by order."""

    def __init__(self, name, low=0):
        self.name = name
        self.low = low
        self.pieces = 0
        self.promised = {}

    @property
    def free(self):
        return self.pieces - sum(self.promised.values())


class Warehouse:
    """Pieces are reserved for an order and then shipped or released."""

    def __init__(self, bus=None, clock=None):
        self.bus = bus or Bus()
        self.clock = clock or (lambda: 0)
        self.articles = {}
        self.times = {}

    def article(self, name):
        """LookupError for one that is not known."""
        try:
            return self.articles[name]
        except KeyError:
            raise LookupError(f"no article {name!r}") from None

    def add(self, name, low=0):
        if name in self.articles:
            raise ValueError(f"{name} is known")
        self.articles[name] = Article(name, low)

    def receive(self, name, pieces):
        """New pieces; "stock.back" is told if there were none free before."""
        article = self.article(name)
        was_out = article.free == 0
        article.pieces += pieces
        if was_out and article.free > 0:
            self.bus.tell("stock.back", article=name, free=article.free)

    def reserve(self, order, wanted):
        """Reserves {article: pieces} for an order, all or nothing; OutOfStock names the first article that is short."""
        for name, pieces in wanted.items():
            free = self.article(name).free
            if pieces > free:
                raise OutOfStock(name, pieces, free)
        for name, pieces in wanted.items():
            article = self.article(name)
            article.promised[order] = article.promised.get(order, 0) + pieces
            if article.free <= article.low:
                self.bus.tell("stock.low", article=name, free=article.free)
        self.times[order] = self.clock()

    def release(self, order):
        """The pieces of an order are free again; returns how many articles that concerns."""
        count = 0
        for article in self.articles.values():
            if order in article.promised:
                del article.promised[order]
                count += 1
        self.times.pop(order, None)
        return count

    def ship(self, order):
        """The reserved pieces leave; returns {article: pieces}. LookupError if nothing is reserved."""
        parcel = {}
        for name, article in self.articles.items():
            pieces = article.promised.pop(order, 0)
            if pieces:
                article.pieces -= pieces
                parcel[name] = pieces
        if not parcel:
            raise LookupError(f"nothing is reserved for {order!r}")
        del self.times[order]
        self.bus.tell("order.shipped", order=order, parcel=parcel)
        return parcel

    def release_stale(self, age):
        """Releases the orders that were reserved more than `age` ago; returns them, sorted."""
        stale = []
        for order, time in list(self.times.items()):
            if self.clock() - time > age:
                self.release(order)
                stale.append(order)
        return sorted(stale)

    def to_order(self, target):
        """{article: pieces} that bring the articles at or below their low mark up to `target` free pieces."""
        needed = {}
        for name, article in sorted(self.articles.items()):
            if article.free <= article.low and article.free < target:
                needed[name] = target - article.free
        return needed
