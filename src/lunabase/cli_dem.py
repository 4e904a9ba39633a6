"""The commands on elevation models: what a file holds, and where public ones come from."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lunabase.errors import InputError
from lunabase.progress import Ticker

if TYPE_CHECKING:
    from lunabase.terrain.catalogue import Product

dem = typer.Typer(no_args_is_help=True, help="Elevation models: what a file holds, and where to get public ones.")
screen = Console(highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@dem.command()
def info(
    files: Annotated[list[str], typer.Argument(help="GeoTIFF, PDS label or image, NetCDF.", metavar="FILE...")],
    as_json: AsJson = False,
) -> None:
    """What was understood of elevation models: place, pixel size, heights, unit, and what had to be assumed.

    Example: `lunabase dem info LDEM_80S_20MPP_ADJ.TIF Site01_final_adj_5mpp_surf.tif`
    """
    from lunabase.terrain.dem_facts import dem_facts, nesting
    from lunabase.terrain.dem_file import open_dem

    ordered = nesting([open_dem(name) for name in files])
    facts = [dem_facts(file) for file in ordered]
    if as_json:
        _print_json({"ok": True, "models": facts})
        return
    for number, each in enumerate(facts):
        if number:
            print()
        _show(each)
    if len(facts) > 1:
        print("\nnested, the first that has data counts: " + " > ".join(f"{file.name}" for file in ordered))


@dem.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Names of the catalogue.", metavar="[NAME]...")] = None,
    folder: Annotated[Path | None, typer.Option("--dir", help="Where to keep it; a cache folder if not given.")] = None,
    show_list: Annotated[bool, typer.Option("--list", help="Show the catalogue.")] = False,
    as_json: AsJson = False,
) -> None:
    """Download public elevation models; a download that broke off goes on where it stopped.

    Example: `lunabase dem fetch Site01 LDEM_80S_80MPP_ADJ --dir terrain`
    """
    from lunabase.terrain.catalogue import PRODUCTS, product

    if show_list:
        _show_catalogue(PRODUCTS, as_json)
        return
    if not names:
        raise InputError("no elevation model is named.", fix="Give names; --list shows the catalogue.")
    wanted = [product(name) for name in names]
    from lunabase.download import default_folder

    place = folder or default_folder()
    with Ticker("dem fetch") as ticker:
        found = [_fetch(item, place, ticker) for item in wanted]
    if as_json:
        models = [{"name": item.name, "file": str(path)} for item, path in zip(wanted, found, strict=True)]
        _print_json({"ok": True, "models": models})
    else:
        print("\n".join(str(path) for path in found))


def _fetch(item: Product, folder: Path, ticker: Ticker) -> Path:
    """Fetch a product's files, each made sure to be what it should; return the one to open."""
    from lunabase.download import fetch_file

    paths: list[Path] = []
    for url in item.urls:
        label = url.endswith(".lbl")
        with ticker.stage(url.rsplit("/", 1)[1]) as report:
            size_bytes = item.size_bytes if item.exact and not label else None
            check = _check_label if label else partial(_check_model, opens=paths[0] if paths else None, item=item)
            paths.append(fetch_file(url, folder, report, size_bytes, check))
    return paths[0]


def _check_label(path: Path) -> None:
    from lunabase.terrain.pds_label import read_label

    if "PDS_VERSION_ID" not in read_label(path):
        raise InputError("it is no PDS3 label.")


def _check_model(path: Path, *, opens: Path | None, item: Product) -> None:
    """Raise InputError unless the file, or the label that opens it, is an elevation model or the errors of one."""
    from lunabase.terrain.dem_file import open_dem, opened

    if item.is_elevation:
        open_dem(opens or path)
        return
    with opened(str(path)):
        pass


def _show(facts: dict[str, Any]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in _lines(facts).items():
        table.add_row(name, escape(value))
    print(facts["file"])
    screen.print(table)


def _lines(facts: dict[str, Any]) -> dict[str, str]:
    west, south, east, north = facts["bounds"]
    unit = "deg" if facts["bounds_unit"] == "degree" else "m"
    (low, high), (first, last) = facts["latitude_deg"], facts["longitude_deg"]
    code = facts["code"] or "no IAU code"
    low_m, high_m = facts["lowest_m"], facts["highest_m"]
    heights = "none" if low_m is None else f"{low_m:.1f} to {high_m:.1f} m above 1737.4 km"
    stored = f"{facts['stored_unit']}s"
    if (facts["factor_to_m"], facts["offset_m"]) != (1.0, 0.0):
        stored += f", height = {facts['factor_to_m']:.10g} m x value {facts['offset_m']:+.10g} m"
    return {
        "format": facts["format"],
        "size": f"{facts['columns']} x {facts['rows']} pixels of {facts['pixel_m']:g} m",
        "projection": f"{facts['projection']} ({code})",
        "bounds": f"west {west:.10g}, south {south:.10g}, east {east:.10g}, north {north:.10g} {unit}",
        "latitude": f"{low:.4f} to {high:.4f} deg",
        "longitude": "all round" if last - first >= 360.0 - 1e-6 else f"{first:.4f} to {last:.4f} deg east",
        "heights": f"{heights}{_looked_at(facts)}",
        "no data": f"{facts['no_data_share']:.2%} of the pixels{_looked_at(facts)}",
        "stored": stored if facts["no_data_value"] is None else f"{stored}; no data is {facts['no_data_value']:.10g}",
        "assumed": "; ".join(facts["notes"]) or "nothing",
    }


def _looked_at(facts: dict[str, Any]) -> str:
    return "" if facts["looked_at"] >= 1.0 else f" (estimated from {facts['looked_at']:.2%} of them)"


def _show_catalogue(products: tuple[Product, ...], as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "name": item.name,
                "pixel_m": item.pixel_m,
                "region": item.region,
                "size_bytes": item.size_bytes,
                "urls": list(item.urls),
                "citation": item.citation,
            }
            for item in products
        ]
        _print_json({"ok": True, "products": rows})
        return
    table = Table("name", "pixel", "size", "region", box=None, padding=(0, 2, 0, 0))
    table.columns[0].no_wrap = True
    for item in products:
        size = "" if item.size_bytes is None else _size(item.size_bytes)
        table.add_row(item.name, f"{item.pixel_m:g} m", size, item.region)
    screen.print(table)
    print("\ncite:")
    for citation in dict.fromkeys(item.citation for item in products):
        names = [item.name for item in products if item.citation == citation]
        print(f"  {', '.join(names)}:\n    {citation}")
    print("\naddresses of the files: lunabase dem fetch --list --json")


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))
