"""Language understanding: the components that `config.yml` names, and what they share."""
