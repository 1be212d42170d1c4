// A canvas that has one pixel per pixel of the screen, whatever the zoom of the browser.

export class Surface {
  readonly g: CanvasRenderingContext2D;
  /** CSS pixels. */
  width = 0;
  height = 0;
  /** Device pixels per CSS pixel. */
  ratio = 1;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.g = canvas.getContext("2d") as CanvasRenderingContext2D;
  }

  /** To be called at the beginning of a drawing. */
  resize(width: number, height: number): void {
    this.ratio = window.devicePixelRatio || 1;
    this.width = width;
    this.height = height;
    const w = Math.max(1, Math.round(width * this.ratio));
    const h = Math.max(1, Math.round(height * this.ratio));
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
    this.g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
  }

  clear(): void {
    this.g.clearRect(0, 0, this.width, this.height);
  }
}
