"""What everybody reads and agrees to before a camera is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

TEXT = """
# Flinch

Flinch watches a face for **micro-expressions**: brief involuntary movements of at most half a second.

**What is processed.** The pictures of the camera, or of a clip that you choose, on the machine that serves
this page. They are analysed in memory: where the face lies, how its skin moves, which of three classes a
brief movement resembles. No picture and no result goes to any other machine.

**What is kept.** Nothing, unless you switch recording on, or ask for results to be kept. Both can be deleted
in the page.

**What it may not be used for.** A candidate is not a verdict. Flinch does not detect lies: no facial movement
shows that a person lies. It must not be used to judge people, in hiring, at work, in schools, at borders, in
policing, insurance or credit. Inferring emotions of people at work and in education is prohibited in the
European Union (AI Act, Regulation (EU) 2024/1689, Article 5(1)(f)).

**Who is watched must know it and agree.**
"""


@dataclass(frozen=True, slots=True)
class Gate:
    """The question and its answer."""

    words: gr.Column
    agree: gr.Button

    def agreed(self, rooms: gr.Column) -> None:
        """Opens `rooms` in place of the question."""
        self.agree.click(
            lambda: (gr.update(visible=False), gr.update(visible=True)),
            outputs=[self.words, rooms],
            api_visibility="private",
            show_progress="hidden",
            queue=False,  # answered at once, whatever waits or streams
        )


def build() -> Gate:
    with gr.Column(elem_id="consent") as words:
        gr.Markdown(TEXT)
        agree = gr.Button("Everyone in view agrees: begin", variant="primary", elem_id="agree")
    return Gate(words, agree)
