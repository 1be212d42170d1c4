// Draws lanes from tiles into pixels. Pure: no canvas, only its memory.
//
// Most columns of a lane are of one class from top to bottom, so a lane is drawn as one row of
// pixels that is copied downwards; only columns of several classes, and stalls with their hatching,
// are written one by one. This draws a full screen of 4K in some milliseconds, where as many
// fillRect() calls would take hundreds.

import { first_from } from "./sorted";
import { CLASS_KINDS, MIXED, NOTHING, type Range, type StateClass, type Tile } from "./source";
import { stripe_colour, type Theme } from "./theme";

// Stripes of a stalled stretch, in device pixels across.
const STRIPE = 8;
const STRIPE_DARK = 3;

/** Colour of the page's memory order (ABGR) from #rrggbb. */
export function pixel(colour: string): number {
  const rgb = parseInt(colour.slice(1), 16);
  return ((255 << 24) | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

export class LanePainter {
  private pixels = new Uint32Array(0);
  private row = new Uint32Array(0);
  private width = 0;
  private height = 0;
  // Columns to be written one by one: first, end, and where its shares are; a stretch that is all
  // stalled has no tile.
  private special_count = 0;
  private special_first = new Int32Array(1024);
  private special_end = new Int32Array(1024);
  private special_at = new Int32Array(1024);
  private special_tile: (Tile | null)[] = [];

  private colours = new Uint32Array(64);
  private is_stalled = new Uint8Array(64);
  /** Order from the bottom: running, stalled, ready, then waits. */
  private rank = new Uint8Array(64);
  private background = 0;
  private stripe = 0;

  private from = 0;
  private per_pixel = 1;

  /**
   * Stretches of one class in the lane drawn last that are wide enough for a word: x, end, class.
   */
  readonly wide: [number, number, number][] = [];
  private least_wide = Infinity;
  private plain_first = 0;
  private plain_end = 0;
  private plain_kind = -1;

  set_theme(theme: Theme, classes: StateClass[]): void {
    this.colours.fill(pixel(theme.background));
    this.rank.fill(4);
    this.is_stalled.fill(0);
    classes.slice(0, 64).forEach(({ kind }, index) => {
      this.colours[index] = pixel(theme.classes[index]);
      this.is_stalled[index] = kind === "stalled" ? 1 : 0;
      this.rank[index] = CLASS_KINDS.indexOf(kind);
    });
    this.background = pixel(theme.background);
    this.stripe = pixel(stripe_colour(theme));
  }

  /** Memory to draw into, of width × height pixels; `least_wide`: pixels that a word takes. */
  begin(
    pixels: Uint32Array<ArrayBuffer>,
    width: number,
    height: number,
    view: Range,
    least_wide: number,
  ): void {
    this.least_wide = least_wide;
    this.pixels = pixels;
    this.width = width;
    this.height = height;
    if (this.row.length !== width) this.row = new Uint32Array(width);
    this.from = view.from;
    this.per_pixel = (view.to - view.from) / width;
    pixels.fill(this.background);
  }

  /** Fills whole rows [top, bottom) with one colour. */
  band(top: number, bottom: number, colour: number): void {
    const first = Math.max(0, top) * this.width;
    const end = Math.min(this.height, bottom) * this.width;
    if (first < end) this.pixels.fill(colour, first, end);
  }

  begin_lane(): void {
    this.row.fill(this.background);
    this.special_count = 0;
    this.wide.length = 0;
    this.plain_kind = -1;
  }

  /** Adds what a tile says about [clip.from, clip.to). */
  add(tile: Tile, start: number, bucket: number, clip_from: number, clip_to: number): void {
    const { ends, what } = tile;
    const limit = this.column(clip_to);
    let x = Math.max(this.column(clip_from), this.column(start));
    // One less for rounding.
    const first = Math.max(0, first_from(ends, (this.time(x) - start) / bucket) - 1);
    for (let run = first; run < ends.length; run++) {
      const end = Math.min(limit, this.column(start + ends[run] * bucket));
      if (end <= x) continue;
      const kind = what[run];
      if (kind >= MIXED) this.add_special(x, end, tile, kind - MIXED);
      else if (kind !== NOTHING) this.add_plain(x, end, kind);
      x = end;
      if (x >= limit) return;
    }
  }

  private add_plain(first: number, end: number, kind: number): void {
    if (kind !== this.plain_kind || first !== this.plain_end) {
      this.note_wide();
      this.plain_first = first;
      this.plain_kind = kind;
    }
    this.plain_end = end;
    this.row.fill(this.colours[kind & 63], first, end);
    if (this.is_stalled[kind & 63]) this.add_special(first, end, null, 0);
  }

  private note_wide(): void {
    if (this.plain_kind < 0 || this.plain_end - this.plain_first < this.least_wide) return;
    this.wide.push([this.plain_first, this.plain_end, this.plain_kind]);
  }

  private add_special(first: number, end: number, tile: Tile | null, at: number): void {
    const i = this.special_count++;
    if (i === this.special_first.length) this.grow();
    this.special_first[i] = first;
    this.special_end[i] = end;
    this.special_at[i] = at;
    this.special_tile[i] = tile;
  }

  private grow(): void {
    const grown = (old: Int32Array) => {
      const more = new Int32Array(old.length * 2);
      more.set(old);
      return more;
    };
    this.special_first = grown(this.special_first);
    this.special_end = grown(this.special_end);
    this.special_at = grown(this.special_at);
  }

  /** Draws the lane into rows [top, bottom). `least`: height of the smallest share that ran. */
  end_lane(top: number, bottom: number, least: number): void {
    this.note_wide();
    const first = Math.max(0, top);
    const end = Math.min(this.height, bottom);
    for (let y = first; y < end; y++) this.pixels.set(this.row, y * this.width);
    for (let i = 0; i < this.special_count; i++) {
      const tile = this.special_tile[i];
      for (let x = this.special_first[i]; x < this.special_end[i]; x++) {
        if (tile) this.mixed_column(x, top, bottom, tile.mixes, this.special_at[i], least);
        else this.piece(x, top, bottom, this.stripe, true);
      }
    }
  }

  // From the bottom: what ran, what stood still, what was ready, the waits. What is missing to the
  // whole bucket stays empty at the top.
  private mixed_column(
    x: number,
    top: number,
    bottom: number,
    mixes: Uint8Array,
    at: number,
    least: number,
  ): void {
    const count = mixes[at];
    const height = bottom - top;
    let y = bottom;
    let sum = 0;
    for (let rank = 0; rank <= 4; rank++) {
      for (let k = 0; k < count; k++) {
        const kind = mixes[at + 1 + 2 * k] & 63;
        if (this.rank[kind] !== rank) continue;
        sum += mixes[at + 2 + 2 * k];
        let to = bottom - Math.round((Math.min(sum, 255) / 255) * height);
        if (rank <= 2) to = Math.max(top, Math.min(to, y - least));
        this.piece(x, to, y, this.colours[kind], false);
        if (this.is_stalled[kind]) this.piece(x, to, y, this.stripe, true);
        y = Math.min(y, to);
      }
    }
  }

  private piece(x: number, top: number, bottom: number, colour: number, striped: boolean): void {
    const end = Math.min(bottom, this.height);
    for (let y = Math.max(top, 0); y < end; y++)
      if (!striped || (x + y) % STRIPE < STRIPE_DARK) this.pixels[y * this.width + x] = colour;
  }

  private column(time: number): number {
    const x = Math.round((time - this.from) / this.per_pixel);
    return x < 0 ? 0 : x > this.width ? this.width : x;
  }

  private time(x: number): number {
    return this.from + x * this.per_pixel;
  }
}
