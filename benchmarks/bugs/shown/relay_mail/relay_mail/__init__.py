from relay_mail.relay import Relay
from relay_mail.transport import Transport, TransportError

__all__ = ["Relay", "Transport", "TransportError"]
