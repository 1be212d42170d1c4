// The few pictures on buttons, drawn with the colour of the text.

import type { JSX } from "preact";

function icon(path: string): () => JSX.Element {
  return () => (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        stroke-width="1.4"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

export const ChevronLeft = icon("M10 3.5 5.5 8l4.5 4.5");
export const ChevronRight = icon("M6 3.5 10.5 8 6 12.5");
export const ChevronDown = icon("M3.5 6 8 10.5 12.5 6");
export const Copy = icon("M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z");
export const Picture = icon("M2 3h12v10H2zM2 11l3.5-3.5L9 11l2-2 3 3M10.5 6h.01");
export const Sun = icon(
  "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7",
);
export const Moon = icon("M13.5 9.5A5.8 5.8 0 1 1 6.5 2.5a4.6 4.6 0 0 0 7 7z");
export const Help = icon(
  "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM6.2 6.3A1.9 1.9 0 1 1 8.6 8c-.5.2-.6.5-.6 1M8 11.2h.01",
);
export const Warning = icon("M8 2 1.8 13.2h12.4zM8 6.5v3.2M8 11.4h.01");
export const Close = icon("M4 4l8 8M12 4l-8 8");
export const Search = icon("M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 13.5 13.5");
export const Pin = icon("M6 2.5h4l-.5 5 2 2h-7l2-2zM8 9.5v4");
export const Fit = icon("M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10");
