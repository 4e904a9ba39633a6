"""Autonomy: executes the plan, manages modes, sheds loads. It sees telemetry and its plan, never the truth."""
