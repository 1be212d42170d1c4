// The small card beside the pointer: thread, state, reason, time, length. What the tiles say is
// there at once; how long exactly comes from the server when the pointer rests.

import { main_class } from "./cells";
import { words_of } from "./classes";
import { duration, moment } from "./format";
import { frame_name } from "./panel_words";
import { name_of } from "./rows";
import { NOTHING } from "./source";
import type { TimelineView } from "./timeline_view";
import { bucket_ns, coarse_level, level_for, tile_ns } from "./view";

const REST_MS = 90;

export class Tooltip {
  private timer = 0;
  private asked = 0;

  constructor(
    private readonly element: HTMLElement,
    private readonly timeline: TimelineView,
  ) {}

  hide(): void {
    clearTimeout(this.timer);
    this.asked++;
    this.element.hidden = true;
  }

  move(event: PointerEvent): void {
    this.hide();
    const { timeline } = this;
    const { offsetX: x, offsetY: y } = event;
    const lane = timeline.lane_at(y);
    if (lane === null) return;
    const time = timeline.time_at(x);
    const bar = this.bar(x, y);
    this.show(x, y, [name_of(timeline.summary.lanes[lane]), ...(bar ?? this.states(lane, time))]);
    if (!bar) this.timer = window.setTimeout(() => void this.ask(lane, time, x, y), REST_MS);
  }

  private bar(x: number, y: number): string[] | null {
    const bar = this.timeline.bar_at({ x, y });
    if (!bar) return null;
    const { source, summary } = this.timeline;
    const { names } = source;
    return [
      frame_name(names, summary, bar.fn),
      names.modules[bar.fn],
      duration(bar.end - bar.start),
    ];
  }

  private states(lane: number, time: number): string[] {
    const { summary, store, cache } = this.timeline;
    const { view } = store.state;
    const per_pixel =
      (view.to - view.from) / (this.timeline.width * (window.devicePixelRatio || 1));
    const coarse = coarse_level(summary.duration, summary.finest);
    const when = `at ${moment(time, per_pixel)}`;
    for (
      let level = Math.min(level_for(per_pixel, summary.finest), coarse);
      level <= coarse;
      level++
    ) {
      const index = Math.floor(time / tile_ns(level));
      const tile = cache.get(level, lane, index);
      if (!tile) continue;
      const bucket = Math.floor((time - index * tile_ns(level)) / bucket_ns(level));
      const kind = main_class(tile, bucket);
      return [kind === NOTHING ? "nothing known" : this.words(kind), when];
    }
    return [when];
  }

  private words(kind: number): string {
    return words_of(this.timeline.summary.classes[kind]);
  }

  private async ask(lane: number, time: number, x: number, y: number): Promise<void> {
    const asked = ++this.asked;
    const answer = await this.timeline.source.at(lane, time).catch(() => null);
    if (asked !== this.asked || !answer?.slice) return;
    const { slice, waker } = answer;
    const length = slice.end - slice.start;
    const lines = [
      name_of(this.timeline.summary.lanes[lane]),
      `${this.words(slice.class)}, ${duration(length)}`,
      `from ${moment(slice.start, length / 100)}`,
    ];
    if (waker) lines.push(`woken by ${waker.name || (waker.tid > 0 ? waker.tid : "an interrupt")}`);
    this.show(x, y, lines);
  }

  private show(x: number, y: number, lines: string[]): void {
    const { element } = this;
    element.replaceChildren(
      ...lines.filter(Boolean).map((line, i) => {
        const part = document.createElement(i === 0 ? "b" : "span");
        part.textContent = line;
        return part;
      }),
    );
    element.hidden = false;
    const room = {
      x: this.timeline.width - element.offsetWidth - 4,
      y: this.timeline.height - element.offsetHeight - 4,
    };
    const left = x + 14 > room.x ? x - element.offsetWidth - 10 : x + 14;
    const top = y + 16 > room.y ? y - element.offsetHeight - 8 : y + 16;
    element.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
  }
}
