"""Short messages to a contact on record, such as one-time codes: a port and its adapters."""
