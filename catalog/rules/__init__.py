"""Rules: decisions without a person, once somebody switched them on. `acting` says what a rule does, and when."""
