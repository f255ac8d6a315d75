"""Makes ``twistd ucmsim`` and ``python -m twisted ucmsim`` known to Twisted; everything else is loaded on use."""

from twisted.application.service import ServiceMaker

ucmsim = ServiceMaker("ucmsim", "ucmsim.tap", "A simulated Grandstream UCM for tests of telephone billing.", "ucmsim")
