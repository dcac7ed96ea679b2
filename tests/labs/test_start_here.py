"""The lab of notebook 00 that asks PyTorch for its device."""

from nnutils.labs import start_here
from nnutils.learner import setup_check


def test_the_lamp_goes_on_when_pytorch_has_answered(monkeypatch):
    row = setup_check.Row("device", "abacus: slow", "Take another.", False)
    monkeypatch.setattr(setup_check, "ask_for_device", lambda: row)
    lab = start_here.device_lab()
    off = lab.png
    assert lab.caption_text == "PyTorch was not asked yet."
    lab.press("ask")
    lab.wait()
    assert lab.caption_text == "Device: abacus: slow. Take another."
    assert lab.png != off
    lab.reset()
    assert lab.png == off
