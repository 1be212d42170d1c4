// Colours of change: orange for more, blue for less, grey for what may be chance. Orange and blue are
// told apart by everybody; the stronger the change, the stronger the colour.

import type { JSX } from "preact";
import { is_noise } from "./difference";
import type { Theme } from "./theme";

// Four times as much, or a quarter, is as strong as it gets.
const STRONGEST = 2;
const STEPS = 4;

export function changed_colour(before: number, after: number, z: number, dark: boolean): string {
  if (is_noise(z)) return dark ? "hsl(220 5% 26%)" : "hsl(220 8% 90%)";
  const ratio = before > 0 && after > 0 ? Math.log2(after / before) : after > before ? 9 : -9;
  const strength = Math.min(1, Math.abs(ratio) / STRONGEST);
  return colour_of(ratio > 0, Math.max(1, Math.ceil(strength * STEPS)), dark);
}

function colour_of(is_more: boolean, step: number, dark: boolean): string {
  const hue = is_more ? 26 : 212;
  const part = step / STEPS;
  if (dark) return `hsl(${hue} ${22 + 48 * part}% ${25 + 13 * part}%)`;
  return `hsl(${hue} ${60 + 35 * part}% ${88 - 26 * part}%)`;
}

export function ChangeLegend({ theme }: { theme: Theme }): JSX.Element {
  const swatch = (colour: string) => <i class="swatch" style={{ background: colour }} />;
  const steps = [1, 2, 3, 4];
  return (
    <span class="legend">
      less {[...steps].reverse().map((step) => swatch(colour_of(false, step, theme.dark)))}
      {swatch(changed_colour(1, 1, 0, theme.dark))}
      {steps.map((step) => swatch(colour_of(true, step, theme.dark)))} more; grey may be chance
    </span>
  );
}
