"""Black-Scholes prices of European options, as finance code in NumPy computes them."""

import numpy as np
from scipy.special import erf


def normal_cdf(x):
    return 0.5 * (1.0 + erf(x / np.sqrt(2.0)))


def black_scholes(spot, strike, rate, volatility, maturity, call=True):
    total = volatility * np.sqrt(maturity)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * maturity) / total
    d2 = d1 - total
    discounted = strike * np.exp(-rate * maturity)
    if call:
        return spot * normal_cdf(d1) - discounted * normal_cdf(d2)
    return discounted * normal_cdf(-d2) - spot * normal_cdf(-d1)


def greeks(spot, strike, rate, volatility, maturity):
    """Delta, vega, theta, rho and gamma of a call, in closed form."""
    total = volatility * np.sqrt(maturity)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * maturity) / total
    d2 = d1 - total
    density = np.exp(-0.5 * d1**2) / np.sqrt(2 * np.pi)
    discounted = strike * np.exp(-rate * maturity)
    return {
        "delta": normal_cdf(d1),
        "vega": spot * density * np.sqrt(maturity),
        "theta": -spot * density * volatility / (2 * np.sqrt(maturity))
        - rate * discounted * normal_cdf(d2),
        "rho": maturity * discounted * normal_cdf(d2),
        "gamma": density / (spot * total),
    }
