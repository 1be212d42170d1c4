// The data of a capture from `thaw view` over HTTP (PROTOCOL.md, "Over HTTP").
//
// Answers that bring names continue where the page's own list ends (`known`), so two of them must
// not be under way at the same time: they wait for each other, one queue per capture. Tiles bring
// no names and go past the queue. Every error is one sentence for the reader.

import { decode_tiles } from "./cells";
import {
  type At,
  type Box,
  Names,
  type NamesDelta,
  type Range,
  type Source,
  type StackKind,
  type Stacks,
  type Summary,
  type Tile,
} from "./source";

type Ask = (url: string) => Promise<Response>;
type Named<T> = T & { names?: NamesDelta };

/** `3,5-9` of [3, 5, 6, 7, 8, 9]. */
export function lane_list(lanes: number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < lanes.length;) {
    let end = i + 1;
    while (end < lanes.length && lanes[end] === lanes[end - 1] + 1) end++;
    parts.push(end - i > 1 ? `${lanes[i]}-${lanes[end - 1]}` : `${lanes[i]}`);
    i = end;
  }
  return parts.join(",");
}

// The server's bounds are whole nanoseconds.
function bounds(range: Range): Record<string, number> {
  return { from: Math.max(0, Math.floor(range.from)), to: Math.ceil(range.to) };
}

export class ServerSource implements Source {
  readonly names = new Names();
  private queue: Promise<unknown> = Promise.resolve();

  /** `base`: "api" or, for the capture to compare with, "other". `fetch` is replaced in tests. */
  constructor(
    private readonly base: string,
    private readonly ask: Ask = (url) => fetch(url, { cache: "no-store" }),
  ) {}

  summary(): Promise<Summary> {
    return this.json<Summary>("summary", {});
  }

  async tiles(level: number, first: number, count: number, lanes: number[]): Promise<Tile[][]> {
    const response = await this.get("tiles", { level, first, count, lanes: lane_list(lanes) });
    const answer = await response.arrayBuffer();
    try {
      return decode_tiles(answer, lanes.length, count);
    } catch {
      throw new Error("The server's answer was cut short; it is asked again.");
    }
  }

  boxes(lane: number, range: Range, most: number): Promise<{ boxes: Box[]; merged: boolean }> {
    return this.named("boxes", { lane, ...bounds(range), most });
  }

  stacks(lanes: number[], range: Range, kind: StackKind): Promise<Stacks> {
    return this.named("stacks", { lanes: lane_list(lanes), ...bounds(range), kind });
  }

  at(lane: number, time: number): Promise<At> {
    return this.named("at", { lane, time: Math.max(0, Math.floor(time)) });
  }

  search(text: string): Promise<{ found: [number, number, number][]; total: number }> {
    return this.named("search", { text });
  }

  source(fn: number): Promise<{ file?: string; lines?: string[]; why?: string }> {
    return this.json("source", { function: fn });
  }

  private named<T>(question: string, words: Record<string, string | number>): Promise<T> {
    const answer = this.queue.then(async () => {
      const got = await this.json<Named<T>>(question, { ...words, known: this.names.known() });
      if (got.names) this.names.add(got.names);
      return got;
    });
    this.queue = answer.catch(() => undefined);
    return answer;
  }

  private async json<T>(question: string, words: Record<string, string | number>): Promise<T> {
    const response = await this.get(question, words);
    return (await response.json()) as T;
  }

  private async get(question: string, words: Record<string, string | number>): Promise<Response> {
    const query = Object.entries(words)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join("&");
    let response: Response;
    try {
      response = await this.ask(`${this.base}/${question}${query ? `?${query}` : ""}`);
    } catch {
      throw new Error(
        "The server of this page has ended: start `thaw view` again and open the address it prints.",
      );
    }
    if (response.ok) return response;
    if (response.status === 400) throw new Error((await response.text()).trim());
    throw new Error(
      response.status === 403 || response.status === 404
        ? "This address is of an earlier `thaw view`: open the one that the running server printed."
        : `The server answered ${response.status}: reload the page.`,
    );
  }
}
