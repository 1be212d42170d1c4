// Colours, light and dark. Running is told from every wait by its lightness as well as by its hue:
// in the dark it is the lightest, in the light the darkest of the large areas, so that it stands
// out for those who cannot tell green from red and on paper. theme_test.ts holds us to that.

import type { StateClass } from "./source";

export interface Theme {
  dark: boolean;
  background: string;
  /** Behind bars, headings and cards. */
  raised: string;
  text: string;
  faint: string;
  line: string;
  accent: string;
  /** Marks of freezes. */
  alarm: string;
  /** By index of the summary's classes. */
  classes: string[];
}

interface Pair {
  dark: string;
  light: string;
}

const RUNNING: Pair = { dark: "#4ad66d", light: "#16883f" };
const READY: Pair = { dark: "#c9922a", light: "#f5b921" };
const UNKNOWN: Pair = { dark: "#2b2f36", light: "#e4e6ea" };

// What stands in the way of the program (locks, disk, memory) has a strong colour; what is mostly
// idleness (sleep, poll, a worker without work) is nearly grey.
const WAITS: Record<string, Pair> = {
  futex: { dark: "#b8433f", light: "#f0837a" },
  "kernel lock": { dark: "#b0427f", light: "#ee8cc0" },
  disk: { dark: "#7a4fc0", light: "#b79cf0" },
  "page fault": { dark: "#9a5cae", light: "#d8a6e8" },
  pipe: { dark: "#2f6fb5", light: "#7db8f0" },
  socket: { dark: "#1f7f8c", light: "#74cdd6" },
  child: { dark: "#8a5a2e", light: "#dbb9a2" },
  signal: { dark: "#75682f", light: "#c4c9ae" },
  terminal: { dark: "#64606e", light: "#c5bfd2" },
  poll: { dark: "#3f5370", light: "#b4c4dc" },
  sleep: { dark: "#38465a", light: "#c9d3e2" },
  work: { dark: "#35433d", light: "#cfdfd7" },
  other: { dark: "#55595f", light: "#bcc0c6" },
  // Its stack was not recorded.
  waiting: { dark: "#494d54", light: "#cbced3" },
};

function pair_of(one: StateClass): Pair {
  switch (one.kind) {
    case "running":
    case "stalled":
      return RUNNING;
    case "ready":
      return READY;
    case "waiting":
      return WAITS[one.name] ?? WAITS.other;
    case "unknown":
      return UNKNOWN;
  }
}

export function make_theme(classes: StateClass[], dark: boolean): Theme {
  const colours = classes.map((one) => (dark ? pair_of(one).dark : pair_of(one).light));
  return dark
    ? {
        dark,
        background: "#14171c",
        raised: "#1c2027",
        text: "#e6e9ee",
        faint: "#98a1ae",
        line: "#2d333c",
        accent: "#6cb4ff",
        alarm: "#ff6b5e",
        classes: colours,
      }
    : {
        dark,
        background: "#ffffff",
        raised: "#f4f5f7",
        text: "#1b1f26",
        faint: "#5c6570",
        line: "#d5d9df",
        accent: "#0b63c5",
        alarm: "#c8201a",
        classes: colours,
      };
}

/** Of the hatching over the green of what stood still. */
export function stripe_colour(theme: Theme): string {
  return theme.dark ? "#0c3a1a" : "#b6e8c6";
}

/** The same colours for the style sheet: --background, --class-3 and so on. */
export function apply_theme(theme: Theme, root: HTMLElement): void {
  root.dataset.theme = theme.dark ? "dark" : "light";
  root.style.setProperty("--stripe", stripe_colour(theme));
  root.style.colorScheme = theme.dark ? "dark" : "light";
  for (const name of ["background", "raised", "text", "faint", "line", "accent", "alarm"] as const)
    root.style.setProperty(`--${name}`, theme[name]);
  theme.classes.forEach((colour, index) => root.style.setProperty(`--class-${index}`, colour));
}
