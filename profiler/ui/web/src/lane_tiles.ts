// Which tiles a lane is drawn from: those of the wanted level; where one is missing, finer ones if
// they are all still there (one zoomed out), else the nearest coarser one (one zoomed in).

import type { LanePainter } from "./lane_painter";
import type { Range, Tile } from "./source";
import type { TileCache } from "./tile_cache";
import { bucket_ns, tile_ns, tiles_of } from "./view";

// Finer than this, a tile is so small on the screen that drawing it is not worth its time.
const MOST_FINER = 3;

interface Levels {
  wanted: number;
  /** Coarsest level that is ever asked for. */
  coarse: number;
  /** Finest there is. */
  finest: number;
}

/** Asks for the coarse tiles that a lane lacks: of the whole capture. */
export function need_coarse(
  cache: TileCache,
  lane: number,
  levels: Levels,
  duration: number,
): void {
  const { first, last } = tiles_of({ from: 0, to: duration }, levels.coarse);
  cache.need(levels.coarse, lane, first, last);
}

/** Asks also for what a lane lacks within the view. */
export function need_lane(
  cache: TileCache,
  lane: number,
  view: Range,
  levels: Levels,
  duration: number,
): void {
  need_coarse(cache, lane, levels, duration);
  if (levels.wanted >= levels.coarse) return;
  const within = { from: view.from, to: Math.min(view.to, duration) };
  const wanted = tiles_of(within, levels.wanted);
  cache.need(levels.wanted, lane, wanted.first, wanted.last);
}

export function paint_lane(
  painter: LanePainter,
  cache: TileCache,
  lane: number,
  view: Range,
  levels: Levels,
): void {
  const level = Math.min(levels.wanted, levels.coarse);
  const { first, last } = tiles_of(view, level);
  painter.begin_lane();
  for (let index = first; index <= last; index++)
    paint_tile(painter, cache, lane, level, index, levels);
}

function paint_tile(
  painter: LanePainter,
  cache: TileCache,
  lane: number,
  level: number,
  index: number,
  levels: Levels,
): void {
  const from = index * tile_ns(level);
  const to = from + tile_ns(level);
  const add = (tile: Tile, of: number, at: number) =>
    painter.add(tile, at * tile_ns(of), bucket_ns(of), from, to);

  const exact = cache.get(level, lane, index);
  if (exact) return add(exact, level, index);

  for (let depth = 1; depth <= MOST_FINER && level - depth >= levels.finest; depth++) {
    const finer = all_finer(cache, lane, level - depth, index * 2 ** depth, 2 ** depth);
    finer?.forEach((tile, i) => add(tile, level - depth, index * 2 ** depth + i));
    if (finer) return;
  }
  for (let coarser = level + 1; coarser <= levels.coarse; coarser++) {
    const at = Math.floor(index / 2 ** (coarser - level));
    const tile = cache.get(coarser, lane, at);
    if (tile) return add(tile, coarser, at);
  }
}

function all_finer(
  cache: TileCache,
  lane: number,
  level: number,
  first: number,
  count: number,
): Tile[] | null {
  const tiles: Tile[] = [];
  for (let index = first; index < first + count; index++) {
    const tile = cache.get(level, lane, index);
    if (!tile) return null;
    tiles.push(tile);
  }
  return tiles;
}
