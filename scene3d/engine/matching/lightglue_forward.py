"""LightGlue's forward pass over a batch of pairs, on the layers of kornia's network.

LightGlue (Lindenberger et al., ICCV 2023) ends at the layer where a pair's keypoints are sure of
themselves, and leaves out on the way those that are sure to have no match. In a batch each pair
does both on its own: it leaves when it is sure, and where keypoints are left out, or were fewer to
begin with, rows are padded and no attention sees them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from kornia.feature import LightGlue
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence


@dataclass(frozen=True, kw_only=True)
class Points:
    """One photo as the network reads it."""

    xy: torch.Tensor
    """(N, 2) float32, in [-1, 1] along the photo's long side."""
    descriptors: torch.Tensor
    """(N, D)."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """The keypoints of one pair that are each other's best, on the CPU."""

    indices: torch.Tensor
    """(M, 2) int64, ordered by the first."""
    scores: torch.Tensor
    """(M,) float32 in (0, 1]."""


@torch.inference_mode()
def match_batch(
    network: LightGlue, pairs: Sequence[tuple[Points, Points]], *, half: bool
) -> list[Found]:
    """What `network` finds in each pair alone, up to rounding.

    Args:
        pairs: with keypoints on both sides.
        half: the attention layers in half precision. Positions, what decides when a pair is done,
            and the assignment never are.
    """
    nothing = Found(indices=torch.empty((0, 2), dtype=torch.int64), scores=torch.empty(0))
    found = [nothing] * len(pairs)
    first, second = (_Side.of(network, [pair[side] for pair in pairs]) for side in (0, 1))
    batch = _Batch(places=range(len(pairs)), first=first, second=second)
    for layer, transformer in enumerate(network.transformers):
        batch = _attended(transformer, batch, half=half)
        is_done = _are_done(network, layer, batch)
        done = batch.only(is_done)
        for place, matches in zip(done.places, _assigned(network, layer, done), strict=True):
            found[place] = matches
        batch = batch.only([not done for done in is_done])
        if not batch.places:
            break
        batch = _pruned(network, layer, batch)
    return found


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One photo of each pair."""

    descriptors: torch.Tensor
    """(B, N, D)."""
    encodings: torch.Tensor
    """(2, B, 1, N, D / heads), cosines and sines of the positions."""
    rows: torch.Tensor
    """(B, N), which keypoint of the photo it is."""
    is_kept: torch.Tensor
    """(B, N); the others are padding, and come last."""
    num_kept: Sequence[int]
    num_asked: Sequence[int]
    """Before any was left out."""

    @classmethod
    def of(cls, network: Any, photos: Sequence[Points]) -> "_Side":
        xy = pad_sequence([photo.xy for photo in photos], batch_first=True)
        descriptors = pad_sequence([photo.descriptors for photo in photos], batch_first=True)
        counts = [len(photo.xy) for photo in photos]
        rows = torch.arange(xy.shape[1], device=xy.device).expand(len(photos), -1)
        return cls(
            descriptors=network.input_proj(descriptors.float()),
            encodings=network.posenc(xy),
            rows=rows,
            is_kept=rows < torch.tensor(counts, device=xy.device)[:, None],
            num_kept=counts,
            num_asked=counts,
        )

    @property
    def is_padded(self) -> bool:
        return min(self.num_kept) < self.rows.shape[1]

    @property
    def mask(self) -> torch.Tensor | None:
        """(B, 1, 1, N), whom attention may see; None for all of them, which is faster."""
        return self.is_kept[:, None, None] if self.is_padded else None

    def only(self, chosen: Sequence[int]) -> "_Side":
        """These pairs."""
        return _Side(
            descriptors=self.descriptors[chosen],
            encodings=self.encodings[:, chosen],
            rows=self.rows[chosen],
            is_kept=self.is_kept[chosen],
            num_kept=[self.num_kept[place] for place in chosen],
            num_asked=[self.num_asked[place] for place in chosen],
        )

    def keeping(self, is_kept: torch.Tensor) -> "_Side":
        """Without the keypoints that are not in `is_kept` (B, N)."""
        num_kept = is_kept.sum(dim=1).tolist()
        order = is_kept.logical_not().int().argsort(dim=1, stable=True)[:, : max(num_kept)]
        columns = order[..., None]
        return replace(
            self,
            descriptors=self.descriptors.take_along_dim(columns, dim=1),
            encodings=self.encodings.take_along_dim(columns[None, :, None], dim=3),
            rows=self.rows.take_along_dim(order, dim=1),
            is_kept=is_kept.take_along_dim(order, dim=1),
            num_kept=num_kept,
        )


@dataclass(frozen=True, kw_only=True)
class _Batch:
    places: Sequence[int]
    """Of its pairs among those that were asked for."""
    first: _Side
    second: _Side

    def only(self, is_chosen: Sequence[bool]) -> "_Batch":
        if all(is_chosen):
            return self
        chosen = [place for place, is_one in enumerate(is_chosen) if is_one]
        return _Batch(
            places=[self.places[place] for place in chosen],
            first=self.first.only(chosen),
            second=self.second.only(chosen),
        )


def _attended(transformer: Any, batch: _Batch, *, half: bool) -> _Batch:
    """Attention within each photo, then between the two."""
    sides = (batch.first, batch.second)
    with torch.autocast(batch.first.descriptors.device.type, torch.float16, enabled=half):
        own = [transformer.self_attn(side.descriptors, side.encodings, side.mask) for side in sides]
        first, second = _crossed(transformer.cross_attn, own, [side.mask for side in sides])
    return replace(
        batch,
        first=replace(batch.first, descriptors=first),
        second=replace(batch.second, descriptors=second),
    )


def _crossed(
    block: Any, descriptors: Sequence[torch.Tensor], masks: Sequence[torch.Tensor | None]
) -> list[torch.Tensor]:
    """What kornia's CrossBlock makes of two (B, N, D), in one fused attention each way."""
    keys, values = (
        [layer(some).unflatten(-1, (block.heads, -1)).transpose(1, 2) for some in descriptors]
        for layer in (block.to_qk, block.to_v)
    )
    crossed = []
    for own, other in ((0, 1), (1, 0)):
        seen = functional.scaled_dot_product_attention(
            keys[own], keys[other], values[other], attn_mask=masks[other]
        )
        message = block.to_out(seen.transpose(1, 2).flatten(start_dim=2))
        joint = torch.cat([descriptors[own], message], dim=-1)
        crossed.append(descriptors[own] + block.ffn(joint))
    return crossed


