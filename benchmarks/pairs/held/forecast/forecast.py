"""What the weather is like near a place."""

from stations import reading

from gitops_healer.recorder import tool

NEAR = {
    "harbour": ["pier", "lighthouse"],
    "hill": ["summit", "hut", "pier"],
    "town": ["square", "station"],
}


def feels_like(celsius, wind):
    if celsius > 10 or wind < 4.8:
        return celsius
    power = wind**0.16
    return 13.12 + 0.6215 * celsius - 11.37 * power + 0.3965 * celsius * power


@tool(requires_mocking="stations.reading")
def conditions(place, hours=1):
    """Mean of the stations near a place; the wind counts where it is strongest."""
    temperatures = []
    strongest = 0
    silent = []
    for station in NEAR[place]:
        value = reading(station, f"temperature-{hours}h")
        if value is None:
            silent.append(station)
            continue
        temperatures.append(value)
        wind = reading(station, f"wind-{hours}h")
        strongest = max(strongest, wind or 0)
    if not temperatures:
        return {"place": place, "known": False, "silent": silent}
    mean = sum(temperatures) / len(temperatures)
    return {
        "place": place,
        "known": True,
        "celsius": round(mean, 1),
        "wind": strongest,
        "feels": round(feels_like(mean, strongest), 1),
        "silent": silent,
    }
