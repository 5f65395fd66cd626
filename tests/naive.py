"""Plain twins of the numeric code: slow, obvious, sharing nothing with what they check. Append freely."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
import scipy.sparse
import scipy.sparse.linalg
import scipy.special

# --- CausalNet, transcribed from its description: one sample, one equation per line, float64 -------------


def _plain_norm(x, weights, name):
    centred = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return centred / deviation * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _plain_linear(x, weights, name):
    y = np.einsum("ti,oi->to", x, np.asarray(weights[f"{name}.weight"], dtype=np.float64))
    return y + weights[f"{name}.bias"] if f"{name}.bias" in weights else y


def _plain_mlp(x, weights, name):
    hidden = _plain_linear(x, weights, f"{name}.0")
    return _plain_linear(
        hidden * 0.5 * (1.0 + scipy.special.erf(hidden / np.sqrt(2.0))), weights, f"{name}.3"
    )


def _plain_softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _plain_attention(q, k, v, heads, scale, mask=1.0, penalty=0.0):
    """softmax(s q k M + P) M v per head; q, k, v are (tokens, channels)."""
    q, k, v = (t.reshape(len(t), heads, -1) for t in (q, k, v))
    scores = np.einsum("ihd,jhd->hij", q, k) * scale
    out = np.einsum("hij,jhd->ihd", _plain_softmax(scores * mask + penalty) * mask, v)
    return out.reshape(len(q), -1)


def _plain_encoder(image, weights, name, dim, repeats, heads):
    """image (28, 28, 3), re-tiled, to (4, dim)."""
    tokens = np.stack(
        [image[7 * i : 7 * i + 7, 7 * j : 7 * j + 7].ravel() for i in range(4) for j in range(4)]
    )
    x = _plain_linear(tokens, weights, f"{name}.embed")
    for level, repeat in enumerate(repeats):
        x = x + weights[f"{name}.levels.{level}.position"]
        for i in range(repeat):
            layer = f"{name}.levels.{level}.layers.{i}"
            y = _plain_norm(x, weights, f"{layer}.norm_attention")
            q, k = np.split(_plain_linear(y, weights, f"{layer}.attention.to_query_key"), 2, axis=-1)
            v = _plain_linear(y, weights, f"{layer}.attention.to_value")
            n_heads = heads * 2**level
            alone = [
                _plain_attention(q[t : t + 1], k[t : t + 1], v[t : t + 1], n_heads, 1.0)
                for t in range(len(x))
            ]
            x = x + _plain_linear(np.concatenate(alone), weights, f"{layer}.attention.to_out")
            x = x + _plain_mlp(_plain_norm(x, weights, f"{layer}.norm_mlp"), weights, f"{layer}.mlp")
        if level < 2:
            x = _plain_merge(x, weights, f"{name}.merges.{level}")
    return x.reshape(dim, 4).T


def _plain_merge(x, weights, name):
    """(grid * grid, channels) to half the grid: convolution 3x3, norm, maximum of 3x3."""
    grid = int(np.sqrt(len(x)))
    padded = np.pad(x.reshape(grid, grid, -1), ((1, 1), (1, 1), (0, 0)))
    kernel = np.asarray(weights[f"{name}.conv.weight"], dtype=np.float64)
    y = sum(
        np.einsum("hwi,oi->hwo", padded[r : r + grid, c : c + grid], kernel[:, :, r, c])
        for r in range(3)
        for c in range(3)
    )
    y = _plain_norm(y + weights[f"{name}.conv.bias"], weights, f"{name}.norm")
    pooled = [
        y[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2].max(axis=(0, 1))
        for r in range(0, grid, 2)
        for c in range(0, grid, 2)
    ]
    return np.stack(pooled)


def _plain_regions(x, context, weights, name, heads, scale, gamma):
    mask, penalty = np.ones((4, 4)), np.zeros((4, 4))
    for i, j in ((0, 3), (1, 2), (2, 1), (3, 0)):  # the diagonals of the 2x2 grid are farther than 1
        mask[i, j], penalty[i, j] = 0.0, -(j + 1) * gamma
    k, v = np.split(_plain_linear(context, weights, f"{name}.to_kv"), 2, axis=-1)
    out = _plain_attention(_plain_linear(x, weights, f"{name}.to_q"), k, v, heads, scale, mask, penalty)
    return _plain_linear(out, weights, f"{name}.to_out")


def _plain_causal_pass(first, second, weights, heads, gamma):
    scale = (first.shape[1] // heads) ** -0.5
    first, second = (_plain_norm(x, weights, "causal.norm") for x in (first, second))
    first = first + _plain_regions(first, first, weights, "causal.spatial", heads, scale, gamma)
    second = second + _plain_regions(second, second, weights, "causal.spatial", heads, scale, gamma)
    q = _plain_linear(second, weights, "causal.temporal.to_q")
    kv = [np.split(_plain_linear(x, weights, "causal.temporal.to_kv"), 2, axis=-1) for x in (first, second)]
    rows = []
    for region in range(4):  # the second phase's region over the same region of both phases
        k, v = (np.stack([kv[phase][part][region] for phase in (0, 1)]) for part in (0, 1))
        rows.append(_plain_attention(q[region : region + 1], k, v, heads, scale))
    second = second + _plain_linear(np.concatenate(rows), weights, "causal.temporal.to_out")
    return first + _plain_mlp(first, weights, "causal.mlp"), second + _plain_mlp(
        second, weights, "causal.mlp"
    )


def causalnet(maps, weights, *, dim, repeats, encoder_heads, attention_heads, gamma):
    """Logits (3,) of one sample (4, 28, 28, 3); `weights` maps parameter names to arrays."""
    centres = ((9, 11), (21, 10), (10, 21), (20, 21))
    cut = [maps[:, r - 7 : r + 7, c - 7 : c + 7].astype(np.float64) for r, c in centres]
    tiled = np.concatenate([np.concatenate(cut[:2], axis=2), np.concatenate(cut[2:], axis=2)], axis=1)
    first, second, one, two = (
        _plain_encoder(image, weights, name, dim, repeats, encoder_heads)
        for image, name in zip(tiled, ["flow_encoder"] * 2 + ["direction_encoder"] * 2, strict=True)
    )
    for i in range(repeats[2]):
        norms = [_plain_norm(x, weights, f"cross.{i}.norm") for x in (one, two)]
        shared = (weights, f"cross.{i}.attention", attention_heads, dim**-0.5, gamma)
        one = one + _plain_regions(norms[0], two, *shared)
        two = two + _plain_regions(norms[1], one, *shared)
        one, two = (x + _plain_mlp(x, weights, f"cross.{i}.mlp") for x in (one, two))
    first, second = first + one, second + two
    first_on, second_on = _plain_causal_pass(first, second, weights, attention_heads, gamma)
    first_back, second_back = _plain_causal_pass(second, first, weights, attention_heads, gamma)
    q = _plain_linear(second_on, weights, "causal.relation.to_q")
    k = _plain_linear(second_back, weights, "causal.relation.to_k")
    v = _plain_linear(second_on + second_back, weights, "causal.relation.to_v")
    mined = _plain_attention(q, k, v, attention_heads, (dim // attention_heads) ** -0.5)
    mined = _plain_linear(mined + second_on + second_back, weights, "causal.relation.to_out")
    features = np.concatenate([mined, first_on, first_back]).reshape(1, -1)
    return _plain_linear(_plain_linear(features, weights, "head.hidden"), weights, "head.logits")[0]


# --- Robust rigid motion -----------------------------------------------------------------------------------


def plain_robust_motion(points, moves, trust, affine, rounds, least_px):
    """Cauchy expectation-maximisation on a stacked design matrix: (matrix (2, 3), spread)."""
    points, moves, trust = (np.asarray(values, np.float64) for values in (points, moves, trust))
    x, y = points.T
    one, zero = np.ones_like(x), np.zeros_like(x)
    if affine:
        rows_u = np.stack([x, y, one, zero, zero, zero], axis=1)
        rows_v = np.stack([zero, zero, zero, x, y, one], axis=1)
    else:
        rows_u = np.stack([x, -y, one, zero], axis=1)
        rows_v = np.stack([y, x, zero, one], axis=1)
    design = np.concatenate([rows_u, rows_v])
    target = np.concatenate([moves[:, 0], moves[:, 1]])
    weights = trust.copy()
    for _ in range(rounds):
        root = np.sqrt(np.concatenate([weights, weights]))
        solution = np.linalg.lstsq(design * root[:, None], target * root, rcond=None)[0]
        squares = ((target - design @ solution) ** 2).reshape(2, -1).sum(axis=0)
        spread = max((weights * squares).sum() / (2 * trust.sum()), least_px**2)
        weights = 3 * trust / (1 + squares / spread)
    if affine:
        return solution.reshape(2, 3), np.sqrt(spread)
    scale, roll, shift_x, shift_y = solution
    return np.array([[scale, -roll, shift_x], [roll, scale, shift_y]]), np.sqrt(spread)


# --- Tiles of the spotter: Baker and Matthews 2004, section 3.2, as read ------------------------------------


def plain_follow(reference, chip, centre, half, guess, damping):
    """(displacement x, y; mean square difference left) of the tile around `centre` (row, column)."""
    row, column = centre
    tile = np.s_[row - half : row + half + 1, column - half : column + half + 1]
    along = 0.5 * (np.roll(reference, -1, 1) - np.roll(reference, 1, 1))[tile]
    down = 0.5 * (np.roll(reference, -1, 0) - np.roll(reference, 1, 0))[tile]
    along, down = along - along.mean(), down - down.mean()
    hessian = np.array([[(along * along).sum(), (along * down).sum()], [0, (down * down).sum()]])
    hessian[1, 0] = hessian[0, 1]
    hessian += damping * np.eye(2)

    def differs(moved):
        rows, columns = np.mgrid[tile].astype(float)
        at = [rows + moved[1], columns + moved[0]]
        rest = scipy.ndimage.map_coordinates(chip.astype(float), at, order=1) - reference[tile]
        return rest - rest.mean()

    moved, rest = np.array(guess, float), differs(np.array(guess, float))
    for _ in range(8):
        step = np.linalg.solve(hessian, [(along * rest).sum(), (down * rest).sum()])
        tried = differs(moved - step)
        if (tried**2).sum() > (rest**2).sum():
            break
        moved, rest = moved - step, tried
        if (step**2).sum() < 1e-4:
            break
    return moved, (rest**2).mean()


# --- Window flow: one level of the pyramid, from the equations in realtime/flow/level.py --------------------


def plain_convolve(plane, taps_y, taps_x):
    """Separable correlation, border pixels repeated."""
    for axis, taps in ((0, taps_y), (1, taps_x)):
        plane = scipy.ndimage.correlate1d(np.asarray(plane, np.float64), taps, axis=axis, mode="nearest")
    return plane


def plain_warp(plane, u, v):
    """(plane(x + u, y + v) by Catmull-Rom, 1 where that place is in the picture)."""
    height, width = plane.shape

    def weights(t):
        return np.array(
            [-0.5 * t + t**2 - 0.5 * t**3, 1 - 2.5 * t**2 + 1.5 * t**3,
             0.5 * t + 2 * t**2 - 1.5 * t**3, -0.5 * t**2 + 0.5 * t**3]
        )  # fmt: skip

    out, inside = np.zeros((height, width)), np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            at_x, at_y = x + u[y, x], y + v[y, x]
            inside[y, x] = 0 <= at_x <= width - 1 and 0 <= at_y <= height - 1
            at_x, at_y = np.clip(at_x, 0, width - 1), np.clip(at_y, 0, height - 1)
            column, row = int(at_x), int(at_y)
            columns = np.clip(np.arange(column - 1, column + 3), 0, width - 1)
            rows = np.clip(np.arange(row - 1, row + 3), 0, height - 1)
            out[y, x] = weights(at_y - row) @ plane[np.ix_(rows, columns)] @ weights(at_x - column)
    return out, inside


def plain_squared_slopes(plane):
    across, down = np.diff(plane, axis=1) ** 2, np.diff(plane, axis=0) ** 2
    total = np.zeros(plane.shape)
    for side in (np.s_[:, :-1], np.s_[:, 1:]):
        total[side] += across / 2
    for side in (np.s_[:-1], np.s_[1:]):
        total[side] += down / 2
    return total


def plain_bonds(firmness):
    """(across (h, w - 1), down (h - 1, w)): the mean firmness of both ends."""
    return (firmness[:, 1:] + firmness[:, :-1]) / 2, (firmness[1:] + firmness[:-1]) / 2


def plain_laplacian(across, down):
    """Sparse matrix L with f' L f = sum over bonds of bond * difference^2."""
    height, width = across.shape[0], down.shape[1]
    at = np.arange(height * width).reshape(height, width)
    pairs = [(at[:, :-1], at[:, 1:], across), (at[:-1], at[1:], down)]
    laplacian = scipy.sparse.lil_matrix((at.size, at.size))
    for first, second, bonds in pairs:
        for i, j, bond in zip(first.ravel(), second.ravel(), bonds.ravel(), strict=True):
            laplacian[i, i] += bond
            laplacian[j, j] += bond
            laplacian[i, j] -= bond
            laplacian[j, i] -= bond
    return laplacian.tocsr()


