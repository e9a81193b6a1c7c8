"""The functions that are differentiated, written once for every array module.

Each takes the module (`numpy`, `autograd.numpy`, `jax.numpy`) and its data, and returns a plain
function of the parameters.
"""


def five_operations(np):
    """Return a scalar function of five operations."""

    def function(x):
        return np.sin(x * x) * np.exp(-x)

    return function


def logistic_regression(np, inputs, signs):
    """Return the loss of weights (10,), for inputs (200, 10) and signs -1 or 1."""

    def loss(w):
        return np.mean(np.log(1 + np.exp(-signs * (inputs @ w))))

    return loss


def recurrent(np, inputs):
    """Return a function of the weights that steps through the inputs in a Python loop."""

    def loss(state_weights, input_weights, bias):
        h = np.zeros(len(bias))
        for x in inputs:
            h = np.tanh(state_weights @ h + input_weights @ x + bias)
        return np.sum(h * h)

    return loss


def network(np, inputs, targets):
    """Return the mean squared error of a network with one hidden layer and one output."""

    def loss(w, b, v, c):
        return np.mean((np.tanh(inputs @ w + b) @ v + c - targets) ** 2)

    return loss
