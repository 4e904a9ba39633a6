"""Antenna time shared among its users: requests and view periods in, tracks out; contact plans for other programs."""
