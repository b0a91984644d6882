"""Decoda Health: patient credit, payins and payment plans, as the billing API documents them."""
