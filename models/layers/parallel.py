"""Two independent networks computed at the same time on two threads, forwards and backwards.

A small recurrent layer has too little work a step to share one operation among threads: they spend their time
waiting for each other, and more of it as soon as another program is busy. Two whole stacks, one a thread, meet
twice a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any

import torch
from torch import Tensor, nn

Job = tuple[Callable[[Tensor], Tensor], Sequence[Tensor]]
"""A function of one tensor, and its parameters."""


def job(module: nn.Module) -> Job:
    """A module as a job."""
    return module, list(module.parameters())


def parallel_forward(first: Job, second: Job, inputs: tuple[Tensor, Tensor], pool: Executor) -> tuple[Tensor, Tensor]:
    """Compute the first job of ``inputs[0]`` on this thread, the second of ``inputs[1]`` on the pool.

    Gradients are those of computing one after the other, to the last bit (jobs that share a parameter: up to the order
    of one addition). The jobs draw random numbers from generators of their own, if any.
    """
    parameters = [p for _, own in (first, second) for p in own]
    outputs: tuple[Tensor, Tensor] = _Parallel.apply(first, second, pool, *inputs, *parameters)  # type: ignore[no-untyped-call]
    return outputs


class _Parallel(torch.autograd.Function):
    """Two modules, each with a graph of its own, so that each thread walks one back."""

    @staticmethod
    def forward(
        ctx: Any, first: Job, second: Job, pool: Executor, left: Tensor, right: Tensor, *parameters: Tensor
    ) -> tuple[Tensor, Tensor]:
        autocast = torch.is_autocast_enabled("cpu")
        later = pool.submit(_run, second[0], right, autocast)
        ctx.first = _run(first[0], left, autocast)
        ctx.second = later.result()
        ctx.pool = pool
        ctx.size = len(first[1])
        ctx.parameters = parameters
        return ctx.first[1].detach(), ctx.second[1].detach()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        own, others = ctx.parameters[: ctx.size], ctx.parameters[ctx.size :]
        later = ctx.pool.submit(_walk_back, ctx.second, others, gradients[1])
        left = _walk_back(ctx.first, own, gradients[0])
        right = later.result()
        return None, None, None, left[0], right[0], *left[1:], *right[1:]


def _run(compute: Callable[[Tensor], Tensor], inputs: Tensor, autocast: bool) -> tuple[Tensor, Tensor]:
    with torch.enable_grad(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        inputs = inputs.detach().requires_grad_()
        return inputs, compute(inputs)


def _walk_back(run: tuple[Tensor, Tensor], parameters: tuple[Tensor, ...], gradient: Tensor) -> list[Tensor | None]:
    inputs, outputs = run
    wanted = [p for p in parameters if p.requires_grad]
    of_inputs, *gradients = torch.autograd.grad(outputs, [inputs, *wanted], gradient, allow_unused=True)
    in_order = iter(gradients)
    return [of_inputs, *(next(in_order) if p.requires_grad else None for p in parameters)]