def plain_solve_step(data, laplacian, bent):
    """The minimiser of step' D step + 2 step . d + (bent + step)' L (bent + step), solved directly."""
    shape = bent.shape[1:]
    uu, uv, vv, du, dv = (scipy.sparse.diags(plane.ravel()) for plane in data)
    system = scipy.sparse.bmat([[uu + laplacian, uv], [uv, vv + laplacian]], format="csc")
    pull = np.concatenate([laplacian @ plane.ravel() for plane in bent])
    right = -np.concatenate([data[3].ravel(), data[4].ravel()]) - pull
    return scipy.sparse.linalg.spsolve(system, right).reshape(2, *shape)


def plain_data_term(first, second, flow, config):
    """(5, h, w): D (uu, uv, vv) and d (u, v), pooled."""
    slope = np.array([1, -8, 0, 8, -1]) / 12
    moved, inside = plain_warp(second, *flow)
    mean, rest = (moved + first) / 2, moved - first
    noise = max(config.noise, config.noise_share * 1.4826 * np.median(np.abs(rest[::4, ::4])))
    weight = inside / noise**2 / (1 + (rest / (config.robust * noise)) ** 2)

    def slopes(plane):
        return plain_convolve(plane, [1], slope), plain_convolve(plane, slope, [1])

    (mx, my), (rx, ry) = slopes(mean), slopes(rest)
    mxx = slopes(mx)[0]
    mxy, myy = slopes(my)
    g = config.gradient_weight
    terms = [
        mx * mx + g * (mxx * mxx + mxy * mxy),
        mx * my + g * (mxx * mxy + mxy * myy),
        my * my + g * (mxy * mxy + myy * myy),
        mx * rest + g * (mxx * rx + mxy * ry),
        my * rest + g * (mxy * rx + myy * ry),
    ]
    half = int(np.ceil(3 * config.window_px))
    window = np.exp(-0.5 * (np.arange(-half, half + 1) / config.window_px) ** 2)
    window /= window.sum()
    return np.stack([plain_convolve(weight * term, window, window) for term in terms])


