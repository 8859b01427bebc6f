"""A forge for tests and demos that GitHub's own clients talk to: REST, GraphQL and git on one port."""

from tests.forge_server.errors import Refusal
from tests.forge_server.exchanges import Calls, Exchange, Fault
from tests.forge_server.person import Person
from tests.forge_server.server import ForgeServer
from tests.forge_server.state import Event

__all__ = ["Calls", "Event", "Exchange", "Fault", "ForgeServer", "Person", "Refusal"]
