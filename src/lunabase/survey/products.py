"""A survey's maps as files: one NetCDF for xarray, one cloud-optimised GeoTIFF per map for a GIS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
import xarray as xr
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from lunabase.errors import LunabaseError
from lunabase.record.whole import whole_file
from lunabase.survey.maps import kind_of
from lunabase.terrain.grid import MapGrid

_BLOCK = 256


def write_netcdf(maps: xr.Dataset, path: Path) -> None:
    """Write all maps into one NetCDF-4 file after the CF conventions. It appears whole or not at all."""
    encoding = {str(name): {"zlib": True, "complevel": 4} | _fill(values) for name, values in maps.data_vars.items()}
    with whole_file(path) as beside:
        beside.write_bytes(netcdf_bytes(maps, encoding))


def netcdf_bytes(maps: xr.Dataset, encoding: Mapping[str, Any] | None = None) -> bytes:
    """Return a dataset as a NetCDF-4 file in memory: HDF5 itself crashes the process on a disk that is full."""
    made = maps.to_netcdf(None, engine="h5netcdf", encoding=encoding)
    return bytes(made)


def _fill(values: xr.DataArray) -> dict[str, Any]:
    return {"_FillValue": np.float32(np.nan)} if values.dtype.kind == "f" else {}


def write_cog(values: xr.DataArray, grid: MapGrid, path: Path, tags: dict[str, str]) -> None:
    """Write one map as a cloud-optimised GeoTIFF: tiled, with overviews, unit, description and no-data value.

    tags: what the file says about itself, besides the map's own words. It appears whole or not at all. Raises
    LunabaseError when GDAL can't write it.
    """
    is_mask = values.dtype.kind == "b" or values.dtype.itemsize == 1
    band: NDArray[Any] = values.to_numpy().astype(np.uint8 if is_mask else np.float32)
    west, _, _, north = grid.bounds
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "height": grid.rows,
        "width": grid.columns,
        "count": 1,
        "dtype": band.dtype.name,
        "crs": rasterio.crs.CRS.from_wkt(grid.crs.to_wkt()),
        "transform": rasterio.Affine(grid.pixel_m, 0.0, west, 0.0, -grid.pixel_m, north),
        "nodata": 255 if is_mask else np.nan,
    }
    words = {"TIFFTAG_IMAGEDESCRIPTION": f"{values.attrs['long_name']}. {values.attrs['comment']}"}
    try:
        with whole_file(path) as beside, MemoryFile() as memory:
            with memory.open(**profile) as raster:
                raster.write(band, 1)
                raster.set_band_description(1, str(values.attrs["long_name"]))
                raster.set_band_unit(1, str(values.attrs["units"]))
                raster.update_tags(**words, **tags)
            with memory.open() as raster:
                smoother = "nearest" if is_mask else "average"
                rasterio.shutil.copy(
                    raster,
                    beside,
                    driver="COG",
                    compress="deflate",
                    predictor="YES",
                    blocksize=_BLOCK,
                    overview_resampling=smoother,
                )
    except rasterio.errors.RasterioError as failed:
        raise LunabaseError(f"can't write the map: {failed}.", where=str(path), fix="Free some space.") from failed


def map_summary(values: xr.DataArray) -> dict[str, Any]:
    """Return what a map says in numbers: unit, words, least, median and greatest value, pixels without data."""
    data = values.to_numpy().astype(np.float64)
    known = data[np.isfinite(data)]
    summary: dict[str, Any] = {"title": str(values.attrs["long_name"]), "unit": kind_of(values).unit}
    if known.size:
        low, median, high = np.quantile(known, (0.0, 0.5, 1.0))
        summary |= {
            key: float(f"{value:.6g}")
            for key, value in zip(("least", "median", "greatest"), (low, median, high), strict=True)
        }
    return summary | {"pixels_without_data": int(data.size - known.size)}


def write_json(document: dict[str, Any], path: Path) -> None:
    """Write a document as JSON, whole or not at all."""
    with whole_file(path) as beside:
        beside.write_text(json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
