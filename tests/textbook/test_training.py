import _thread
import builtins
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from torch import nn

from nnutils import losses, optimizers
from nnutils.activations import relu
from nnutils.convolution import conv2d, max_pool2d
from nnutils.datasets import load_digits
from nnutils.network import Network
from nnutils.training import (
    copy_weights,
    evaluate,
    fool,
    get_device,
    load_model,
    make_cnn,
    make_mlp,
    predict,
    save_model,
    train,
    train_steps,
)

DEVICES = ["cpu"]
DEVICES += ["cuda"] if torch.cuda.is_available() else []
DEVICES += ["mps"] if torch.backends.mps.is_available() else []


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def small_images(n=200, seed=0):
    """Random 4×4 pictures; the label says which half is brighter."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 256, (n, 4, 4), dtype=np.uint8)
    return X, (X[:, :2].sum((1, 2), dtype=int) < X[:, 2:].sum((1, 2), dtype=int)).astype(np.int64)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("NNUTILS_DEVICE", "cpu")


class TestGetDevice:
    @pytest.fixture
    def machine(self, monkeypatch):
        """A machine with the given number of CUDA devices, with or without MPS."""

        def build(cuda=0, mps=False, wish=None):
            monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
            monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
            monkeypatch.delenv("NNUTILS_DEVICE")
            if wish is not None:
                monkeypatch.setenv("NNUTILS_DEVICE", wish)

        return build

    @pytest.mark.parametrize(
        ("has", "device"),
        [
            ({"cuda": 1, "mps": True}, "cuda"),
            ({"mps": True}, "mps"),
            ({}, "cpu"),
            ({"cuda": 2, "wish": "cpu"}, "cpu"),
            ({"cuda": 2, "wish": "cuda:1"}, "cuda:1"),
            ({"cuda": 1, "mps": True, "wish": "mps"}, "mps"),
            ({"mps": True, "wish": ""}, "mps"),
            ({"mps": True, "wish": " "}, "mps"),
            ({"mps": True, "wish": "cpu "}, "cpu"),  # `set NNUTILS_DEVICE=cpu && …` on Windows
            ({"mps": True, "wish": "CPU"}, "cpu"),
            ({"cuda": 2, "wish": "CUDA:1"}, "cuda:1"),
        ],
    )
    def test_takes_the_fastest_unless_told(self, machine, has, device):
        machine(**has)
        assert get_device() == torch.device(device)

    @pytest.mark.parametrize(
        ("has", "message"),
        [
            ({"wish": "cuda"}, r"must be one of \['cpu'\] on this machine, got 'cuda'"),
            ({"cuda": 2, "wish": "cuda:2"}, r"one of \['cuda', 'cpu'\] .* got 'cuda:2'"),
            ({"wish": "mps"}, "got 'mps'"),
            ({"wish": "gpu"}, "got 'gpu'"),
            ({"wish": "meta"}, "got 'meta'"),
        ],
    )
    def test_names_a_device_that_is_not_there(self, machine, has, message):
        machine(**has)
        with pytest.raises(ValueError, match=message):
            get_device()


class TestMakeMlp:
    def test_shapes(self):
        model = make_mlp(784, 512, 10)
        shapes = [tuple(p.shape) for p in model.parameters()]
        assert shapes == [(512, 784), (512,), (10, 512), (10,)]
        assert [type(layer) for layer in model] == [nn.Flatten, nn.Linear, nn.ReLU, nn.Linear]

    @pytest.mark.parametrize("n", [1, 2, 200])
    def test_takes_images_and_rows_and_returns_logits(self, n):
        model = make_mlp(784, 32, 10)
        images = torch.rand(n, 28, 28, generator=seeded())
        logits = model(images)
        assert logits.shape == (n, 10)
        assert logits.equal(model(images.reshape(n, 784)))
        assert (logits < 0).any()

    def test_the_first_weights_are_those_of_torch(self):
        with torch.random.fork_rng():
            torch.manual_seed(5)
            layers = [nn.Linear(6, 5), nn.Linear(5, 3)]
        theirs = torch.cat([p.flatten() for layer in layers for p in layer.parameters()])
        assert weights(make_mlp(6, 5, 3, generator=seeded(5))).equal(theirs.detach())

    @pytest.mark.parametrize(
        ("sizes", "message"),
        [
            ((), r"at least two sizes, got \[\]"),
            ((784,), r"at least two sizes, got \[784\]"),
            ((784, 0), "a size must be a whole number of at least 1, got 0"),
            ((784, -1, 10), "a size must be a whole number of at least 1, got -1"),
            ((784, 2.5), "a size must be a whole number of at least 1, got 2.5"),
        ],
    )
    def test_bad_sizes_are_named(self, sizes, message):
        with pytest.raises(ValueError, match=message):
            make_mlp(*sizes)


def one_cycle(step, steps, peak):
    """The rate and the momentum of Adam at a step: up for 30 % of the steps, then down, cosines."""
    top = 0.3 * steps - 1

    def between(start, end, share):
        return end + (start - end) / 2 * (1 + np.cos(np.pi * share))

    if step <= top:
        return between(peak / 25, peak, step / top), between(0.95, 0.85, step / top)
    share = (step - top) / (steps - 1 - top)
    return between(peak, peak / 25e4, share), between(0.85, 0.95, share)


class TestTrain:
    @pytest.mark.parametrize("device", DEVICES)
    def test_reads_the_bundled_digits(self, device):
        data = load_digits()
        model = make_mlp(784, 128, 10, generator=seeded())
        X, y = data.X_train, data.y_train
        history = train(model, X, y, epochs=20, generator=seeded(), device=device)
        loss, accuracy = evaluate(model, data.X_test, data.y_test)
        assert next(model.parameters()).device.type == device
        assert 0.88 < accuracy < 0.97 and 0.05 < loss < 0.5
        assert history.accuracy[-1] > 0.98
        assert history.loss[0] > 5 * history.loss[-1]

    def test_takes_the_steps_of_adam_on_one_cycle(self):
        """Adam and the schedule written out in NumPy, on one batch that holds all images."""
        X, y = small_images(50)
        model = make_mlp(16, 2, generator=seeded())
        W, b = (p.detach().numpy().astype(float) for p in model.parameters())
        x, targets = X.reshape(50, 16) / 255, np.eye(2)[y]
        state = {"W": (W, 0, 0), "b": (b, 0, 0)}  # parameter, m, v
        losses, steps = [], 20
        for step in range(steps):
            z = x @ state["W"][0].T + state["b"][0]
            p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
            losses.append(-np.log(p[np.arange(50), y]).mean())
            dz = (p - targets) / 50
            rate, beta = one_cycle(step, steps, 0.1)
            for name, gradient in (("W", dz.T @ x), ("b", dz.sum(0))):
                value, m, v = state[name]
                m, v = beta * m + (1 - beta) * gradient, 0.999 * v + 0.001 * gradient**2
                m_hat, v_hat = m / (1 - beta ** (step + 1)), v / (1 - 0.999 ** (step + 1))
                state[name] = (value - rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v)
        history = train(model, X, y, epochs=steps, batch_size=50, peak_rate=0.1)
        np.testing.assert_allclose(history.loss, losses, rtol=1e-5)
        for mine, name in zip(model.parameters(), "Wb", strict=True):
            np.testing.assert_allclose(mine.detach(), state[name][0], rtol=1e-4, atol=1e-5)

    def test_history_has_one_entry_for_each_epoch(self):
        X, y = small_images()
        seen = []
        history = train(
            make_mlp(16, 8, 2),
            X[:150],
            y[:150],
            epochs=3,
            batch_size=40,
            X_val=X[150:],
            y_val=y[150:],
            on_epoch=lambda history: seen.append((len(history.val_loss), history.progress)),
        )
        assert seen == [(1, 1 / 3), (2, 2 / 3), (3, 1)]
        lists = (history.loss, history.accuracy, history.val_loss, history.val_accuracy)
        assert {len(values) for values in (*lists, history.seconds)} == {3}
        assert all(seconds > 0 for seconds in history.seconds)
        assert not history.interrupted

    def test_the_loss_is_the_mean_over_all_images(self):
        """With a rate of almost nothing the network stays as it is; the last batch is smaller."""
        X, y = small_images(110)
        model = make_mlp(16, 8, 2, generator=seeded())
        loss, accuracy = evaluate(model, X, y)
        history = train(model, X, y, epochs=1, batch_size=50, peak_rate=1e-12)
        assert history.loss == pytest.approx([loss], rel=1e-5)
        assert history.accuracy == pytest.approx([accuracy])
        assert history.val_loss == []

    def test_smoothed_labels_share_a_part_of_the_probability(self):
        """With three classes and 0.3, the right one is to get 0.8 and the others 0.1 each."""
        X, y = small_images(110)
        y = np.arange(110) % 3
        model = make_mlp(16, 8, 3, generator=seeded())
        wanted = np.full((110, 3), 0.1)
        wanted[np.arange(110), y] = 0.8
        expected = -(wanted * np.log(predict(model, X))).sum(axis=1).mean()
        history = train(model, X, y, epochs=1, peak_rate=1e-12, label_smoothing=0.3)
        assert history.loss == pytest.approx([expected], rel=1e-5)
        assert evaluate(model, X, y)[0] != pytest.approx(expected)  # there nothing is smoothed

    def test_validation_is_evaluated_after_the_epoch(self):
        X, y = small_images()
        model = make_mlp(16, 8, 2)
        history = train(model, X, y, epochs=2, X_val=X, y_val=y)
        assert (history.val_loss[-1], history.val_accuracy[-1]) == evaluate(model, X, y)

    def test_one_generator_one_result(self):
        X, y = small_images()
        runs = []
        for seed in (1, 1, 2):
            model = make_mlp(16, 8, 2, generator=seeded())
            train(model, X, y, epochs=2, batch_size=20, generator=seeded(seed))
            runs.append(weights(model))
        assert runs[0].equal(runs[1])
        assert not runs[0].equal(runs[2])

    def test_every_image_is_learned_once_in_an_epoch(self):
        X, y = np.arange(23, dtype=np.uint8)[:, None], np.zeros(23, int)
        met = []

        class Spy(nn.Linear):
            def forward(self, x):
                met.extend((x * 255).round().int().flatten().tolist())
                return super().forward(x)

        train(Spy(1, 2), X, y, epochs=2, batch_size=5, generator=seeded())
        assert sorted(met[:23]) == sorted(met[23:]) == list(range(23))
        assert met[:23] != met[23:]

    def test_bytes_floats_and_tensors_learn_the_same(self):
        X, y = small_images()
        read_only = X.copy()
        read_only.flags.writeable = False
        flipped = np.ascontiguousarray(X[:, ::-1])[:, ::-1]
        forms = [X, read_only, flipped, X / 255, (X / 255).astype(np.float32), torch.tensor(X)]
        results = []
        for form in forms:
            model = make_mlp(16, 8, 2, generator=seeded())
            train(model, form, y.tolist(), epochs=2, generator=seeded())
            results.append(weights(model))
        for result in results[1:]:
            torch.testing.assert_close(result, results[0])

    def test_points_in_the_plane(self):
        rng = np.random.default_rng(0)
        X = rng.standard_normal((400, 2))
        model = make_mlp(2, 32, 2, generator=seeded())
        train(model, X, (X.prod(axis=1) > 0), epochs=40, peak_rate=0.02, generator=seeded())
        assert evaluate(model, X, X.prod(axis=1) > 0)[1] > 0.95

    @pytest.mark.parametrize("before", [True, False])
    def test_dropout_is_on_while_training_and_the_mode_comes_back(self, before):
        X, y = small_images()
        modes = []

        class Spy(nn.Dropout):
            def forward(self, x):
                modes.append(self.training)
                return super().forward(x)

        model = nn.Sequential(nn.Flatten(), Spy(0.5), nn.Linear(16, 2)).train(before)
        train(model, X, y, epochs=1, batch_size=100, X_val=X, y_val=y)
        assert modes == [True, True, False]
        assert model.training is before and model[1].training is before

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"y": np.zeros(3, int)}, "X and y must have one length above 0, got 200 and 3"),
            ({"X": np.zeros((0, 16)), "y": []}, "one length above 0, got 0 and 0"),
            ({"X": np.zeros((200, 16), int)}, "images must be uint8 .* got torch.int64"),
            ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
            ({"epochs": 1.5}, "epochs must be a whole number of at least 1, got 1.5"),
            ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
            ({"peak_rate": 0}, "peak_rate must be a finite number above 0, got 0"),
            ({"peak_rate": float("nan")}, "peak_rate must be a finite number above 0, got nan"),
            ({"label_smoothing": 1}, "label_smoothing must be .* at least 0 and below 1, got 1"),
            ({"label_smoothing": -0.1}, "label_smoothing must be .* at least 0 .* got -0.1"),
            ({"X_val": np.zeros((2, 16))}, "X_val and y_val must be given together"),
            ({"X_val": np.zeros((2, 16)), "y_val": [0]}, "got 2 and 1"),
            ({"X_val": np.zeros((2, 16)), "y_val": [0, 2]}, "labels must lie in 0 … 1, got 2"),
            ({"X_val": np.zeros((2, 16)), "y_val": [0, -1]}, "labels must lie in 0 .* got -1 … 0"),
        ],
    )
    def test_bad_input_is_named_before_anything_is_learned(self, change, message):
        X, y = small_images()
        arguments = {"X": X, "y": y} | change
        model = make_mlp(16, 2)
        before = weights(model)
        with pytest.raises(ValueError, match=message):
            train(model, **arguments)
        assert weights(model).equal(before)

    @pytest.mark.parametrize("kind", [np.array, torch.tensor])
    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            ([0.9, 1.9, 2.9], "labels must be whole numbers .* got float"),
            ([float("nan"), 0, 1], "labels must be whole numbers .* got float"),
            ([-100, 0, 1], "labels must lie in 0 … .*, got -100"),  # -100: torch leaves it out
            ([0, 1, 5], "labels must lie in 0 … 2, got .*5"),
            ([[0], [1], [2]], r"labels must have shape \(3,\), got \(3, 1\)"),
        ],
    )
    @pytest.mark.parametrize("use", [train, evaluate])
    def test_labels_are_checked_as_those_of_the_numpy_network(self, use, labels, message, kind):
        with pytest.raises(ValueError, match=message):
            use(make_mlp(4, 3), np.zeros((3, 4)), kind(labels))
        with pytest.raises(ValueError, match=message):
            losses.cross_entropy(np.zeros((3, 3)), np.array(labels))

    def test_labels_that_are_words_are_refused(self):
        for use in (train, evaluate):
            with pytest.raises(ValueError, match=r"labels must be whole numbers .* got <U1"):
                use(make_mlp(4, 3), np.zeros((2, 4)), ["0", "1"])

    @pytest.mark.parametrize(
        ("n", "batch_size", "sizes"),
        [
            (9, 4, [4, 5]),
            (10, 4, [4, 4, 2]),
            (8, 4, [4, 4]),
            (3, 2, [3]),
            (3, 1, [1, 1, 1]),
            (1, 4, [1]),
        ],
    )
    def test_a_last_batch_of_one_joins_the_one_before(self, n, batch_size, sizes):
        met = []

        class Spy(nn.Linear):
            def forward(self, x):
                met.append(len(x))
                return super().forward(x)

        X, y = np.zeros((n, 1)), np.zeros(n, int)
        history = train(Spy(1, 2), X, y, epochs=2, batch_size=batch_size)
        assert met == 2 * sizes
        assert history.progress == 1

    def test_batch_normalisation_takes_any_number_of_images(self):
        model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
        train(model, np.zeros((9, 4)), np.zeros(9, int), epochs=1, batch_size=8)


class TestStopping:
    def test_an_interrupt_keeps_what_was_learned(self):
        X, y = small_images()
        model = make_mlp(16, 8, 2, generator=seeded()).eval()
        start = weights(model)

        def stop_after_two(history):
            if len(history.loss) == 2:
                raise KeyboardInterrupt

        history = train(model, X, y, epochs=5, on_epoch=stop_after_two)
        assert history.interrupted
        assert len(history.loss) == 2
        assert history.progress == pytest.approx(2 / 5)
        assert not weights(model).equal(start)
        assert not model.training

    def test_an_interrupt_from_outside_can_come_at_any_moment(self, interruptible):
        X, y = small_images()
        model = make_mlp(16, 8, 2)
        timer = threading.Timer(0.5, _thread.interrupt_main)
        timer.start()
        history = train(model, X, y, epochs=100_000)
        timer.join()
        assert history.interrupted
        assert 0 < history.progress < 1
        assert torch.isfinite(weights(model)).all()

    def test_another_error_is_not_swallowed(self):
        def fail(history):
            raise RuntimeError("the picture could not be drawn")

        with pytest.raises(RuntimeError, match="could not be drawn"):
            train(make_mlp(16, 2), *small_images(), on_epoch=fail)

    def test_a_lab_stops_by_asking_for_no_more(self):
        X, y = small_images()
        model = make_mlp(16, 8, 2).eval()
        start = weights(model)
        steps = train_steps(model, X, y, epochs=4, batch_size=50)
        progress = [next(steps).progress for _ in range(3)]
        assert progress == pytest.approx([1 / 16, 2 / 16, 3 / 16])
        assert model.training
        steps.close()
        assert not model.training
        assert not weights(model).equal(start)

    def test_steps_and_train_learn_the_same(self):
        X, y = small_images()
        models = [make_mlp(16, 8, 2, generator=seeded()) for _ in range(2)]
        history = train(models[0], X, y, epochs=2, generator=seeded())
        *_, last = train_steps(models[1], X, y, epochs=2, generator=seeded())
        assert weights(models[0]).equal(weights(models[1]))
        assert last.loss == history.loss


class TestEvaluateAndPredict:
    def network(self):
        """Everything that behaves differently in training: dropout and batch normalisation."""
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(), nn.Flatten()
        ).append(nn.Linear(4 * 2 * 2, 2))

    @pytest.mark.parametrize("n", [1, 1000, 2345])
    def test_equal_the_formulas(self, n):
        X, y = small_images(n)
        model = make_mlp(16, 8, 2, generator=seeded(3))
        W1, b1, W2, b2 = (p.detach().numpy().astype(float) for p in model.parameters())
        z = np.maximum(X.reshape(n, 16) / 255 @ W1.T + b1, 0) @ W2.T + b2
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        probabilities = predict(model, X)
        assert isinstance(probabilities, np.ndarray)
        np.testing.assert_allclose(probabilities, p, rtol=1e-5)
        loss, accuracy = evaluate(model, X, y)
        assert loss == pytest.approx(-np.log(p[np.arange(n), y]).mean(), rel=1e-5)
        assert accuracy == pytest.approx((p.argmax(axis=1) == y).mean())
        assert type(loss) is type(accuracy) is float

    @pytest.mark.parametrize("before", [True, False])
    def test_leave_the_network_as_it_was(self, before):
        X, y = small_images()
        model = self.network().train(before)
        state = {name: value.clone() for name, value in model.state_dict().items()}
        first = predict(model, X[:, None])
        evaluate(model, X[:, None], y)
        np.testing.assert_array_equal(predict(model, X[:, None]), first)
        assert all(value.equal(state[name]) for name, value in model.state_dict().items())
        assert all(module.training is before for module in model.modules())
        assert all(p.grad is None for p in model.parameters())

    def test_the_mode_comes_back_after_an_error(self):
        model = make_mlp(16, 2)
        with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
            predict(model, np.zeros((3, 5)))
        assert model.training

    def test_lengths_that_differ_are_named(self):
        with pytest.raises(ValueError, match="got 200 and 2"):
            evaluate(make_mlp(16, 2), small_images()[0], [0, 1])


def test_tqdm_disable_keeps_training_quiet():
    code = (
        "import torch; from nnutils.training import make_mlp, train; "
        "train(make_mlp(4, 2), torch.rand(8, 4), torch.zeros(8, dtype=int), epochs=1)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"TQDM_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == result.stderr == ""


class TestCopyWeights:
    SIZES = (7, 6, 4)

    @pytest.fixture
    def twins(self):
        """A NumPy network and a model of torch with its weights, both of float64."""
        network = Network(self.SIZES, np.random.default_rng(0), dtype=np.float64)
        for b in network.parameters()[1::2]:
            b += np.random.default_rng(1).standard_normal(b.shape)  # a network starts with zeros
        return network, copy_weights(network.parameters(), make_mlp(*self.SIZES).double())

    @pytest.fixture
    def batch(self):
        rng = np.random.default_rng(2)
        return rng.standard_normal((20, 7)), rng.integers(0, 4, 20)

    def test_outputs_and_gradients_are_the_same(self, twins, batch):
        network, model = twins
        X, y = batch
        Z = network.forward(X)
        logits = model(torch.tensor(X))
        np.testing.assert_allclose(logits.detach(), Z, rtol=0, atol=1e-12)
        network.backward(network.loss_grad(Z, y))
        nn.functional.cross_entropy(logits, torch.tensor(y)).backward()
        for parameter, gradient in zip(model.parameters(), network.gradients(), strict=True):
            np.testing.assert_allclose(parameter.grad, gradient, rtol=0, atol=1e-12)

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            (lambda: optimizers.SGD(0.5), lambda p: torch.optim.SGD(p, lr=0.5)),
            (lambda: optimizers.Adam(0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
        ],
        ids=["SGD", "Adam"],
    )
    def test_training_steps_are_the_same(self, twins, batch, ours, theirs):
        network, model = twins
        X, y = batch
        ours, theirs = ours(), theirs(model.parameters())
        for _ in range(5):
            loss = network.train_step(X, y, ours)
            theirs.zero_grad()
            their_loss = nn.functional.cross_entropy(model(torch.tensor(X)), torch.tensor(y))
            their_loss.backward()
            theirs.step()
            assert their_loss.item() == pytest.approx(loss, abs=1e-12)
        for parameter, array in zip(model.parameters(), network.parameters(), strict=True):
            np.testing.assert_allclose(parameter.detach(), array, rtol=0, atol=1e-12)

    @pytest.mark.parametrize("device", DEVICES)
    def test_the_model_keeps_its_dtype_its_device_and_its_parameters(self, device):
        network = Network(self.SIZES, np.random.default_rng(0), dtype=np.float64)
        model = make_mlp(*self.SIZES).to(device)
        before = list(model.parameters())
        assert copy_weights(network.parameters(), model) is model
        for now, then in zip(model.parameters(), before, strict=True):
            assert now is then and now.requires_grad
            assert now.dtype == torch.float32 and now.device.type == device

    def test_the_network_and_the_model_share_no_memory(self, twins):
        network, model = twins
        network.parameters()[0][:] = 7
        assert not (weights(model) == 7).any()

    def test_another_number_of_arrays_is_named(self):
        arrays = Network((7, 4), np.random.default_rng(0)).parameters()
        with pytest.raises(ValueError, match="the model has 4 parameters, got 2 arrays"):
            copy_weights(arrays, make_mlp(*self.SIZES))

    @pytest.mark.parametrize("wrong", [(3, 1), (3, 4, 1), (4, 4), (1,), (4,)])
    def test_another_shape_is_named_and_nothing_is_changed(self, wrong):
        model = make_mlp(4, 3)
        before = weights(model)
        with pytest.raises(ValueError, match=r"1.weight must have shape \(3, 4\), got"):
            copy_weights([np.ones(wrong), np.ones(3)], model)
        with pytest.raises(ValueError, match=r"1.bias must have shape \(3,\), got \(1,\)"):
            copy_weights([np.ones((3, 4)), np.ones(1)], model)
        assert weights(model).equal(before)


class MakesAFile:
    """A pickle of it would, when loaded without care, run a program that makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return builtins.open, (str(self.path), "w")


