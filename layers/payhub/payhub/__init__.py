"""Payhub: one API over four healthcare payment systems that never moves money twice."""
