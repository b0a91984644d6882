"""athenahealth: patients' payments by card, recorded ones and payment vendors', as documented."""
