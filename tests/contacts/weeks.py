"""Small weeks in the benchmark's form."""

import numpy as np

HOUR = 3600
ANTENNAS = ("DSS-14", "DSS-24", "DSS-25", "DSS-34")


def view(on_h, off_h):
    on_s, off_s = round(on_h * HOUR), round(off_h * HOUR)
    return {"RISE": on_s, "SET": off_s, "TRX ON": on_s, "TRX OFF": off_s}


def request(name, mission, hours, views, *, least=None, setup=60, teardown=15):
    """Views: by antennas ("DSS-14_DSS-24" for an array), pairs of hours."""
    return {
        "subject": mission,
        "user": f"{mission}_0",
        "week": 10,
        "year": 2018,
        "duration": hours,
        "duration_min": hours if least is None else least,
        "resources": [name.split("_") for name in views],
        "track_id": name,
        "setup_time": setup,
        "teardown_time": teardown,
        "time_window_start": 0,
        "time_window_end": 400 * HOUR,
        "resource_vp_dict": {antennas: [view(*pair) for pair in pairs] for antennas, pairs in views.items()},
    }


def random_week(seed, requests=14):
    """More wishes than two days of four antennas hold: short and long ones, arrays, maintenance."""
    generator = np.random.default_rng(seed)
    records = []
    for number in range(requests):
        hours = float(generator.choice([1.0, 1.1, 3.3, 4.0, 6.3, 8.0, 10.0]))
        least = {6.3: 6.0, 8.0: 6.4, 10.0: 8.0}.get(hours, hours)
        places = {}
        for _ in range(int(generator.integers(1, 4))):
            chosen = sorted(generator.choice(ANTENNAS, 1 if generator.random() < 0.8 else 2, replace=False))
            starts = np.sort(generator.uniform(0, 44, int(generator.integers(1, 3)))) + 100
            places["_".join(chosen)] = [(float(at), float(at + generator.uniform(1, 14))) for at in starts]
        records.append(request(f"r{number}", int(generator.integers(1, 5)), hours, places, least=least))
    closures = [
        {"antenna": str(generator.choice(ANTENNAS)), "starttime": int(at * HOUR), "endtime": int((at + 3) * HOUR)}
        for at in generator.uniform(100, 144, 3)
    ]
    return records, closures
