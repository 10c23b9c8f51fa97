"""The desk: where agents take over conversations."""