class TestSavingAndLoading:
    def network(self):
        return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))

    @pytest.mark.parametrize("device", DEVICES)
    def test_there_and_back_to_the_last_bit(self, tmp_path, device):
        X, _ = small_images()
        saved = self.network().to(device)
        saved(torch.rand(20, 1, 4, 4, device=device))  # the running means are saved too
        save_model(saved, tmp_path / "net.pt")
        for there in {"cpu", device}:
            model = self.network().to(there)
            assert load_model(model, str(tmp_path / "net.pt")) is model
            assert next(model.parameters()).device.type == there
            for name, tensor in saved.state_dict().items():
                assert model.state_dict()[name].cpu().equal(tensor.cpu())
        np.testing.assert_array_equal(
            predict(load_model(self.network().to(device), tmp_path / "net.pt"), X[:, None]),
            predict(saved, X[:, None]),
        )
        assert [path.name for path in tmp_path.iterdir()] == ["net.pt"]

    def test_an_interrupted_saving_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "net.pt"
        old = make_mlp(4, 2)
        save_model(old, path)

        def half(state, file):
            file.write(b"half of it")
            raise KeyboardInterrupt

        monkeypatch.setattr(torch, "save", half)
        with pytest.raises(KeyboardInterrupt):
            save_model(make_mlp(4, 2), path)
        assert weights(load_model(make_mlp(4, 2), path)).equal(weights(old))
        assert [path.name for path in tmp_path.iterdir()] == ["net.pt"]

    def test_a_missing_file_or_folder_is_an_oserror(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            load_model(make_mlp(4, 2), tmp_path / "net.pt")
        with pytest.raises(FileNotFoundError):
            save_model(make_mlp(4, 2), tmp_path / "nowhere" / "net.pt")

    @pytest.mark.parametrize("damage", ["empty", "text", "noise", "cut", "pickle", "changed"])
    def test_a_file_that_is_none_of_torch_is_refused(self, tmp_path, damage):
        path = tmp_path / "net.pt"
        save_model(make_mlp(4, 2), path)
        whole = path.read_bytes()
        noise = np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8).tobytes()
        path.write_bytes(
            {
                "empty": b"",
                "text": b"these are no weights",
                "noise": noise,
                "cut": whole[: len(whole) // 2],
                "pickle": pickle.dumps({"1.weight": np.ones((2, 4)), "1.bias": np.ones(2)}),
                "changed": whole[:200] + noise[:200] + whole[400:],
            }[damage]
        )
        model = make_mlp(4, 2)
        before = weights(model)
        with pytest.raises(ValueError, match=r"net.pt is no file of weights that can be loaded"):
            load_model(model, path)
        assert weights(model).equal(before)

    @pytest.mark.parametrize(
        "way", [torch.save, lambda what, path: path.write_bytes(pickle.dumps(what))]
    )
    def test_a_file_cannot_run_a_program(self, tmp_path, way):
        way(MakesAFile(tmp_path / "made"), tmp_path / "net.pt")
        with pytest.raises(ValueError, match=r"net.pt is no file of weights"):
            load_model(make_mlp(4, 2), tmp_path / "net.pt")
        assert not (tmp_path / "made").exists()

    def test_a_whole_model_is_refused(self, tmp_path):
        torch.save(make_mlp(4, 2), tmp_path / "net.pt")
        with pytest.raises(ValueError, match=r"net.pt is no file of weights"):
            load_model(make_mlp(4, 2), tmp_path / "net.pt")

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (torch.ones(3), "net.pt must hold a state dict, got a Tensor"),
            ([torch.ones(3)], "net.pt must hold a state dict, got a list"),
            ({"1.weight": 3, "1.bias": torch.ones(2)}, "1.weight must be a tensor, got a int"),
            ({}, "net.pt must hold 1.weight, 1.bias, got no names"),
            ({"1.weight": torch.ones(2, 4)}, "must hold 1.weight, 1.bias, got 1.weight"),
            (
                {"0.weight": torch.ones(2, 4), "0.bias": torch.ones(2)},
                "must hold 1.weight, 1.bias, got 0.weight, 0.bias",
            ),
            (
                {"1.weight": torch.ones(4, 2), "1.bias": torch.ones(2)},
                r"net.pt: 1.weight must have shape \(2, 4\), got \(4, 2\)",
            ),
            (
                {"1.weight": torch.ones(2, 4), "1.bias": torch.ones(1)},
                r"net.pt: 1.bias must have shape \(2,\), got \(1,\)",
            ),
        ],
    )
    def test_another_content_is_named_and_nothing_is_changed(self, tmp_path, content, message):
        torch.save(content, tmp_path / "net.pt")
        model = make_mlp(4, 2)
        before = weights(model)
        with pytest.raises(ValueError, match=message):
            load_model(model, tmp_path / "net.pt")
        assert weights(model).equal(before)


