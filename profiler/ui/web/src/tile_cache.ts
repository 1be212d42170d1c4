// Tiles that were asked for, the newest used ones kept within a bound of memory.
//
// The painter says which tiles it needs; what is missing is asked for at the end of the frame: one
// question for all lanes on the screen, at most two under way. Coarse tiles of lanes that have none
// go first: they are few, and something is shown until the fine ones come.

import { bytes_of } from "./cells";
import type { Source, Tile } from "./source";

const MOST_BYTES = 150 * 1024 * 1024;
const MOST_UNDER_WAY = 2;
// An answer of more tiles than this takes longer than a frame to decode.
const MOST_TILES = 600;
const RETRY_MS = 1000;

interface Entry {
  tile: Tile | null;
  used: number;
}

interface Want {
  level: number;
  first: number;
  last: number;
  lanes: number[];
}

export class TileCache {
  private readonly levels: Map<number, Map<number, Entry>>[] = [];
  private wants: Want[] = [];
  private under_way = 0;
  private frame = 0;
  private bytes = 0;
  private not_before = 0;

  /** `on_change`: tiles came, draw again. `on_error`: null when it works again. */
  constructor(
    private readonly source: Source,
    private readonly on_change: () => void,
    private readonly on_error: (error: Error | null) => void,
    private readonly most_bytes = MOST_BYTES,
  ) {}

  begin_frame(): void {
    this.frame++;
    this.wants = [];
  }

  get(level: number, lane: number, index: number): Tile | null {
    const entry = this.levels[level]?.get(lane)?.get(index);
    if (!entry) return null;
    entry.used = this.frame;
    return entry.tile;
  }

  /** Tiles first … last of a lane are needed; those that are missing are asked for. */
  need(level: number, lane: number, first: number, last: number): void {
    const tiles = this.levels[level]?.get(lane);
    while (first <= last && tiles?.has(first)) first++;
    while (first <= last && tiles?.has(last)) last--;
    if (first > last) return;
    const want = this.wants.find((one) => one.level === level);
    if (!want) {
      this.wants.push({ level, first, last, lanes: [lane] });
      return;
    }
    want.first = Math.min(want.first, first);
    want.last = Math.max(want.last, last);
    want.lanes.push(lane);
  }

  /** Asks for what is missing. Coarser levels first. */
  end_frame(): void {
    this.wants.sort((a, b) => b.level - a.level);
    for (const want of this.wants) {
      if (this.under_way >= MOST_UNDER_WAY || performance.now() < this.not_before) return;
      void this.ask(want);
    }
  }

  is_busy(): boolean {
    return this.under_way > 0 || this.wants.length > 0;
  }

  private async ask({ level, first, last, lanes }: Want): Promise<void> {
    const count = Math.min(last - first + 1, MOST_TILES);
    const some = lanes.slice(0, Math.max(1, Math.floor(MOST_TILES / count))).sort((a, b) => a - b);
    this.reserve(level, first, count, some);
    this.under_way++;
    try {
      this.store(level, first, some, await this.source.tiles(level, first, count, some));
      this.on_error(null);
    } catch (error) {
      this.forget(level, first, count, some);
      this.not_before = performance.now() + RETRY_MS;
      setTimeout(this.on_change, RETRY_MS + 20);
      this.on_error(error as Error);
    }
    this.under_way--;
    this.on_change();
  }

  private tiles_of(level: number, lane: number): Map<number, Entry> {
    const lanes = (this.levels[level] ??= new Map());
    let tiles = lanes.get(lane);
    if (!tiles) lanes.set(lane, (tiles = new Map()));
    return tiles;
  }

  // Entries without a tile are those under way.
  private reserve(level: number, first: number, count: number, lanes: number[]): void {
    for (const lane of lanes) {
      const tiles = this.tiles_of(level, lane);
      for (let i = first; i < first + count; i++)
        if (!tiles.has(i)) tiles.set(i, { tile: null, used: this.frame });
    }
  }

  private forget(level: number, first: number, count: number, lanes: number[]): void {
    for (const lane of lanes) {
      const tiles = this.tiles_of(level, lane);
      for (let i = first; i < first + count; i++) if (tiles.get(i)?.tile === null) tiles.delete(i);
    }
  }

  private store(level: number, first: number, lanes: number[], answer: Tile[][]): void {
    lanes.forEach((lane, at) => {
      const tiles = this.tiles_of(level, lane);
      answer[at].forEach((tile, i) => {
        const entry = tiles.get(first + i);
        if (entry?.tile) return;
        tiles.set(first + i, { tile, used: this.frame });
        this.bytes += bytes_of(tile);
      });
    });
    if (this.bytes > this.most_bytes) this.evict();
  }

  // Down to three quarters, so that it does not happen at every answer.
  private evict(): void {
    const all: { used: number; size: number; tiles: Map<number, Entry>; index: number }[] = [];
    for (const lanes of this.levels)
      for (const tiles of lanes?.values() ?? [])
        for (const [index, { tile, used }] of tiles)
          if (tile) all.push({ used, size: bytes_of(tile), tiles, index });
    all.sort((a, b) => a.used - b.used);
    for (const { size, tiles, index } of all) {
      if (this.bytes <= this.most_bytes * 0.75) break;
      tiles.delete(index);
      this.bytes -= size;
    }
  }
}
