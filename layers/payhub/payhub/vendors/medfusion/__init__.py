"""Medfusion: bills that patients paid in the portal, picked up there and reported back."""
