"""What the surroundings of a site do over time: directions, light, contacts and temperature."""
