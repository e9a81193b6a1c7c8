"""Learn to read handwritten digits, twice: by Newton's method and with a small neural network.

The data are 1,797 scanned digits of 8x8 pixels, of which a fifth is held out. First a softmax
regression is fitted by Newton-CG: a second-order method that never forms the Hessian, but asks
`ad.hvp` for its product with a vector. Then a network with one hidden layer is trained on
minibatches, its gradient compiled by `ad.jit`. Both models are plain NumPy functions.

Run `python examples/digits.py`; the pictures are saved in `examples/output`.
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

import autodiff as ad

try:
    from matplotlib.figure import Figure
    from tqdm import tqdm
except ModuleNotFoundError as missing:
    sys.exit(f"{missing}; this example needs two more packages: pip install matplotlib tqdm")

DATA = Path(__file__).parent / "data" / "digits.csv.gz"
OUTPUT = Path(__file__).parent / "output"
GOAL = 0.95  # the fraction of the held-out digits that the network must read


def load_digits(rng):
    """Return (images, labels) to train on and (images, labels) held out; a pixel is in [0, 1]."""
    table = rng.permutation(np.loadtxt(DATA, delimiter=","))
    images, labels = table[:, :64] / 16, table[:, 64].astype(int)
    held_out = len(table) // 5
    return (images[held_out:], labels[held_out:]), (images[:held_out], labels[:held_out])


def cross_entropy(scores, labels):
    """Return the mean of -log(probability of the right label), for scores (n, 10)."""
    scores = scores - scores.max(axis=1, keepdims=True)
    log_total = np.log(np.sum(np.exp(scores), axis=1))
    return np.mean(log_total - scores[np.arange(len(labels)), labels])


def accuracy(scores, labels):
    """Return the fraction of rows in which the right label has the highest score."""
    return np.mean(scores.argmax(axis=1) == labels)


# ---- softmax regression by Newton-CG


def with_constant(images):
    """Append a column of ones, so that one matrix holds the weights and the biases."""
    return np.column_stack([images, np.ones(len(images))])


def regression_loss(weights, images, labels):
    """Return the cross entropy of a linear model, with a pull towards small weights."""
    return cross_entropy(images @ weights, labels) + 1e-3 * np.sum(weights**2)


def conjugate_gradient(product, target, tolerance, steps=100):
    """Solve `product(x) = target` for a linear map that is symmetric and positive definite."""
    x = np.zeros_like(target)
    residual = direction = target
    square = np.sum(residual**2)
    for _ in range(steps):
        if np.sqrt(square) < tolerance:
            break
        bent = product(direction)
        length = square / np.sum(direction * bent)
        x = x + length * direction
        residual = residual - length * bent
        previous, square = square, np.sum(residual**2)
        direction = residual + (square / previous) * direction
    return x


def line_search(loss, start, step, slope):
    """Halve the step until it lowers the loss by a fair part of what the slope promises."""
    before, length = loss(start), 1.0
    while loss(start + length * step) > before + 1e-4 * length * slope and length > 1e-8:
        length /= 2
    return start + length * step


def fit_regression(images, labels, steps=8):
    """Return the weights (65, 10) that minimise the loss, and the loss before each step."""
    value_and_grad = ad.jit(ad.value_and_grad(regression_loss))
    hessian_times = ad.jit(ad.hvp(regression_loss))
    weights, losses = np.zeros((images.shape[1], 10)), []
    for _ in tqdm(range(steps), desc="softmax regression"):
        value, gradient = value_and_grad(weights, images, labels)
        losses.append(value)
        step = conjugate_gradient(
            lambda v, at=weights: hessian_times(at, (v,), images, labels),
            target=-gradient,
            tolerance=0.1 * np.linalg.norm(gradient),
        )
        slope = np.sum(gradient * step)
        weights = line_search(lambda w: regression_loss(w, images, labels), weights, step, slope)
    return weights, losses


# ---- a network by stochastic gradient descent with momentum


def make_network(rng, *sizes):
    """Return the layers of a network: for each, a matrix of weights and a vector of biases."""
    return [(rng.normal(size=(n, m)) / np.sqrt(n), np.zeros(m)) for n, m in pairwise(sizes)]


def network(layers, images):
    """Return scores (n, 10) for images (n, 64)."""
    hidden = images
    for weights, bias in layers[:-1]:
        hidden = np.tanh(hidden @ weights + bias)
    weights, bias = layers[-1]
    return hidden @ weights + bias


def network_loss(layers, images, labels):
    """Return the cross entropy of the network's scores."""
    return cross_entropy(network(layers, images), labels)


