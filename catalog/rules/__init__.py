"""Rules: what is decided without a person, where somebody switched it on. `acting` says what a rule does, and when."""
