"""athenahealth: patients' payments by card, by hand and by payment vendors, plans, receipts."""
