"""Weights and a capacity -> the box of every parcel by the first-fit rule."""


def solve(xs: list[int], c: int) -> list[int]:
    room: list[int] = []
    boxes = []
    for x in xs:
        weight = abs(x)
        if weight > c:
            boxes.append(0)
            continue
        box = 0
        while box < len(room) and room[box] < weight:
            box += 1
        if box == len(room):
            room.append(c)
        room[box] -= weight
        boxes.append(box + 1)
    return boxes


def steps(xs: list[int], c: int) -> dict[str, list[list[int]]]:
    """The totals of the boxes after each parcel."""
    totals: list[list[int]] = []
    loads: list[int] = []
    for x in map(abs, xs):
        if x <= c:
            fits = [i for i, load in enumerate(loads) if load + x <= c]
            loads = [load + (i in fits[:1]) * x for i, load in enumerate(loads)] + [x] * (not fits)
        totals.append(loads)
    return {"totals": totals}


def check(xs: list[int], c: int) -> list[int]:
    """Add up anew what lies in every box."""
    boxes: list[tuple[int, int]] = []
    for x in xs:
        weight = x if x > 0 else -x
        tried = range(1, len(boxes) + 2)
        fitting = (box for box in tried if weight + sum(w for w, other in boxes if other == box) <= c)
        boxes.append((weight, next(fitting, 0)))
    return [box for _, box in boxes]
