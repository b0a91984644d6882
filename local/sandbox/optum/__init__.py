"""Optum Financial: payments issued to payees, as the issuer API and its event API document them."""
