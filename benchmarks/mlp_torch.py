"""One epoch of 784–512–512–10 on MNIST: our loop, torchvision's data loader, the bare products."""

import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision
from torch.utils.data import DataLoader

from benchmarks.tables import measure, write_table
from nnutils.datasets import load_mnist
from nnutils.training import get_device, make_mlp, train

SIZES = (784, 512, 512, 10)
BATCH = 128


def train_with_loader(loader, device):
    """Train for one epoch the way most tutorials do, with our network, optimizer and schedule."""
    model = make_mlp(*SIZES).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=len(loader))
    for X, y in loader:
        X, y = X.to(device), y.to(device)
        loss = F.cross_entropy(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def torchvision_mnist(data, folder):
    """Return torchvision's own MNIST data set; its files are written to ``folder``."""
    raw = Path(folder) / "MNIST" / "raw"
    raw.mkdir(parents=True)
    arrays = {
        "train-images-idx3-ubyte": data.X_train,
        "train-labels-idx1-ubyte": data.y_train,
        "t10k-images-idx3-ubyte": data.X_test,
        "t10k-labels-idx1-ubyte": data.y_test,
    }
    for name, array in arrays.items():
        start = bytes([0, 0, 8, array.ndim])  # 8 stands for bytes
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        (raw / name).write_bytes(start + sizes + array.astype("uint8").tobytes())
    return torchvision.datasets.MNIST(folder, transform=torchvision.transforms.ToTensor())


def matrix_products(n, device):
    """Compute the products of one epoch and nothing else: eight in each step.

    Three go forward; backward, each layer has one for its weights, and the second and third layer
    one more for the layer before.
    """
    W1, W2, W3 = (
        torch.randn(n_out, n_in, device=device)
        for n_in, n_out in zip(SIZES[:-1], SIZES[1:], strict=True)
    )
    X, A1, A2, dZ3 = (torch.randn(BATCH, size, device=device) for size in SIZES)
    dZ1, dZ2 = torch.randn_like(A1), torch.randn_like(A2)
    for start in range(0, n, BATCH):
        b = slice(0, min(BATCH, n - start))
        X[b] @ W1.T, A1[b] @ W2.T, A2[b] @ W3.T
        dZ3[b].T @ A2[b], dZ3[b] @ W3
        dZ2[b].T @ A1[b], dZ2[b] @ W2
        dZ1[b].T @ X[b]


if __name__ == "__main__":
    data, device = load_mnist("mnist"), get_device()
    X, y = data.X_train, data.y_train
    with tempfile.TemporaryDirectory() as folder:
        dataset = torchvision_mnist(data, folder)
        loader = DataLoader(dataset, BATCH, shuffle=True)
        workers = DataLoader(dataset, BATCH, shuffle=True, num_workers=2)
        names = {
            "`nnutils.training.train`": lambda: train(make_mlp(*SIZES), X, y, epochs=1),
            "torchvision and `DataLoader`": lambda: train_with_loader(loader, device),
            "the same with two worker processes": lambda: train_with_loader(workers, device),
            "the matrix products alone": lambda: matrix_products(len(X), device),
        }
        seconds = measure(names, rounds=7)
    ours = seconds["`nnutils.training.train`"]
    rows = [[name, f"{s:.2f} s", f"{s / ours:.2f}"] for name, s in seconds.items()]
    write_table("mlp_torch", ["one epoch", "median", "ratio to ours"], rows)
