"""The pipeline in PyTorch: device, network, training, evaluation, saved and copied weights.

Derived in notebooks 08 and 09. The training set lies on the device as a whole, and a batch is a
choice of its rows: no data loader, no worker processes, and the same code on CPU, CUDA and MPS.
"""

import math
import os
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from tqdm.auto import tqdm

from nnutils.checks import finite_number, whole_number
from nnutils.datasets import to_inputs
from nnutils.losses import check_labels

PROGRESS_BAR = "{l_bar}{bar}| {n:.1f}/{total} epochs [{elapsed}<{remaining}{postfix}]"


def get_device():
    """Return the ``torch.device`` to compute on: CUDA, else MPS, else CPU.

    The variable NNUTILS_DEVICE, for example ``cpu`` or ``cuda:1``, overrides the choice. Raises
    ValueError when it names a device that is not there. Derived in notebook 09.
    """
    name = os.environ.get("NNUTILS_DEVICE", "").strip().lower()  # Windows' `set` keeps a space
    if not name:
        return next(d for d in map(torch.device, ("cuda", "mps", "cpu")) if _is_there(d))
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or not _is_there(device):
        there = [kind for kind in ("cuda", "mps", "cpu") if _is_there(torch.device(kind))]
        raise ValueError(f"NNUTILS_DEVICE must be one of {there} on this machine, got {name!r}")
    return device


