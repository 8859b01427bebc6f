"""Guesses at what is wrong with a file that does not parse, one kind of slip in each module."""
