"""Two independent networks computed side by side on two threads, forwards and backwards.

A small recurrent layer has too little work a step to share one operation among threads: they spend their time
waiting for each other, and more of it as soon as another program is busy. Two whole stacks, one a thread, meet
twice a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import torch
from torch import Tensor, nn


def side_by_side(
    first: nn.Module, second: nn.Module, inputs: tuple[Tensor, Tensor], pool: Executor
) -> tuple[Tensor, Tensor]:
    """Compute ``first(inputs[0])`` on this thread and ``second(inputs[1])`` on the pool.

    Gradients are those of computing one after the other, to the last bit. The modules share no parameter and
    draw no random numbers.

    Args:
        first: module from one tensor to one tensor.
        second: the same.
        inputs: one tensor for each.
        pool: runs the second module, forwards and backwards.

    Returns:
        One tensor of each.
    """
    parameters = [*first.parameters(), *second.parameters()]
    outputs: tuple[Tensor, Tensor] = _SideBySide.apply(first, second, pool, *inputs, *parameters)  # type: ignore[no-untyped-call]
    return outputs


class _SideBySide(torch.autograd.Function):
    """Each module has a graph of its own, so that each thread walks one back."""

    @staticmethod
    def forward(
        ctx: Any, first: nn.Module, second: nn.Module, pool: Executor, left: Tensor, right: Tensor, *parameters: Tensor
    ) -> tuple[Tensor, Tensor]:
        autocast = torch.is_autocast_enabled("cpu")
        later = pool.submit(_run, second, right, autocast)
        ctx.first = _run(first, left, autocast)
        ctx.second = later.result()
        ctx.pool = pool
        ctx.sizes = len(list(first.parameters())), len(list(second.parameters()))
        ctx.parameters = parameters
        return ctx.first[1].detach(), ctx.second[1].detach()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        size, _ = ctx.sizes
        own, others = ctx.parameters[:size], ctx.parameters[size:]
        later = ctx.pool.submit(_walk_back, ctx.second, others, gradients[1])
        left = _walk_back(ctx.first, own, gradients[0])
        right = later.result()
        return None, None, None, left[0], right[0], *left[1:], *right[1:]


def _run(module: Callable[[Tensor], Tensor], inputs: Tensor, autocast: bool) -> tuple[Tensor, Tensor]:
    with torch.enable_grad(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        inputs = inputs.detach().requires_grad_()
        return inputs, module(inputs)


def _walk_back(run: tuple[Tensor, Tensor], parameters: tuple[Tensor, ...], gradient: Tensor) -> tuple[Tensor, ...]:
    inputs, outputs = run
    return torch.autograd.grad(outputs, [inputs, *parameters], gradient)
