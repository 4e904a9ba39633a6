"""Elevation models in the form of LOLA's gridded products: a raw image and a detached PDS3 label.

The keywords, their order, nesting and units are those of the label of LDEM_875S_5M (LRO-L-LOLA-4-GDR-V1.0,
PDS Geosciences Node), with other sizes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

LABEL = """PDS_VERSION_ID            = "PDS3"
PRODUCT_VERSION_ID        = "V2.0"
DATA_SET_ID               = "LRO-L-LOLA-4-GDR-V1.0"
PRODUCT_ID                = "{name}"
INSTRUMENT_NAME           = "LUNAR ORBITER LASER ALTIMETER"
TARGET_NAME               = MOON
OBJECT                    = UNCOMPRESSED_FILE
  FILE_NAME               = "{name}.IMG"
  RECORD_TYPE             = FIXED_LENGTH
  FILE_RECORDS            = {lines}
  RECORD_BYTES            = {record}
  ^IMAGE                  = "{name}.IMG"
  OBJECT                  = IMAGE
    NAME                  = HEIGHT
    DESCRIPTION           = "Each sample represents height relative to a
                             reference radius (OFFSET) and is generated
                             using preliminary LOLA data."
    LINES                 = {lines}
    LINE_SAMPLES          = {samples}
    SAMPLE_TYPE           = {kind}
    SAMPLE_BITS           = {bits}
    UNIT                  = {unit}
    SCALING_FACTOR        = {scale}
    OFFSET                = {offset}
  END_OBJECT              = IMAGE
END_OBJECT                = UNCOMPRESSED_FILE
OBJECT                    = IMAGE_MAP_PROJECTION
 ^DATA_SET_MAP_PROJECTION     = "DSMAP_POLAR.CAT"
 MAP_PROJECTION_TYPE          = "{projection}"
 KEYWORD_LATITUDE_TYPE        = "PLANETOCENTRIC"
 MAP_RESOLUTION               = {resolution} <pix/deg>
 A_AXIS_RADIUS                = 1737.4 <km>
 B_AXIS_RADIUS                = 1737.4 <km>
 C_AXIS_RADIUS                = 1737.4 <km>
 POSITIVE_LONGITUDE_DIRECTION = "EAST"
 CENTER_LATITUDE              = {latitude} <deg>
 CENTER_LONGITUDE             = {longitude} <deg>
 LINE_FIRST_PIXEL             = 1
 LINE_LAST_PIXEL              = {lines}
 SAMPLE_FIRST_PIXEL           = 1
 SAMPLE_LAST_PIXEL            = {samples}
 MAP_PROJECTION_ROTATION      = 0.0
 MAP_SCALE                    = {map_scale}
 MAXIMUM_LATITUDE             = {highest} <deg>
 MINIMUM_LATITUDE             = {lowest} <deg>
 WESTERNMOST_LONGITUDE        = 'N/A'
 EASTERNMOST_LONGITUDE        = 'N/A'
 LINE_PROJECTION_OFFSET       = {line_offset} <pix>
 SAMPLE_PROJECTION_OFFSET     = {sample_offset} <pix>
 COORDINATE_SYSTEM_TYPE       = "BODY-FIXED ROTATING"
 COORDINATE_SYSTEM_NAME       = "MEAN EARTH/POLAR AXIS OF DE421"
END_OBJECT                    = IMAGE_MAP_PROJECTION
END
"""

POLAR = {
    "unit": "METER",
    "scale": 0.5,
    "offset": "1737400.",
    "projection": "POLAR STEREOGRAPHIC",
    "resolution": 1516.17,
    "latitude": -90,
    "longitude": 0,
    "map_scale": "20 <m/pix>",
    "highest": -80,
    "lowest": -90,
}


def write_lola(folder: Path, stored: np.ndarray, name: str = "LDEM_80S_20M", **changes: object) -> Path:
    """Write NAME.IMG and NAME.LBL, south polar at 20 m unless changed; return the label."""
    lines, samples = stored.shape
    facts = {
        **POLAR,
        "name": name,
        "lines": lines,
        "samples": samples,
        "record": samples * stored.itemsize,
        "kind": "LSB_INTEGER" if stored.dtype.kind == "i" else "PC_REAL",
        "bits": stored.itemsize * 8,
        "line_offset": (lines - 1) / 2,
        "sample_offset": (samples - 1) / 2,
    }
    label = folder / f"{name}.LBL"
    label.write_bytes(LABEL.format(**(facts | changes)).replace("\n", "\r\n").encode())
    stored.astype(stored.dtype.newbyteorder("<")).tofile(folder / f"{name}.IMG")
    return label
