// Amounts and changes of them in words. Pure.

import { is_noise, type Amount, type Measure } from "./difference";

export function measure_words(amount: number, measure: Measure): string {
  return measure === "share" ? `${(100 * amount).toFixed(1)} %` : `${amount.toFixed(1)} ms`;
}

export function change_words({ before, after, z }: Amount, measure: Measure): string {
  const change = (after - before) * (measure === "share" ? 100 : 1);
  const size = Math.abs(change).toFixed(1);
  const sign = size === "0.0" ? "" : change > 0 ? "+" : "−";
  return `${sign}${size}${is_noise(z) ? " " : "*"}`;
}
