"""The product on one machine: the deployed stack, the vendors' sandbox and a front door."""
