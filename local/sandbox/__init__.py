"""The vendor sandbox: plays the payment vendors here, with a truth book of real money."""