def _are_done(network: Any, layer: int, batch: _Batch) -> list[bool]:
    """Of each pair, whether enough keypoints are sure; those left out were."""
    if layer == len(network.transformers) - 1:
        return [True] * len(batch.places)
    threshold = network.confidence_thresholds[layer]
    num_unsure = torch.zeros(len(batch.places), device=threshold.device)
    num_asked = torch.zeros_like(num_unsure)
    for side in (batch.first, batch.second):
        is_unsure = (_confidences(network, layer, side) < threshold) & side.is_kept
        num_unsure += is_unsure.sum(dim=1)
        num_asked += torch.tensor(side.num_asked, device=threshold.device)
    done: list[bool] = (1 - num_unsure / num_asked > network.conf.depth_confidence).tolist()
    return done


def _pruned(network: Any, layer: int, batch: _Batch) -> _Batch:
    """Without keypoints that are sure to have no match, and pairs that have none left."""
    first, second = (_pruned_side(network, layer, side) for side in (batch.first, batch.second))
    pruned = replace(batch, first=first, second=second)
    return pruned.only(
        [min(counts) > 0 for counts in zip(first.num_kept, second.num_kept, strict=True)]
    )


def _pruned_side(network: Any, layer: int, side: _Side) -> _Side:
    enough = network.pruning_min_kpts(side.rows.device)
    if max(side.num_kept) <= enough:
        return side
    matchability = network.log_assignment[layer].get_matchability(side.descriptors)
    is_needed = network.get_pruning_mask(_confidences(network, layer, side), matchability, layer)
    is_few = torch.tensor([count <= enough for count in side.num_kept], device=side.rows.device)
    return side.keeping(side.is_kept & (is_needed | is_few[:, None]))


def _confidences(network: Any, layer: int, side: _Side) -> torch.Tensor:
    """(B, N) in (0, 1), that later layers would change nothing."""
    confidences: torch.Tensor = network.token_confidence[layer].token(side.descriptors)
    return confidences.squeeze(-1)


def _assigned(network: Any, layer: int, batch: _Batch) -> list[Found]:
    """Per pair the mutually best, by equations 8 to 11 of the paper, in logarithms."""
    if not batch.places:
        return []
    first, second = batch.first, batch.second
    scores = _log_assignment(network.log_assignment[layer], first, second)
    best = scores.max(dim=2)
    best_of_second = scores.argmax(dim=1)
    own = torch.arange(scores.shape[1], device=scores.device)
    probability = best.values.exp()
    is_match = ((best_of_second.gather(1, best.indices) == own) & (probability > 0)).cpu()
    indices = torch.stack([first.rows, second.rows.gather(1, best.indices)], dim=-1).cpu()
    probability = probability.cpu()
    return [
        Found(indices=rows[is_one], scores=values[is_one])
        for rows, values, is_one in zip(indices, probability, is_match, strict=True)
    ]


def _log_assignment(head: Any, first: _Side, second: _Side) -> torch.Tensor:
    """(B, M, N), minus infinity where either is padding."""
    projected = [head.final_proj(side.descriptors) for side in (first, second)]
    similarity = projected[0] @ projected[1].mT / math.sqrt(head.dim)
    is_hidden = ~(first.is_kept[:, :, None] & second.is_kept[:, None])
    is_padded = first.is_padded or second.is_padded
    if is_padded:
        similarity = similarity.masked_fill(is_hidden, -torch.inf)
    matchable = [
        functional.logsigmoid(head.matchability(side.descriptors)) for side in (first, second)
    ]
    scores = functional.log_softmax(similarity, 2) + functional.log_softmax(similarity, 1)
    scores += matchable[0] + matchable[1].mT
    return scores.masked_fill(is_hidden, -torch.inf) if is_padded else scores
