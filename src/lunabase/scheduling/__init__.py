"""The solver-neutral core of scheduling: effort, search, problems, their CP-SAT model and an independent check."""
