"""What a user would pick instead, each doing the same create-payment job."""