class TestMakeCnn:
    def test_the_logits_are_those_of_our_own_convolution(self):
        """The same numbers by the NumPy functions that notebook 07 derives."""
        model = make_cnn(seeded()).eval()
        K1, b1, K2, b2, W3, b3, W4, b4 = (p.detach().numpy() for p in model.parameters())
        images = torch.rand(3, 28, 28, generator=seeded(1))
        maps = max_pool2d(relu(conv2d(images.numpy()[:, None], K1, b1)), 2)
        maps = max_pool2d(relu(conv2d(maps, K2, b2)), 2)
        logits = relu(maps.reshape(3, -1) @ W3.T + b3) @ W4.T + b4
        np.testing.assert_allclose(model(images).detach(), logits, rtol=1e-4, atol=1e-6)

    @pytest.mark.parametrize("n", [1, 2, 200])
    def test_the_shapes_on_the_way(self, n):
        shapes, x = [], torch.zeros(n, 28, 28)
        for layer in make_cnn():
            x = layer(x)
            shapes.append(tuple(x.shape[1:]))
            assert len(x) == n
        assert list(dict.fromkeys(shapes)) == [
            (1, 28, 28),
            (16, 24, 24),
            (16, 12, 12),
            (32, 8, 8),
            (32, 4, 4),
            (512,),
            (128,),
            (10,),
        ]

    def test_the_number_of_parameters_is_that_of_the_docstring(self):
        count = sum(p.numel() for p in make_cnn().parameters())
        assert count == 16 * (25 + 1) + 32 * (16 * 25 + 1) + 128 * (512 + 1) + 10 * (128 + 1)
        assert f"{count:,} parameters" in " ".join(make_cnn.__doc__.split())

    def test_the_first_weights_are_those_of_torch(self):
        """Layer by layer as torch draws them, when its own generator has the same seed."""
        with torch.random.fork_rng():
            torch.manual_seed(5)
            layers = [nn.Conv2d(1, 16, 5), nn.Conv2d(16, 32, 5)]
            layers += [nn.Linear(512, 128), nn.Linear(128, 10)]
        theirs = torch.cat([p.flatten() for layer in layers for p in layer.parameters()])
        assert weights(make_cnn(seeded(5))).equal(theirs.detach())

    @pytest.mark.parametrize("device", DEVICES)
    def test_learns_the_bundled_digits_better_than_the_mlp(self, device):
        data = load_digits()
        accuracies = []
        for model in (make_cnn(seeded()), make_mlp(784, 128, 10, generator=seeded())):
            X, y = data.X_train, data.y_train
            train(model, X, y, epochs=6, batch_size=32, peak_rate=4e-3, device=device)
            accuracies.append(evaluate(model, data.X_test, data.y_test)[1])
        assert accuracies[0] > max(0.9, accuracies[1])

    def test_predictions_are_the_same_each_time_although_there_is_dropout(self):
        images = torch.rand(5, 28, 28, generator=seeded())
        model = make_cnn(seeded())
        np.testing.assert_array_equal(predict(model, images), predict(model, images))
        assert not model(images).equal(model(images))

    def test_another_size_of_pictures_is_refused(self):
        with pytest.raises(RuntimeError):
            make_cnn()(torch.zeros(1, 32, 32))


