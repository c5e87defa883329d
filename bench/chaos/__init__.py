"""The whole service under faults: real processes, real audio, real HTTP, and a receiver that misbehaves."""
