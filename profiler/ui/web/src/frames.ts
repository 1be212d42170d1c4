// One drawing per frame of the screen, and how long each took from when it was asked for: what the
// reader felt. Tests read it as window.thaw.frames().

const KEPT = 2000;

export class Frames {
  private asked_at: number | null = null;
  private readonly waited: number[] = [];
  private readonly worked: number[] = [];

  constructor(private readonly draw: () => void) {}

  /** `since`: time stamp of the input that asked; a late event counts from when it happened. */
  ask(since = performance.now()): void {
    if (this.asked_at !== null) return;
    this.asked_at = Math.min(since, performance.now());
    requestAnimationFrame(() => this.run());
  }

  private run(): void {
    const start = performance.now();
    const asked = this.asked_at ?? start;
    this.asked_at = null;
    this.draw();
    const end = performance.now();
    keep(this.waited, end - asked);
    keep(this.worked, end - start);
  }

  /** Ms from asking to drawn, the newest last. */
  waits(): number[] {
    return [...this.waited];
  }

  /** Ms of drawing alone. */
  works(): number[] {
    return [...this.worked];
  }

  clear(): void {
    this.waited.length = 0;
    this.worked.length = 0;
  }
}

function keep(list: number[], one: number): void {
  list.push(one);
  if (list.length > KEPT) list.shift();
}
