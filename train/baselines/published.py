"""What the systems' authors, or those who compared them, report. Protocols and data differ: see there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """Figures of the composite set of 442 samples, where there are any, and where they stand."""

    title: str  # of the system, with its year
    source: str
    uf1: float | None = None
    uar: float | None = None


MEGC = "table of MEGC 2019 (See, Yap, Li, Hong, Wang, FG 2019), the same 442 samples"
OTHER_SET = "on CASME, CASME II and CAS(ME)2 joined, another set: the README of Off-TANet's release"

PUBLISHED: dict[str, Published] = {
    "causalnet": Published(
        "CausalNet, 2025",
        "arXiv 2508.06640 and the release's README; 276.6 M parameters, epoch chosen on the test subject",
        0.8976,
        0.9020,
    ),
    "off-apexnet": Published("OFF-ApexNet, 2019", f"{MEGC}; UAR read to two digits", 0.720, 0.71),
    "ststnet": Published("STSTNet, 2019", f"{MEGC}; read to two digits", 0.74, 0.76),
    "dual-inception": Published("Dual-Inception, 2019", MEGC, 0.7322, 0.7278),
    "micro-attention": Published("Micro-Attention, 2020", f"UF1 .702, UAR .709 {OTHER_SET}"),
    "off-tanet": Published("Off-TANet, 2021", f"UF1 .724, UAR .732 {OTHER_SET}"),
    "mmnet": Published("MMNet, 2022", "arXiv 2201.05297: single datasets only, from frames"),
    "htnet": Published("HTNet, 2023", "arXiv 2307.14637, the same 442 samples", 0.860),
    "srmcl": Published(
        "SRMCL, 2024",
        "the release's README, single datasets only: accuracy and F1 .790 and .789 (SMIC), .832 and .829 "
        "(CASME II), .746 and .660 (SAMM)",
    ),
    "sgcn": Published(
        "SGCN, 2024", "Neural Networks 178: SAMM and five classes of MMEW; no composite figure"
    ),
    "edmdbn": Published(
        "EDMDBN, 2025", "openreview lNPiybh4hb: SMIC, CASME II, SAMM and MMEW apart; no composite figure"
    ),
}