def make_mlp(*sizes, generator=None):
    """Return a fully connected network with ReLU between its layers, for example (784, 512, 10).

    It takes (n, 784) as well as (n, 28, 28) and returns logits, shape (n, sizes[-1]): there is no
    activation after the last layer. The first weights are torch's own, uniform within ±1/√n_in, and
    come from ``generator``, a ``torch.Generator`` on the CPU. Raises ValueError unless there are at
    least two sizes, all of them whole numbers of at least 1. Derived in notebook 09.
    """
    sizes = [whole_number("a size", size) for size in sizes]
    if len(sizes) < 2:
        raise ValueError(f"make_mlp needs at least two sizes, got {sizes}")
    layers = [nn.Flatten()]
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [_draw_weights(nn.Linear(n_in, n_out), generator), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@dataclass
class History:
    """What ``train`` measured; each list has one number for each finished epoch.

    ``loss`` and ``accuracy`` are means over the batches as the network met them, while it was
    learning; smoothed labels count in this loss. ``val_loss`` and ``val_accuracy`` come after the
    epoch and stay empty without validation images. ``seconds`` is the time the epoch took,
    ``progress`` the share of all batches that is done, from 0 to 1, and ``interrupted`` says that
    training was stopped early.
    """

    loss: list = field(default_factory=list)
    accuracy: list = field(default_factory=list)
    val_loss: list = field(default_factory=list)
    val_accuracy: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    progress: float = 0.0
    interrupted: bool = False


def train(
    model,
    X,
    y,
    *,
    epochs=8,
    batch_size=128,
    peak_rate=2e-3,
    label_smoothing=0.0,
    X_val=None,
    y_val=None,
    generator=None,
    device=None,
    on_epoch=None,
):
    """Train ``model`` to tell the classes of the images apart and return its ``History``.

    X has shape (n, 28, 28), or whatever the model takes: uint8 from 0 to 255, which is scaled to
    0 … 1, or floats, which are left as they are; y has shape (n,), 0 … C − 1. Both may be NumPy
    arrays or tensors. The loss is the cross-entropy, the optimizer Adam (Kingma and Ba 2015); its
    rate rises to ``peak_rate`` and falls again, one cycle in all (Smith and Topin 2019,
    "Super-Convergence"). With ``label_smoothing``, from 0 to below 1, the right class is to get the
    probability 1 − label_smoothing, and all C classes share the rest equally (Szegedy et al. 2016,
    "Rethinking the Inception Architecture"). ``generator``, a ``torch.Generator`` on the CPU,
    shuffles the images; ``device`` None means ``get_device()``. ``on_epoch(history)`` is called
    after each epoch. An interrupt (Jupyter's ■) ends the training and keeps what was learned. A
    last batch of one image joins the batch before it: batch normalization needs two. Raises
    ValueError when lengths differ, a setting is out of its bounds or not finite, the images are
    neither uint8 nor floats, or the labels are not whole numbers in 0 … C − 1. Derived in
    notebook 09.
    """
    epochs = whole_number("epochs", epochs)
    steps = train_steps(
        model,
        X,
        y,
        epochs=epochs,
        batch_size=batch_size,
        peak_rate=peak_rate,
        label_smoothing=label_smoothing,
        X_val=X_val,
        y_val=y_val,
        generator=generator,
        device=device,
    )
    history = History()
    quiet = os.environ.get("TQDM_DISABLE") == "1"  # tqdm's switch; its bar in a notebook ignores it
    with tqdm(total=epochs, bar_format=PROGRESS_BAR, disable=quiet) as bar, closing(steps):
        finished = 0
        try:
            for history in steps:
                bar.update(history.progress * epochs - bar.n)
                if len(history.loss) > finished:
                    finished = len(history.loss)
                    bar.set_postfix_str(
                        f"loss {history.loss[-1]:.3f}, accuracy {history.accuracy[-1]:.3f}"
                    )
                    if on_epoch is not None:
                        on_epoch(history)
        except KeyboardInterrupt:
            history.interrupted = True
    return history


def train_steps(
    model,
    X,
    y,
    *,
    epochs=8,
    batch_size=128,
    peak_rate=2e-3,
    label_smoothing=0.0,
    X_val=None,
    y_val=None,
    generator=None,
    device=None,
):
    """Train as ``train`` does, but yield the ``History`` after every batch and every epoch.

    A lab draws in between, and stops the training by asking for no more: the model keeps what it
    has learned. Arguments and errors are those of ``train``; nothing happens before the first
    batch is asked for. Derived in notebook 09.
    """
    epochs, batch_size = whole_number("epochs", epochs), whole_number("batch_size", batch_size)
    finite_number("peak_rate", peak_rate, above=0)
    finite_number("label_smoothing", label_smoothing, at_least=0, below=1)
    y, highest = _check_examples(X, y, X_val, y_val)
    device = get_device() if device is None else torch.device(device)
    model.to(device)
    X, y = _images(X).to(device), y.to(device)
    starts = range(0, max(1, len(X) - (batch_size > 1)), batch_size)  # no last batch of one
    steps = epochs * len(starts)
    optimizer = torch.optim.Adam(model.parameters(), lr=peak_rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak_rate, total_steps=steps)
    history = History()
    with _mode(model, training=True):
        for _ in range(epochs):
            start = time.perf_counter()
            loss_sum, correct = 0.0, 0
            order = torch.randperm(len(X), generator=generator).to(device)
            for rows in order.tensor_split(list(starts[1:])):
                x, labels = to_inputs(X[rows]), y[rows]
                loss, hits = _learn(model, x, labels, highest, label_smoothing, optimizer)
                schedule.step()
                loss_sum, correct = loss_sum + loss * len(rows), correct + hits
                history.progress = schedule.last_epoch / steps
                yield history
            history.loss.append(loss_sum.item() / len(X))
            history.accuracy.append(correct.item() / len(X))
            if X_val is not None:
                loss, accuracy = evaluate(model, X_val, y_val)
                history.val_loss.append(loss)
                history.val_accuracy.append(accuracy)
            history.seconds.append(time.perf_counter() - start)
            yield history


def evaluate(model, X, y):
    """Return the mean cross-entropy of ``model`` on the images X and its accuracy, two floats.

    X and y are what ``train`` takes, the accuracy is correct / all. Nothing is learned: no dropout,
    no gradients. Raises ValueError when X and y differ in length, and when a label is not one of
    0 … C − 1. Derived in notebook 09.
    """
    _check_lengths(X, y)
    logits = _logits(model, X)
    y = _labels(y, logits.shape[1]).to(logits.device)
    correct = (logits.argmax(dim=1) == y).sum()
    return F.cross_entropy(logits, y).item(), correct.item() / len(y)


def predict(model, X):
    """Return the probability that ``model`` gives each class: a NumPy array (n, C), rows sum to 1.

    X is what ``train`` takes. Nothing is learned: no dropout, no gradients. Derived in notebook 09.
    """
    return _logits(model, X).softmax(dim=1).cpu().numpy()


def _draw_weights(layer, generator):
    """Draw weights and biases as torch does, but from ``generator``; return the layer."""
    bound = layer.weight[0].numel() ** -0.5  # each output is a sum over so many inputs
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer


def _is_there(device):
    if device.type == "cuda":
        return (device.index or 0) < torch.cuda.device_count()
    return device.type == "cpu" or (device.type == "mps" and torch.backends.mps.is_available())


@contextmanager
def _mode(model, training):
    """Switch the model to training or to evaluation, and afterwards back to what it was."""
    before = model.training
    model.train(training)
    try:
        yield
    finally:
        model.train(before)


def _learn(model, x, y, highest, label_smoothing, optimizer):
    """Learn from one batch: forward, loss, backward, update. Return loss and correct answers.

    ``highest`` is the largest label of all: on a GPU one that is not there would end the kernel.
    """
    logits = model(x)
    if highest >= logits.shape[1]:
        raise ValueError(f"labels must lie in 0 … {logits.shape[1] - 1}, got {highest}")
    loss = F.cross_entropy(logits, y, label_smoothing=label_smoothing)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach(), (logits.argmax(dim=1) == y).sum()


def _logits(model, X, batch_size=1000):
    """Return the model's outputs, computed in batches: the images in between can need much room."""
    device = next(model.parameters()).device
    with _mode(model, training=False), torch.no_grad():
        batches = _images(X).split(batch_size)
        return torch.cat([model(to_inputs(batch.to(device))) for batch in batches])


def _tensor(array):
    """Return a tensor as it is, and a copy of an array, which may be read-only or flipped."""
    if isinstance(array, torch.Tensor):
        return array
    return torch.tensor(np.ascontiguousarray(array))


def _images(X):
    """Return X as a tensor, uint8 or float32."""
    X = _tensor(X)
    to_inputs(X[:1])  # an error if it holds numbers of another kind
    return X if X.dtype == torch.uint8 else X.float()


def _labels(y, classes=math.inf):
    """Return the labels y as a tensor of int64 on the CPU, where they are checked."""
    y = y.cpu() if isinstance(y, torch.Tensor) else y
    return torch.from_numpy(check_labels(y, len(y), classes))


def _check_lengths(X, y):
    if len(X) != len(y) or len(X) == 0:
        raise ValueError(f"X and y must have one length above 0, got {len(X)} and {len(y)}")


def _check_examples(X, y, X_val, y_val):
    """Return the labels y as a tensor, and the highest label of all."""
    _check_lengths(X, y)
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val must be given together, got only one of them")
    y = _labels(y)
    highest = y.max().item()
    if X_val is not None:
        _check_lengths(X_val, y_val)
        highest = max(highest, _labels(y_val).max().item())
    return y, highest


# --- Weights from elsewhere: a NumPy network, a file ----------------------------------------------


def copy_weights(arrays, model):
    """Copy the parameters of a NumPy network into ``model``, one by one, and return the model.

    ``arrays`` is a list [W1, b1, W2, b2, …] such as ``Network.parameters`` returns, with weights
    (out, in) as torch has them. The model gets copies and keeps its dtype and its device. Raises
    ValueError, and changes nothing, when their number or a shape differs. Derived in notebook 08.
    """
    parameters = dict(model.named_parameters())
    if len(arrays) != len(parameters):
        raise ValueError(f"the model has {len(parameters)} parameters, got {len(arrays)} arrays")
    for (name, parameter), array in zip(parameters.items(), arrays):
        if np.shape(array) != parameter.shape:
            shape = tuple(parameter.shape)
            raise ValueError(f"{name} must have shape {shape}, got {np.shape(array)}")
    with torch.no_grad():
        for parameter, array in zip(parameters.values(), arrays):
            parameter.copy_(_tensor(array))
    return model


def save_model(model, path):
    """Save the state dict of ``model``, its parameters by name, in the file at ``path``.

    The file is written aside and then renamed: an interrupt leaves an older file as it was. Raises
    OSError when it cannot be written. Derived in notebook 08.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            torch.save(model.state_dict(), file)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load_model(model, path):
    """Load into ``model`` what ``save_model`` has saved at ``path``, and return the model.

    Only tensors are read (``weights_only=True``): a file of unknown origin cannot run a program.
    The model stays on its device. Raises ValueError, and changes nothing, when the file holds no
    state dict or one of other names or shapes, and OSError when it cannot be read. Derived in
    notebook 08.
    """
    file = Path(path).name
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # damaged files raise errors of many kinds
        raise ValueError(f"{file} is no file of weights that can be loaded safely") from error
    _check_state(state, model.state_dict(), file)
    model.load_state_dict(state)
    return model


def _check_state(state, expected, file):
    """Raise ValueError unless the state dict of ``file`` has the names and shapes expected."""
    if not isinstance(state, dict):
        raise ValueError(f"{file} must hold a state dict, got a {type(state).__name__}")
    for name, value in state.items():
        if not isinstance(value, torch.Tensor):
            raise ValueError(f"{file}: {name} must be a tensor, got a {type(value).__name__}")
    if state.keys() != expected.keys():
        names = ", ".join(map(str, state)) or "no names"
        raise ValueError(f"{file} must hold {', '.join(expected)}, got {names}")
    for name, tensor in expected.items():
        if state[name].shape != tensor.shape:
            shape, got = tuple(tensor.shape), tuple(state[name].shape)
            raise ValueError(f"{file}: {name} must have shape {shape}, got {got}")


# --- A network of convolutions --------------------------------------------------------------------


def make_cnn(generator=None):
    """Return the convolutional network of notebook 10, which reads pictures of 28×28 pixels.

    It takes (n, 28, 28) and returns logits, shape (n, 10). Two convolutions with kernels of 5×5
    pixels, 1 → 16 → 32 channels, each with ReLU and max pooling, are followed by 128 units with
    dropout and by 10 units: 80,202 parameters in all. The first weights are drawn as in
    ``make_mlp``; dropout draws from torch's own generator, which ``torch.manual_seed`` starts. The
    memory format is ``channels_last``: the same numbers in about three quarters of the time.
    Derived in notebook 10; LeCun et al., "Gradient-based learning applied to document recognition",
    1998.
    """
    model = nn.Sequential(
        nn.Unflatten(1, (1, 28)),  # one channel: (n, 28, 28) → (n, 1, 28, 28)
        _draw_weights(nn.Conv2d(1, 16, 5), generator),
        nn.ReLU(),
        nn.MaxPool2d(2),
        _draw_weights(nn.Conv2d(16, 32, 5), generator),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        _draw_weights(nn.Linear(32 * 4 * 4, 128), generator),
        nn.ReLU(),
        nn.Dropout(0.5),
        _draw_weights(nn.Linear(128, 10), generator),
    )
    return model.to(memory_format=torch.channels_last)  # all channels of a pixel side by side


def fool(model, x, y, epsilon):
    """Return the inputs with each pixel moved by ``epsilon`` to where the loss rises.

    ``x`` has shape (n, 28, 28), floats from 0 to 1, ``y`` holds the right classes (n,), both on the
    device of ``model``. The pixels stay between 0 and 1; one without a slope does not move. A
    negative ``epsilon`` lets the loss fall: y may then be the classes that are to be read. Nothing
    is learned, and dropout is on or off as in ``model``. Derived in notebook 10; the fast gradient
    sign method of Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples",
    2015.
    """
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(F.cross_entropy(model(x), y), x)
    return (x + epsilon * slope.sign()).clamp(0, 1).detach()
