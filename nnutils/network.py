"""A fully connected network in NumPy: forward, backward, update. Derived in notebook 06.

A layer keeps what it was given in the forward pass, because the backward pass needs it.
"""

from itertools import pairwise

import numpy as np

from nnutils import activations, losses
from nnutils.checks import generator, whole_number

ACTIVATIONS = {
    "relu": (activations.relu, activations.relu_grad),
    "leaky_relu": (activations.leaky_relu, activations.leaky_relu_grad),
    "sigmoid": (activations.sigmoid, activations.sigmoid_grad),
    "tanh": (activations.tanh, activations.tanh_grad),
}
LOSSES = {
    "cross_entropy": (losses.cross_entropy, losses.cross_entropy_grad),
    "binary_cross_entropy": (losses.binary_cross_entropy, losses.binary_cross_entropy_grad),
    "mse": (losses.mse, losses.mse_grad),
}


class Linear:
    """A fully connected layer: Z = X @ W.T + b, with W (n_out, n_in) and b (n_out,).

    The weights are random, the biases 0. ``init`` is "he", variance 2 / n_in (He et al. 2015, for
    ReLU), or "xavier", variance 2 / (n_in + n_out) (Glorot and Bengio 2010, for sigmoid and tanh).
    Raises ValueError for any other, for widths that are not whole numbers of at least 1, for a
    dtype that is not one of floats, and for another rng. Derived in notebooks 04 and 06.
    """

    def __init__(self, n_in, n_out, rng, init="he", dtype=np.float32):
        n_in, n_out = whole_number("n_in", n_in), whole_number("n_out", n_out)
        if not np.issubdtype(dtype, np.floating):
            raise ValueError(f"dtype must be one of floats, got {dtype}")
        variance = _look_up("init", init, {"he": 2 / n_in, "xavier": 2 / (n_in + n_out)})
        self.W = (generator(rng).standard_normal((n_out, n_in)) * np.sqrt(variance)).astype(dtype)
        self.b = np.zeros(n_out, dtype)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        self.needs_dX = True

    def __repr__(self):
        n_out, n_in = self.W.shape
        return f"Linear({n_in}, {n_out})"

    def forward(self, X):
        """Return Z (n, n_out) for X (n, n_in). Raises ValueError for an X of another shape."""
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self.W.shape[1]:
            raise ValueError(f"X must have shape (n, {self.W.shape[1]}), got {X.shape}")
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dZ):
        """Keep dW and db, and return dX (n, n_in), for dZ (n, n_out).

        Where ``needs_dX`` is false, as in a network's first layer, dX is left out: None.
        """
        dZ = np.asarray(dZ)
        self.dW = dZ.T @ self.X
        self.db = dZ.sum(axis=0)
        return dZ @ self.W if self.needs_dX else None


class Activation:
    """An activation as a layer: A = f(Z), for f "relu", "leaky_relu", "sigmoid" or "tanh"."""

    def __init__(self, name):
        self.name = name
        self.f, self.f_grad = _look_up("activation", name, ACTIVATIONS)

    def __repr__(self):
        return f"Activation({self.name!r})"

    def forward(self, Z):
        """Return A = f(Z): the shape of ``Z``."""
        self.Z = Z
        return self.f(Z)

    def backward(self, dA):
        """Return dZ = dA · f′(Z): the shape of ``dA``."""
        return dA * self.f_grad(self.Z)


