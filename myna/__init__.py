"""Myna, the customer-care assistant for online shops in South-East Asia."""
