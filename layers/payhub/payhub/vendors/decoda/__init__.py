"""Decoda Health: settlements with patient credit, payment plans and their payments, refunds."""
