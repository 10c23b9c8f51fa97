"""What `config.yml`, `endpoints.yml` and `credentials.yml` name: Rasa as the hub's brain."""
