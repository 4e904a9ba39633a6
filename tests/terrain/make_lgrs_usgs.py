"""Write lgrs_usgs.csv: addresses by the USGS reference program (McClernan, version 7.2; public domain).

Run with the path of LGRS_Coordinate_Conversion.py, which the PyPI package lgrs 0.4.0 holds in lgrs/reference.
"""

import importlib.util
import random
import sys
from pathlib import Path


def main() -> None:
    specification = importlib.util.spec_from_file_location("usgs", sys.argv.pop(1))
    usgs = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(usgs)
    usgs.initialize_LGRS_function_globals()
    generator = random.Random(11)
    places = [(-89.44, -137.41), (-89.67, 129.78), (-90.0, 0.0), (0.0, 0.0), (26.132, 3.634), (-45.456, 177.588)]
    places += [(generator.uniform(-80, 80), generator.uniform(-180, 180)) for _ in range(150)]
    places += [
        (generator.choice((-1, 1)) * generator.uniform(80, 90), generator.uniform(-180, 180)) for _ in range(150)
    ]
    lines = ["latitude_deg,longitude_deg,lgrs,acc"]
    for latitude, longitude in ((round(a, 6), round(b, 6)) for a, b in places):
        if abs(latitude) >= 80.0:
            hemisphere, easting, northing = usgs.toLPS(longitude, latitude, trunc_val=None)
            *square, east, north = usgs.toLGRS_polar(easting, northing, hemisphere, 1)
            short = usgs.toLGRS_polar_ACC(easting, northing, hemisphere, 10)
        else:
            zone, hemisphere, easting, northing = usgs.toLTM(longitude, latitude, trunc_val=None)
            *square, east, north = usgs.toLGRS(easting, northing, zone, hemisphere, 1)
            short = usgs.toLGRS_ACC(easting, northing, zone, hemisphere, 10)
        prefix = "".join(map(str, square))
        lines.append(f"{latitude},{longitude},{prefix}{east}{north},{prefix}{''.join(short)}")
    Path(__file__).with_name("lgrs_usgs.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
