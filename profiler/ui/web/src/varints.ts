// Numbers of any size in bytes (PROTOCOL.md): seven bits a byte, the lowest first.

export class Varints {
  at = 0;
  constructor(readonly bytes: Uint8Array) {}

  get more(): boolean {
    return this.at < this.bytes.length;
  }

  byte(): number {
    return this.bytes[this.at++];
  }

  /** By multiplication: times do not fit into the 32 bits of shifts. */
  next(): number {
    let value = 0;
    for (let scale = 1; this.more; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  }
}