class TestFool:
    def test_each_pixel_goes_where_a_central_difference_of_the_loss_rises(self):
        model = make_mlp(12, 8, 3, generator=seeded()).double()
        x, y, h = torch.rand(2, 3, 4, generator=seeded(1)).double(), torch.tensor([2, 0]), 1e-6
        change = fool(model, x, y, 0.01) - x
        for place in np.ndindex(2, 3, 4):
            nudge = torch.zeros_like(x)
            nudge[place] = h
            up, down = (nn.functional.cross_entropy(model(x + d), y) for d in (nudge, -nudge))
            expected = np.clip(x[place].item() + 0.01 * np.sign((up - down).item()), 0, 1)
            assert x[place].item() + change[place].item() == pytest.approx(expected, abs=1e-9)

    def test_the_loss_rises_and_with_a_negative_epsilon_it_falls(self):
        model = make_cnn(seeded()).eval()
        x, y = torch.rand(5, 28, 28, generator=seeded(1)), torch.arange(5)
        up, here, down = (evaluate(model, fool(model, x, y, e), y)[0] for e in (0.02, 0, -0.02))
        assert up > here > down
        assert fool(model, x, y, 0).equal(x)

    def test_pixels_stay_between_white_and_black_and_nothing_is_learned(self):
        model = make_cnn(seeded()).eval()
        x, y = torch.rand(3, 28, 28, generator=seeded(1)), torch.tensor([1, 1, 2])
        before, weights = x.clone(), [p.clone() for p in model.parameters()]
        attacked = fool(model, x, y, 0.7)
        assert attacked.min() >= 0 and attacked.max() <= 1 and not attacked.requires_grad
        assert x.equal(before) and not x.requires_grad
        assert all(p.grad is None and p.equal(w) for p, w in zip(model.parameters(), weights))