def plain_refine(first, second, flow, warps, config):
    """`flow` (2, h, w) after one level; first and second are normalised pictures of up to 32 pixels."""
    size = first.shape[0]
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    for _ in range(warps):
        data = plain_data_term(first, second, flow, config)
        texture = (data[0] + data[2]).ravel()
        trust = texture / (texture + texture.mean())
        matrix, _spread = plain_robust_motion(points, flow.reshape(2, -1).T, trust, True, 6, 0.02)
        common = (matrix @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])).reshape(flow.shape)
        bent = flow - common
        slopes = sum(plain_squared_slopes(plane) for plane in bent)
        laplacian = plain_laplacian(
            *plain_bonds(config.stiffness * (1 + slopes / config.bend**2) ** (-9 / 16))
        )
        step = plain_solve_step(data, laplacian, bent)
        flow = flow + step
        if np.abs(step).mean() < config.tolerance_px:
            break
    return flow


# --- CausalNet in eager torch in the released layout: images of channels, 1x1 convolutions ------------------


def _released_norm(x, weights, name):
    """LayerNorm over the channels of (n, channels, rows, columns), spelt out."""
    centred = x - x.mean(dim=1, keepdim=True)
    scaled = centred / (centred.pow(2).mean(dim=1, keepdim=True) + 1e-5).sqrt()
    return scaled * weights[f"{name}.weight"][:, None, None] + weights[f"{name}.bias"][:, None, None]


