"""What the Calibrate tab shows: the three steps, the countdown, and what was measured."""

from __future__ import annotations

import math
from html import escape

from realtime.profile.camera_check import CameraReport
from realtime.profile.neutral import Neutral
from realtime.spotting.regions import REGIONS
from realtime.web.calibration import CAMERA_S, MEASURING, NEUTRAL_S, PAUSE_S, Calibration, Step

AROUND = 2 * math.pi * 52  # of the countdown's ring
LASTS = {Step.CAMERA: CAMERA_S, Step.PAUSE: PAUSE_S, Step.NEUTRAL: NEUTRAL_S}
TITLES = {
    None: "Ready when you are",
    Step.WAITING: "Waiting for the picture",
    Step.CAMERA: "Looking at the camera",
    Step.PAUSE: "Sit still now",
    Step.NEUTRAL: "Rest your face",
    Step.DONE: "Done",
    Step.FAILED: "That did not work",
}
WORDS = {
    None: "Sit as you will later, light your face from the front, and press Begin. It takes 25 seconds.",
    Step.WAITING: "Allow the camera where the browser asks. The analysis then loads for a few seconds.",
    Step.CAMERA: "You may move. Frame rate, jitter, exposure and flicker are measured.",
    Step.PAUSE: "Look at the camera, mouth closed, nothing to do.",
    Step.NEUTRAL: "Look ahead, do not talk, blink as you like. Every face trembles; this is yours.",
}
STEPS = (("Camera", (Step.CAMERA,)), ("Resting face", (Step.PAUSE, Step.NEUTRAL)), ("Profile", (Step.DONE,)))


def board_html(found: Calibration | None, left_s: float, used: str) -> str:
    """The whole board; `used` is the profile of the next live session."""
    step = None if found is None else found.step
    words = WORDS.get(step, "") if found is None else words_of(found, used)
    parts = [
        steps_html(step),
        '<div class="calibrate-now">',
        ring_html(step, left_s),
        f'<div aria-live="polite"><h3>{TITLES[step]}</h3><p>{escape(words)}</p>{hint_html(found)}</div>',
        "</div>",
    ]
    if found is not None and found.camera is not None:
        parts.append(camera_html(found.camera if found.profile is None else found.profile.camera))
    if found is not None and found.profile is not None and found.profile.neutral is not None:
        parts.append(neutral_html(found.profile.neutral))
    kind = "idle" if step is None else step.value
    token = escape(
        f"{used}|{'' if found is None or found.profile is None else found.profile.made}", quote=True
    )
    return f'<section class="calibrate calibrate-is-{kind}" data-profile="{token}">{"".join(parts)}</section>'


def words_of(found: Calibration, used: str) -> str:
    if found.step is Step.FAILED:
        return found.words
    if found.step is Step.DONE:
        return f"Profile “{found.name}” is saved{' and in use' if found.name == used else ', not in use'}."
    return f"{WORDS[found.step]} This becomes the profile “{found.name}”."


def steps_html(step: Step | None) -> str:
    """Which of the three steps is done, going on, or still to come."""
    order = [None, Step.WAITING, Step.CAMERA, Step.PAUSE, Step.NEUTRAL, Step.DONE]
    at = order.index(step) if step in order else 0
    items = []
    for number, (title, steps) in enumerate(STEPS, 1):
        places = [order.index(each) for each in steps]
        kind = "now" if at in places else "done" if at > max(places) else "next"
        kind = "done" if step is Step.DONE else kind
        items.append(f'<li class="calibrate-step-{kind}"><span>{number}</span>{title}</li>')
    return f'<ol class="calibrate-steps">{"".join(items)}</ol>'


def ring_html(step: Step | None, left_s: float) -> str:
    """Seconds left within a ring that empties."""
    share = left_s / LASTS[step] if step in LASTS else float(step is Step.DONE)
    inside = {Step.DONE: "✓", Step.FAILED: "!", None: "", Step.WAITING: "…"}.get(step, str(math.ceil(left_s)))
    return (
        '<svg class="calibrate-ring" viewBox="0 0 120 120" role="timer" aria-label="seconds left">'
        '<circle cx="60" cy="60" r="52"/>'
        f'<circle class="calibrate-left" cx="60" cy="60" r="52" stroke-dasharray="{AROUND:.1f}" '
        f'stroke-dashoffset="{AROUND * (1 - share):.1f}"/>'
        f'<text x="60" y="60" dy="0.36em" text-anchor="middle">{inside}</text></svg>'
    )


def hint_html(found: Calibration | None) -> str:
    """What is wrong at this moment, so that it can be mended before the time is up."""
    if found is None or found.sink is None or found.step is not Step.NEUTRAL:
        return ""
    word = found.sink.meter.word
    kind = "good" if word.startswith("good") else "bad"
    return f'<p class="calibrate-hint calibrate-{kind}">{escape(word)}</p>' if word else ""


def camera_html(report: CameraReport) -> str:
    rows = (
        ("size", f"{report.width}×{report.height}"),
        ("true rate", f"{report.fps:.1f} fps"),
        ("jitter", f"{report.jitter_ms:.1f} ms"),
        ("longest gap", f"{report.longest_gap_ms:.0f} ms"),
        ("lost, skipped here", f"{report.lost}, {report.skipped}"),
        ("repeated", f"{report.repeated:.1%}"),
        ("brightness", f"{report.brightness:.0f} of 255"),
        ("black, burnt out", f"{report.dark:.1%}, {report.bright:.1%}"),
        ("drift, flicker", f"{report.drift:.1%}, {report.flicker:.2%}"),
    )
    figures = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    advice = "".join(f"<li>{escape(line)}</li>" for line in report.advice())
    said = (
        f'<ul class="calibrate-advice">{advice}</ul>'
        if advice
        else '<p class="calibrate-good">nothing to mend</p>'
    )
    return f'<div class="calibrate-part"><h4>Camera</h4><dl>{figures}</dl>{said}</div>'


def neutral_html(neutral: Neutral) -> str:
    """The noise floor of each region as a bar."""
    most = max(*neutral.noise_px, 0.1)
    rows = "".join(
        f"<dt>{name.replace('_', ' ')}</dt>"
        f"<dd><i style='width:{100 * px / most:.0f}%'></i><b>{px:.3f}</b></dd>"
        for name, px in zip(REGIONS, neutral.noise_px, strict=True)
    )
    return (
        '<div class="calibrate-part calibrate-noise"><h4>At rest <small>px of tremble in each region, '
        f"{neutral.frames} frames, eyes {neutral.iod_px:.0f} px apart</small></h4><dl>{rows}</dl></div>"
    )


def measuring(found: Calibration | None) -> bool:
    return found is not None and found.step in MEASURING