def minibatches(rng, count, size=32):
    """Yield index arrays that together go once through `count` examples, in random order."""
    order = rng.permutation(count)
    for start in range(0, count - size + 1, size):
        yield order[start : start + size]


def fit_network(rng, layers, images, labels, epochs=40, rate=0.1):
    """Return the trained layers, and the mean loss of each epoch."""
    value_and_grad = ad.jit(ad.value_and_grad(network_loss))
    velocity, losses = ad.tree.map(np.zeros_like, layers), []
    for _ in tqdm(range(epochs), desc="two-layer network "):
        values = []
        for batch in minibatches(rng, len(images)):
            value, gradient = value_and_grad(layers, images[batch], labels[batch])
            velocity = ad.tree.map(lambda v, g: 0.9 * v - rate * g, velocity, gradient)
            layers = ad.tree.map(np.add, layers, velocity)
            values.append(value)
        losses.append(np.mean(values))
    return layers, losses


# ---- pictures


def draw_losses(curves, path):
    """Save a plot of the training loss against the steps taken, one panel for each model."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    panels = figure.subplots(1, len(curves))
    for panel, (title, unit, losses) in zip(panels, curves, strict=True):
        panel.semilogy(losses, marker=".")
        panel.set(title=title, xlabel=unit, ylabel="training loss")
        panel.grid(alpha=0.3, which="both")
    figure.savefig(path, dpi=120)


def draw_wrong(images, labels, guesses, path, columns=8):
    """Save the images that were read wrongly, with the true label and the wrong guess."""
    wrong = np.flatnonzero(guesses != labels)
    rows = max(1, -(-len(wrong) // columns))
    figure = Figure(figsize=(1.2 * columns, 1.5 * rows + 0.5), layout="constrained")
    figure.suptitle(f"{len(wrong)} of {len(labels)} held-out digits read wrongly")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels:
        panel.axis("off")
    for panel, index in zip(panels, wrong, strict=False):
        panel.imshow(images[index].reshape(8, 8), cmap="gray_r")
        panel.set_title(f"{labels[index]}, read as {guesses[index]}", fontsize=9)
    figure.savefig(path, dpi=120)


def main():
    """Train both models, save the pictures, and fail if the network misses the goal."""
    rng = np.random.default_rng(0)
    (images, labels), (test_images, test_labels) = load_digits(rng)

    weights, regression_losses = fit_regression(with_constant(images), labels)
    layers, network_losses = fit_network(rng, make_network(rng, 64, 64, 10), images, labels)

    regression_score = accuracy(with_constant(test_images) @ weights, test_labels)
    scores = network(layers, test_images)
    network_score = accuracy(scores, test_labels)
    print(f"held-out accuracy, softmax regression: {regression_score:.1%}")
    print(f"held-out accuracy, two-layer network:  {network_score:.1%}")

    OUTPUT.mkdir(exist_ok=True)
    curves = [
        ("softmax regression, Newton-CG", "Newton step", regression_losses),
        ("two-layer network, SGD with momentum", "epoch", network_losses),
    ]
    draw_losses(curves, OUTPUT / "loss.png")
    draw_wrong(test_images, test_labels, scores.argmax(axis=1), OUTPUT / "wrong_digits.png")
    print(f"pictures: {OUTPUT / 'loss.png'}, {OUTPUT / 'wrong_digits.png'}")
    if network_score < GOAL:
        sys.exit(f"the network should read at least {GOAL:.0%} of the held-out digits")


if __name__ == "__main__":
    main()
