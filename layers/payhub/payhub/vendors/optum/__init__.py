"""Optum Financial: the issuer API (issue, release, void, reissue)."""
