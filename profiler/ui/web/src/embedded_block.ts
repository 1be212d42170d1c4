// Reads the block of data that `thaw html` puts into the page: base64 of a zlib stream, in it JSON
// and bytes. PROTOCOL.md, "In the page", is the description. Lanes are decoded when they are first
// asked for: most of a large page is never looked at.

import { TAG_MIXED } from "./cells";
import { MIXED, type NamesDelta, type Summary } from "./source";
import { Varints } from "./varints";

type Piece = [offset: number, length: number];

interface BlockHead {
  summary: Summary;
  names: NamesDelta;
  level: number;
  lanes: { cells: Piece; samples: Piece; waits: Piece }[];
  sample_weight: number;
}

/** Cells of a lane as runs of buckets, as in a Tile, from bucket 0 to the end of the capture. */
export interface Cells {
  ends: Uint32Array;
  what: Uint32Array;
  mixes: Uint8Array;
}

export interface Samples {
  times: Float64Array;
  nodes: Uint32Array;
}

export interface Waits {
  starts: Float64Array;
  ends: Float64Array;
  classes: Uint8Array;
  nodes: Uint32Array;
  /** Lane + 1; 0 is nobody that is shown. */
  wakers: Uint32Array;
  waker_nodes: Uint32Array;
}

export class Block {
  constructor(
    readonly head: BlockHead,
    private readonly bytes: Uint8Array,
  ) {}

  cells(lane: number): Cells {
    return read_cells(this.piece(this.head.lanes[lane].cells));
  }

  samples(lane: number): Samples {
    return read_samples(this.piece(this.head.lanes[lane].samples));
  }

  waits(lane: number): Waits {
    return read_waits(this.piece(this.head.lanes[lane].waits));
  }

  private piece([offset, length]: Piece): Uint8Array {
    return this.bytes.subarray(offset, offset + length);
  }
}

export async function read_block(base64: string): Promise<Block> {
  const bytes = await inflated(base64);
  if (bytes.length < 4) throw new Error("the data in this page is cut off");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (4 + length > bytes.length) throw new Error("the data in this page is cut off");
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as BlockHead;
  return new Block(head, bytes.subarray(4 + length));
}

/** Characters of base64 decoded at once: a multiple of 4, small beside a page of tens of MB. */
const PIECE = 1 << 20;

async function inflated(base64: string): Promise<Uint8Array> {
  const text = base64.replace(/\s+/g, "");
  let at = 0;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(stream) {
      if (at >= text.length) return stream.close();
      stream.enqueue(from_base64(text.slice(at, at + PIECE)));
      at += PIECE;
    },
  });
  const stream = packed.pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function from_base64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function read_cells(bytes: Uint8Array): Cells {
  const ends: number[] = [];
  const what: number[] = [];
  const input = new Varints(bytes);
  let end = 0;
  while (input.more) {
    const tag = input.byte();
    const buckets = input.next();
    if (tag !== TAG_MIXED) {
      end += buckets;
      ends.push(end);
      what.push(tag);
      continue;
    }
    for (let i = 0; i < buckets && input.more; i++) {
      ends.push(++end);
      what.push(MIXED + input.at);
      input.at += 1 + 2 * input.bytes[input.at];
    }
  }
  // Mixes stay where they are: their places are places in the bytes of the lane.
  return { ends: Uint32Array.from(ends), what: Uint32Array.from(what), mixes: bytes };
}

function read_samples(bytes: Uint8Array): Samples {
  const times: number[] = [];
  const nodes: number[] = [];
  const input = new Varints(bytes);
  let time = 0;
  while (input.more) {
    times.push((time += input.next()));
    nodes.push(input.next());
  }
  return { times: Float64Array.from(times), nodes: Uint32Array.from(nodes) };
}

function read_waits(bytes: Uint8Array): Waits {
  const starts: number[] = [];
  const ends: number[] = [];
  const classes: number[] = [];
  const nodes: number[] = [];
  const wakers: number[] = [];
  const waker_nodes: number[] = [];
  const input = new Varints(bytes);
  let start = 0;
  while (input.more) {
    starts.push((start += input.next()));
    ends.push(start + input.next());
    classes.push(input.byte());
    nodes.push(input.next());
    wakers.push(input.next());
    waker_nodes.push(input.next());
  }
  return {
    starts: Float64Array.from(starts),
    ends: Float64Array.from(ends),
    classes: Uint8Array.from(classes),
    nodes: Uint32Array.from(nodes),
    wakers: Uint32Array.from(wakers),
    waker_nodes: Uint32Array.from(waker_nodes),
  };
}
