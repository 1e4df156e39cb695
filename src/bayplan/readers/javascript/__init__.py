"""What TypeScript and JavaScript sources do: one file, one concern, over one resolver of names."""
