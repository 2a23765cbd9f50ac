"""What a frozen encoder is worth: features, the exact world of them, classifiers, domains, fine-tuning."""
