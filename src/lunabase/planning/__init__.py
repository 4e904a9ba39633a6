"""From requests and the environment to a plan, the reasons for what did not fit, and an independent check."""