def _released_conv(x, weights, name):
    import torch.nn.functional as F  # only what calls this pays for torch

    return F.conv2d(x, weights[f"{name}.weight"][:, :, None, None], weights.get(f"{name}.bias"))


def _released_encoder(image, weights, name, repeats, heads):
    """image (1, 28, 28, 3), re-tiled, to (1, 4, dim); queries and keys are computed, as the release does."""
    import torch.nn.functional as F

    patches = image.reshape(1, 4, 7, 4, 7, 3).permute(0, 2, 4, 5, 1, 3).reshape(1, 147, 4, 4)
    x = _released_conv(patches, weights, f"{name}.embed")
    for level, repeat in enumerate(repeats):
        x = x + weights[f"{name}.levels.{level}.position"]
        for i in range(repeat):
            layer = f"{name}.levels.{level}.layers.{i}"
            y = _released_norm(x, weights, f"{layer}.norm_attention")
            blocks = y.permute(0, 2, 3, 1).reshape(-1, y.shape[1], 1, 1)  # one token a block
            q, k = _released_conv(blocks, weights, f"{layer}.attention.to_query_key").chunk(2, dim=1)
            v = _released_conv(blocks, weights, f"{layer}.attention.to_value")
            q, k, v = (t.reshape(len(blocks), heads * 2**level, -1, 1) for t in (q, k, v))
            scores = (q.transpose(2, 3) @ k) * q.shape[2] ** -0.5
            out = (v @ scores.softmax(dim=-1)).reshape(len(blocks), -1, 1, 1)
            out = _released_conv(out, weights, f"{layer}.attention.to_out")
            x = x + out.reshape(1, *x.shape[2:], -1).permute(0, 3, 1, 2)
            y = _released_norm(x, weights, f"{layer}.norm_mlp")
            y = F.gelu(_released_conv(y, weights, f"{layer}.mlp.0"))
            x = x + _released_conv(y, weights, f"{layer}.mlp.3")
        if level < 2:
            merge = f"{name}.merges.{level}"
            x = F.conv2d(x, weights[f"{merge}.conv.weight"], weights[f"{merge}.conv.bias"], padding=1)
            x = F.max_pool2d(_released_norm(x, weights, f"{merge}.norm"), 3, stride=2, padding=1)
    return x.reshape(1, -1, 4).transpose(1, 2)


