"""Bit rates in the answer."""

from __future__ import annotations

from aiortc.codecs import vpx

from realtime.web.answer import (
    BACK_KBPS,
    LEAST_KBPS,
    MOST_KBPS,
    BitRates,
    raise_limits,
    wanted_rates,
    with_rates,
)

RATES = BitRates(2000, 1000, 3000)
GOOGLE = "x-google-start-bitrate=2000;x-google-min-bitrate=1000;x-google-max-bitrate=3000"
SDP = "\r\n".join(
    [
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "a=rtpmap:102 H264/90000",
        "a=fmtp:102 packetization-mode=1",
        "a=rtpmap:103 rtx/90000",
        "a=fmtp:103 apt=102",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "",
    ]
)


def test_every_codec_that_carries_pictures_gets_the_rates() -> None:
    lines = with_rates(SDP, RATES).split("\r\n")
    assert lines[lines.index("a=rtpmap:96 VP8/90000") + 1] == f"a=fmtp:96 {GOOGLE}"
    assert f"a=fmtp:102 packetization-mode=1;{GOOGLE}" in lines
    assert {"a=fmtp:97 apt=96", "a=fmtp:103 apt=102"} <= set(lines)
    assert with_rates(SDP, RATES).endswith("webrtc-datachannel\r\n")


def test_larger_and_faster_pictures_get_more_within_bounds() -> None:
    assert wanted_rates(160, 120, 15).start == LEAST_KBPS
    assert wanted_rates(640, 480, 30).start == 2304
    assert wanted_rates(1280, 720, 30).start > wanted_rates(640, 480, 60).start
    most = wanted_rates(3840, 2160, 60)
    assert most.start == MOST_KBPS
    assert most.least < most.start < most.most


def test_the_way_back_gets_more_than_aiortc_allows_by_itself() -> None:
    raise_limits()
    encoder = vpx.Vp8Encoder()
    assert encoder.target_bitrate == BACK_KBPS * 1000
    encoder.target_bitrate = 10
    assert encoder.target_bitrate > 1_000_000
