// Binary search in ascending numbers.

/** Index of the first that is at least `value`. */
export function first_from(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first that is larger than `value`. */
export function first_after(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the last that is at most `value`; −1 if none is. */
export function last_up_to(sorted: Float64Array, value: number): number {
  return first_after(sorted, value) - 1;
}
