"""Training without labels: networks, methods, losses, one resumable loop, and a clustering that is fit to be certified."""
