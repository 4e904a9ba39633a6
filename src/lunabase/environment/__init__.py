"""What the surroundings of a site do over time: directions, light, contacts and temperature."""

from lunabase.environment.contacts import DIRECT, Contact, contact_windows
from lunabase.environment.dataset import environment
from lunabase.environment.intervals import true_intervals, true_runs
from lunabase.environment.regolith import Regolith

__all__ = [
    "DIRECT",
    "Contact",
    "Regolith",
    "contact_windows",
    "environment",
    "true_intervals",
    "true_runs",
]
