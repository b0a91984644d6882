"""Payments, events, tenants and dead letters in one DynamoDB table."""