def released_causalnet(net, maps):
    """Logits (1, classes) of torch maps (1, 4, 28, 28, 3): four encoder calls, nothing folded.

    The encoder, which is nearly all of the time, is written here; what follows it is `net`'s own.
    """
    import torch

    weights = {name: tensor.detach() for name, tensor in net.state_dict().items()}
    centres = ((9, 11), (21, 10), (10, 21), (20, 21))
    cut = [maps[:, :, r - 7 : r + 7, c - 7 : c + 7] for r, c in centres]
    tiled = torch.cat([torch.cat(cut[:2], dim=3), torch.cat(cut[2:], dim=3)], dim=2)
    names = ["flow_encoder"] * 2 + ["direction_encoder"] * 2
    flow_one, flow_two, one, two = (
        _released_encoder(tiled[:, i], weights, name, net.config.repeats, net.config.encoder_heads)
        for i, name in enumerate(names)
    )
    for layer in net.cross:
        one, two = layer(one, two)
    return net.head(net.causal(flow_one + one, flow_two + two).flatten(1))


# --- F5C of MOL, transcribed from the paper: one map, one loop per index -----------------------------------


def _plain_circular(x, kernel, bias, along_width):
    out = np.zeros_like(x)
    channels, height, width = x.shape
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                for k in range(kernel.shape[1]):
                    seen = x[c, i, (j + k) % width] if along_width else x[c, (i + k) % height, j]
                    out[c, i, j] += kernel[c, k] * seen
                out[c, i, j] += bias[c]
    return out


