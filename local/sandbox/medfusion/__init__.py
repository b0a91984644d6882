"""Medfusion: bills that patients paid in the portal, polled and reported back in XML."""
