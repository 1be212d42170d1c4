// Binary search in what is in order.

/** Index of the first of `count` that is past something, where all after it are too; `count` if none is. */
export function first_past(count: number, is_past: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (is_past(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Index of the first of ascending numbers that is at least `value`. */
export function first_from(sorted: ArrayLike<number>, value: number): number {
  return first_past(sorted.length, (i) => sorted[i] >= value);
}

/** Index of the first that is larger than `value`. */
export function first_after(sorted: ArrayLike<number>, value: number): number {
  return first_past(sorted.length, (i) => sorted[i] > value);
}

/** Index of the last that is at most `value`; −1 if none is. */
export function last_up_to(sorted: ArrayLike<number>, value: number): number {
  return first_after(sorted, value) - 1;
}

/** Of stretches [start, end) in order that do not overlap, the one that `value` is in; −1 if none. */
export function stretch_at(
  starts: ArrayLike<number>,
  ends: ArrayLike<number>,
  value: number,
): number {
  const at = first_after(ends, value);
  return at < ends.length && starts[at] <= value ? at : -1;
}
