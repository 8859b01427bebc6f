"""Faults to be put into small programs, one file for each kind."""
