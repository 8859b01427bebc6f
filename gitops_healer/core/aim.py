"""What a change is for."""

from enum import Enum


class Aim(Enum):
    """What a change wants with the behaviour of the code: end a failure and change nothing else, change nothing at
    all, or what somebody ordered."""

    MENDS = "mends"
    KEEPS = "keeps"
    OBEYS = "obeys"