def _plain_batch_norm(x, weights, name):
    mean, variance = (weights[f"{name}.running_{each}"][:, None, None] for each in ("mean", "var"))
    scaled = (x - mean) / np.sqrt(variance + 1e-5)
    return scaled * weights[f"{name}.weight"][:, None, None] + weights[f"{name}.bias"][:, None, None]


def fully_connected(x, weights):
    """x (channels, height, width) float64; `weights` as `engine.mol_f5c.FullyConnected` names them."""
    half = len(x) // 2
    a = _plain_batch_norm(x[:half] + weights["places.0"][:, :, None], weights, "norms.0")
    b = _plain_batch_norm(x[half:] + weights["places.1"][:, None, :], weights, "norms.1")
    a = _plain_circular(a, weights["first.0.kernel"], weights["first.0.bias"], False)
    b = _plain_circular(b, weights["first.1.kernel"], weights["first.1.bias"], True)
    a = a + weights["places.2"][:, None, :]
    b = b + weights["places.3"][:, :, None]
    a = _plain_circular(a, weights["second.0.kernel"], weights["second.0.bias"], True)
    b = _plain_circular(b, weights["second.1.kernel"], weights["second.1.bias"], False)
    return np.concatenate([x[:half] + a, x[half:] + b])


def channel_correspondence(x, weights, neighbours):
    """x (channels, height, width) float64: each channel with the few nearest by cosine, itself among them."""
    nodes = x.reshape(len(x), -1)
    out = np.zeros_like(nodes)
    for i, node in enumerate(nodes):
        cosines = [node @ other / np.linalg.norm(node) / np.linalg.norm(other) for other in nodes]
        own = weights["own.weight"] @ node + weights["own.bias"]
        edges = []
        for j in np.argsort(cosines)[::-1][:neighbours]:
            edge = weights["edge.weight"] @ (nodes[j] - node) + weights["edge.bias"]
            edges.append(np.maximum(own + edge, 0))
        out[i] = np.max(edges, axis=0)
    return out.reshape(x.shape)


def correlated(first, second, reach, dilation):
    """Two (channels, height, width) maps to ((2 reach + 1)^2, height, width); outside counts as 0."""
    channels, height, width = first.shape
    out = []
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            plane = np.zeros((height, width))
            for y in range(height):
                for x in range(width):
                    v, u = y + dy * dilation, x + dx * dilation
                    if 0 <= v < height and 0 <= u < width:
                        plane[y, x] = (first[:, y, x] * second[:, v, u]).sum() / channels
            out.append(plane)
    return np.stack(out)
