"""Tells those who want to know."""


class Bus:
    """Events have a topic such as "stock.low"; listeners of "stock.*" hear all topics that begin with "stock."."""

    def __init__(self):
        self._listeners = {}
        self.failures = []

    def listen(self, topic, listener):
        """Adds a listener; returns a function that takes it away again (and does no harm when called twice)."""
        self._listeners.setdefault(topic, []).append(listener)

        def leave():
            if listener in self._listeners.get(topic, []):
                self._listeners[topic].remove(listener)

        return leave

    def tell(self, topic, **details):
        """Calls all listeners, exact topics first; returns how many heard it without an error.

        An error is noted and does not stop the others.
        """
        heard = 0
        for listener in self._matching(topic):
            try:
                listener(topic, details)
                heard += 1
            except Exception as error:
                self.failures.append((topic, str(error)))
        return heard

    def _matching(self, topic):
        found = list(self._listeners.get(topic, []))
        for pattern, listeners in self._listeners.items():
            if pattern.endswith(".*") and topic.startswith(pattern[:-1]):
                found.extend(listeners)
        return found
