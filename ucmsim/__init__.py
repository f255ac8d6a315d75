"""ucmsim: a simulated Grandstream UCM that telephone billing can be tested against.

Nothing is imported here: the pytest plugin loads this package in every run of every project where it is installed.
"""

__version__ = "0.1.0"
