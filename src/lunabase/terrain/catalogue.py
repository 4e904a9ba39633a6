"""The catalogue of public lunar elevation models: where each is published, and how to cite it."""

from __future__ import annotations

from dataclasses import dataclass

from lunabase.errors import InputError

_PGDA = "https://pgda.gsfc.nasa.gov/data"
_PDS = "https://pds-geosciences.wustl.edu/lro/lro-l-lola-3-rdr-v1/lrolol_1xxx/data/lola_gdr"

_BARKER_2021 = "Barker et al. 2021, Planet. Space Sci. 203, 105119, doi:10.1016/j.pss.2020.105119 (PGDA product 78)"
_BARKER_2021_87S = "Barker et al. 2021, Planet. Space Sci. 203, 105119, doi:10.1016/j.pss.2020.105119 (PGDA product 81)"
_BARKER_2023 = "Barker et al. 2023, Planet. Sci. J. 4, 183, doi:10.3847/PSJ/acf3e1 (PGDA product 90)"
_LOLA_GDR = "LRO-L-LOLA-4-GDR-V1.0, NASA PDS Geosciences Node, doi:10.17189/1520642"


@dataclass(frozen=True, slots=True)
class Product:
    """A published elevation model.

    urls: its files; the first is the one to give to `lunabase dem info` and `lunabase survey`.
    pixel_m: size of a pixel at true scale. region: in words.
    size_bytes: of the largest file; None where no source states it. exact: whether to the byte.
    is_elevation: False for the errors of heights, which are no heights.
    """

    name: str
    urls: tuple[str, ...]
    pixel_m: float
    region: str
    citation: str
    size_bytes: int | None = None
    exact: bool = False
    is_elevation: bool = True


def _site(number: str, place: str) -> Product:
    url = f"{_PGDA}/LOLA_5mpp/Site{number}/Site{number}_final_adj_5mpp_surf.tif"
    return Product(f"Site{number}", (url,), 5.0, place, _BARKER_2021, 41_000_000)


def _large_area(name: str, pixel_m: float, region: str, size_bytes: int, *, exact: bool = False) -> Product:
    urls = (f"{_PGDA}/LOLA_20mpp/{name}.TIF",)
    return Product(name, urls, pixel_m, region, _BARKER_2023, size_bytes, exact, not name.endswith("_ERR"))


def _gdr(name: str, folder: str, pixel_m: float, region: str, size_bytes: int) -> Product:
    image = f"{_PDS}/{folder}/img/{name.lower()}"
    return Product(name, (f"{image}.lbl", f"{image}.img"), pixel_m, region, _LOLA_GDR, size_bytes, exact=True)


PRODUCTS = (
    _site("01", "Shackleton - de Gerlache connecting ridge"),
    _site("04", "Shackleton rim"),
    _site("06", "south polar site 6"),
    _site("07", "south polar site 7"),
    _site("11", "de Gerlache rim"),
    _site("23", "Malapert massif"),
    Product(
        "LDEM_87S_5MPP",
        (f"{_PGDA}/LOLA_5mpp/87S/ldem_87s_5mpp.tif",),
        5.0,
        "87 S to the pole",
        _BARKER_2021_87S,
        3_465_285_714,
        exact=True,
    ),
    _large_area("LDEM_83S_10MPP_ADJ", 10.0, "83 S to the pole", 5_100_000_000),
    _large_area("LDEM_80S_20MPP_ADJ", 20.0, "80 S to the pole", 2_696_082_051, exact=True),
    _large_area("LDEM_80S_80MPP_ADJ", 80.0, "80 S to the pole", 189_158_392, exact=True),
    _large_area("LDEM_80S_80MPP_ADJ_ERR", 80.0, "height error of LDEM_80S_80MPP_ADJ", 254_808_965, exact=True),
    _large_area("LDEM_60S_240MPP_ADJ", 240.0, "60 S to the pole", 220_000_000),
    _gdr("LDEM_875S_5M", "polar", 5.0, "87.5 S to the pole", 30336 * 30336 * 2),
    _gdr("LDEM_85S_10M", "polar", 10.0, "85 S to the pole", 30336 * 30336 * 2),
    _gdr("LDEM_80S_20M", "polar", 20.0, "80 S to the pole", 30400 * 30400 * 2),
    _gdr("LDEM_85S_40M", "polar", 40.0, "85 S to the pole", 7584 * 7584 * 2),
    _gdr("LDEM_80S_80M", "polar", 80.0, "80 S to the pole", 7600 * 7600 * 2),
    _gdr("LDEM_4", "cylindrical", 7580.8, "the whole Moon", 1440 * 720 * 2),
)
"""Sizes are those of the product pages, the servers' answers, or rows x columns x 2 bytes of the PDS images."""


def product(name: str) -> Product:
    """Return the product of a name, in any case and with or without its files' ending.

    Raises InputError for a name that isn't in the catalogue.
    """
    wanted = name.lower()
    for item in PRODUCTS:
        files = [url.rsplit("/", 1)[1].lower() for url in item.urls]
        if wanted == item.name.lower() or wanted in files or wanted in [file.rsplit(".", 1)[0] for file in files]:
            return item
    known = ", ".join(item.name for item in PRODUCTS)
    raise InputError(f"the catalogue has no elevation model {name!r}.", fix=f"Give one of {known}.")
