"""Places of the numbers in the twin's arrays: the channels of a telemetry row and the accounts of the ledger.

The kernels index by these constants; everybody else goes by name. Flows in a row are means over its step,
stores and temperatures are those at the end of the step.
"""

from __future__ import annotations

CHANNELS = (
    "state_of_charge",
    "stored_energy_j",
    "array_available_w",
    "array_power_w",
    "source_w",
    "generation_w",
    "load_w",
    "charge_w",
    "curtailed_w",
    "unserved_w",
    "heater_w",
    "recorder_bit",
    "recorder_fill",
    "produced_bit_per_s",
    "downlink_bit_per_s",
    "overflow_bit_per_s",
    "operating_margin_k",
    "survival_margin_k",
    "store_capacity_j",
    "stores_refusing",
    "converter_loss_w",
)
"""The channels that every station has, in order; the temperatures of its nodes and the charge of its stores follow."""

(
    STATE_OF_CHARGE,
    STORED_ENERGY,
    ARRAY_AVAILABLE,
    ARRAY_POWER,
    SOURCE,
    GENERATION,
    LOAD,
    CHARGE,
    CURTAILED,
    UNSERVED,
    HEATER,
    RECORDER,
    RECORDER_FILL,
    PRODUCED_RATE,
    DOWNLINK_RATE,
    OVERFLOW_RATE,
    OPERATING_MARGIN,
    SURVIVAL_MARGIN,
    STORE_CAPACITY,
    STORES_REFUSING,
    CONVERTER_LOSS,
) = range(len(CHANNELS))
FIRST_NODE = len(CHANNELS)

ACCOUNTS = (
    "array_taken_j",
    "array_left_j",
    "fission_j",
    "radioisotope_j",
    "modules_j",
    "payloads_j",
    "heaters_j",
    "radios_j",
    "recorders_j",
    "dumped_j",
    "charge_loss_j",
    "discharge_loss_j",
    "unserved_j",
    "converter_loss_j",
    "faded_j",
    "processes_j",
    "produced_bit",
    "sent_direct_bit",
    "sent_relay_bit",
    "overflow_bit",
    "unrecorded_bit",
    "resent_bit",
)
"""The accounts of the ledger: energies at the bus and data volumes, each summed from its own flow."""

(
    ARRAY_TAKEN_J,
    ARRAY_LEFT_J,
    FISSION_J,
    RADIOISOTOPE_J,
    MODULES_J,
    PAYLOADS_J,
    HEATERS_J,
    RADIOS_J,
    RECORDERS_J,
    DUMPED_J,
    CHARGE_LOSS_J,
    DISCHARGE_LOSS_J,
    UNSERVED_J,
    CONVERTER_LOSS_J,
    FADED_J,
    PROCESSES_J,
    PRODUCED_BIT,
    SENT_DIRECT_BIT,
    SENT_RELAY_BIT,
    OVERFLOW_BIT,
    UNRECORDED_BIT,
    RESENT_BIT,
) = range(len(ACCOUNTS))


def channel_names(
    node_ids: tuple[str, ...],
    store_ids: tuple[str, ...] = (),
    tank_ids: tuple[str, ...] = (),
    cabin_ids: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Names of all channels of a telemetry row, in order, for these thermal nodes, energy stores, tanks and cabins."""
    temperatures = (f"temperature_k.{node}" for node in node_ids)
    charges = (f"state_of_charge.{store}" for store in store_ids)
    contents = (f"tank_kg.{tank}" for tank in tank_ids)
    pressures = (f"{gas}pressure_pa.{cabin}" for cabin in cabin_ids for gas in ("", "oxygen_", "carbon_dioxide_"))
    return (*CHANNELS, *temperatures, *charges, *contents, *pressures)