class Network:
    """A stack of layers: Linear, activation, Linear, … , with a loss. Derived in notebook 06.

    ``sizes`` lists the widths, inputs first: [784, 128, 10]. ``activation`` follows every hidden
    layer; ``output`` names one for the last layer too, None leaves its logits as they are.
    ``loss`` is "cross_entropy" (logits (n, C), labels (n,)), "binary_cross_entropy" (logits and
    labels (n, 1)) or "mse" (any values of the outputs' shape). The first weights are drawn from
    ``rng``, after He for the ReLUs and after Xavier for sigmoid and tanh. Use float64 for gradient
    checks. Raises ValueError for fewer than two sizes, for unknown names, and as ``Linear`` does.

    The backward pass uses what the last forward pass left in the layers.
    """

    def __init__(
        self, sizes, rng, activation="relu", output=None, loss="cross_entropy", dtype=np.float32
    ):
        if len(sizes) < 2:
            raise ValueError(f"sizes must hold at least two widths, got {sizes}")
        self.loss, self.loss_grad = _look_up("loss", loss, LOSSES)
        self.loss_name, self.dtype = loss, dtype
        init = "he" if activation in ("relu", "leaky_relu") else "xavier"
        self.layers = []
        for n_in, n_out in pairwise(sizes):
            self.layers += [Linear(n_in, n_out, rng, init, dtype), Activation(activation)]
        self.layers.pop()
        if output is not None:
            self.layers.append(Activation(output))
        self.layers[0].needs_dX = False  # the data are not learned

    def __repr__(self):
        return f"Network({self.layers}, loss={self.loss_name!r})"

    def parameters(self):
        """Return the list [W1, b1, W2, b2, …] of the arrays themselves, not of copies."""
        return [p for layer in self._linear() for p in (layer.W, layer.b)]

    def gradients(self):
        """Return the list [dW1, db1, dW2, db2, …] that the last backward pass found."""
        return [g for layer in self._linear() for g in (layer.dW, layer.db)]

    def forward(self, X):
        """Return the outputs (n, sizes[-1]) for X (n, sizes[0]): logits, if the loss takes them."""
        A = np.asarray(X, self.dtype)
        for layer in self.layers:
            A = layer.forward(A)
        self.outputs = A
        return A

    def backward(self, dZ):
        """Find dW and db of every layer, given dZ, the gradient of the loss at the outputs."""
        for layer in reversed(self.layers):
            dZ = layer.backward(dZ)

    def train_step(self, X, y, optimizer):
        """Learn from one batch: forward, loss, backward, update; return the loss before it."""
        Z = self.forward(X)
        loss = self.loss(Z, y)
        self.backward(self.loss_grad(Z, y))
        optimizer.step(self.parameters(), self.gradients())
        return loss

    def fit(self, X, y, epochs, batch_size, optimizer, rng, X_val=None, y_val=None):
        """Train on shuffled batches; return a dict of lists with one number per epoch.

        "loss" and "accuracy" are means over the examples, each measured just before it was learned
        from; with validation data (``X_val``, ``y_val``), "val_accuracy" is measured after the
        epoch. A network with the loss "mse" has only "loss". Raises ValueError, before it learns,
        when there are not as many targets as examples or the loss does not take them, when only one
        of ``X_val`` and ``y_val`` is given, when ``epochs`` or ``batch_size`` is not a whole number
        of at least 1, and for another rng.
        """
        X, y = np.asarray(X, self.dtype), np.asarray(y)
        if len(X) != len(y):
            raise ValueError(f"y must hold {len(X)} targets, got {len(y)}")
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val must be given together, got only one of them")
        self._check_targets(X, y)
        if X_val is not None:
            self._check_targets(X_val, y_val)
        epochs = whole_number("epochs", epochs)
        batch_size = whole_number("batch_size", batch_size)
        generator(rng)
        history = {"loss": []}
        for _ in range(epochs):
            loss = hits = 0
            for batch in np.split(rng.permutation(len(X)), range(batch_size, len(X), batch_size)):
                loss += len(batch) * self.train_step(X[batch], y[batch], optimizer)
                hits += np.sum(self._decide(self.outputs) == y[batch])
            history["loss"].append(loss / len(X))
            if self.loss_name != "mse":
                history.setdefault("accuracy", []).append(float(hits / len(X)))
            if X_val is not None:
                history.setdefault("val_accuracy", []).append(self.accuracy(X_val, y_val))
        return history

    def predict(self, X):
        """Return what the outputs for X (n, sizes[0]) say.

        Labels (n,) with "cross_entropy", labels 0 or 1 of the outputs' shape with
        "binary_cross_entropy", the outputs themselves with "mse".
        """
        parts = np.split(np.asarray(X), range(1000, len(X), 1000))  # large arrays take long to fill
        return np.concatenate([self._decide(self.forward(part)) for part in parts])

    def accuracy(self, X, y):
        """Return the share of labels that are predicted correctly: correct / all.

        Raises ValueError when ``y`` has another shape than the predictions or holds no labels that
        the loss takes, when there are no examples, and for a network with the loss "mse", which
        predicts no labels.
        """
        if self.loss_name == "mse":
            raise ValueError("accuracy needs a network that predicts labels, got the loss 'mse'")
        predicted, y = self.predict(X), np.asarray(y)
        if y.shape != predicted.shape or y.size == 0:
            raise ValueError(f"y must have shape {predicted.shape} and not be empty, got {y.shape}")
        self._check_targets(X, y)
        return float(np.mean(predicted == y))

    def _check_targets(self, X, y):
        """Raise ValueError unless the loss takes ``y`` as the targets of the examples X."""
        self.loss(np.zeros((len(X), len(self._linear()[-1].b))), y)

    def _decide(self, outputs):
        if self.loss_name == "cross_entropy":
            return outputs.argmax(axis=1)
        if self.loss_name == "binary_cross_entropy":
            return (outputs >= 0).astype(int)
        return outputs

    def _linear(self):
        return [layer for layer in self.layers if isinstance(layer, Linear)]


def _look_up(what, name, table):
    if name not in table:
        raise ValueError(f"{what} must be one of {', '.join(table)}, got {name!r}")
    return table[name]
