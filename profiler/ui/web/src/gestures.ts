// The pointer and the wheel over the timeline. As in the viewers people know: the wheel scrolls,
// with Ctrl it zooms where the pointer is, with Shift it pans; dragging selects; the middle button
// pans. On the overview and the axis the plain wheel zooms, and dragging zooms or pans.

import type { Actions } from "./actions";
import { duration } from "./format";
import { title_of } from "./freezes";
import { OVERVIEW_HEIGHT } from "./overview_canvas";
import { lanes_between } from "./rows";
import type { TimelineView } from "./timeline_view";
import { fit, pan, zoom } from "./view";

// Less than this is a click, not a drag.
const DRAG_PIXELS = 4;
const WHEEL_ZOOM = 0.0022;
// Two fingers on a touchpad come as a wheel with Ctrl and many small steps.
const PINCH_STEP = 40;
const PINCH_ZOOM = 0.01;
const LINE_PIXELS = 22;

type Undo = () => void;

function listen<K extends keyof HTMLElementEventMap>(
  element: HTMLElement,
  name: K,
  handle: (event: HTMLElementEventMap[K]) => void,
): Undo {
  element.addEventListener(name, handle as EventListener, { passive: false });
  return () => element.removeEventListener(name, handle as EventListener);
}

function wheel_pixels(event: WheelEvent): { x: number; y: number } {
  const unit = event.deltaMode === 1 ? LINE_PIXELS : event.deltaMode === 2 ? 400 : 1;
  return { x: event.deltaX * unit, y: event.deltaY * unit };
}

function on_wheel(timeline: TimelineView, event: WheelEvent, plain_zooms: boolean): void {
  event.preventDefault();
  const { store, summary } = timeline;
  const { x, y } = wheel_pixels(event);
  const { view } = store.state;
  timeline.invalidate(event.timeStamp);
  if (event.ctrlKey || event.metaKey || (plain_zooms && !event.shiftKey)) {
    const at = event.offsetX / Math.max(1, timeline.width);
    const speed = Math.abs(y) < PINCH_STEP ? PINCH_ZOOM : WHEEL_ZOOM;
    store.set({ view: zoom(view, Math.exp(y * speed), at, summary.duration) });
    return;
  }
  const sideways = event.shiftKey && x === 0 ? y : x;
  if (sideways !== 0)
    store.set({ view: pan(view, sideways / Math.max(1, timeline.width), summary.duration) });
  if (!event.shiftKey) timeline.scroll_by(y, event.timeStamp);
}

/** Follows a drag until the button is let go, or the browser takes the pointer for itself. */
export function follow(
  element: HTMLElement,
  start: PointerEvent,
  move: (event: PointerEvent) => void,
  end: (event: PointerEvent, cancelled: boolean) => void = () => undefined,
): void {
  element.setPointerCapture(start.pointerId);
  const finish = (event: PointerEvent) => {
    stop.forEach((undo) => undo());
    end(event, event.type === "pointercancel");
  };
  const stop = [
    listen(element, "pointermove", move),
    listen(element, "pointerup", finish),
    listen(element, "pointercancel", finish),
  ];
}

interface ViewDrag {
  /** Up and down moves the lanes. */
  scrolls?: boolean;
  /** The button was let go where it was pressed. */
  on_click?(): void;
}

function drag_view(
  timeline: TimelineView,
  element: HTMLElement,
  start: PointerEvent,
  { scrolls, on_click }: ViewDrag,
): void {
  const { store, summary } = timeline;
  const { view } = store.state;
  const per_pixel = (view.to - view.from) / Math.max(1, timeline.width);
  const scroll = timeline.scroll;
  const move = (event: PointerEvent) => {
    const by = (start.clientX - event.clientX) * per_pixel;
    store.set({ view: fit({ from: view.from + by, to: view.to + by }, summary.duration) });
    if (scrolls) timeline.scroll_to(scroll + start.clientY - event.clientY);
  };
  follow(element, start, move, (event, cancelled) => {
    if (!cancelled && Math.abs(event.clientX - start.clientX) < DRAG_PIXELS) on_click?.();
  });
}

function drag_selection(
  timeline: TimelineView,
  overlay: HTMLElement,
  actions: Actions,
  start: PointerEvent,
): void {
  const { left, top } = overlay.getBoundingClientRect();
  const first = {
    time: timeline.time_at(start.clientX - left),
    y: start.clientY - top + timeline.scroll,
  };
  const move = (event: PointerEvent) => {
    const far = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY);
    if (!timeline.drag && far < DRAG_PIXELS) return;
    const x = Math.min(Math.max(event.clientX - left, 0), timeline.width);
    const y = Math.min(Math.max(event.clientY - top, 0), timeline.height - 1) + timeline.scroll;
    const time = timeline.time_at(x);
    const [from, to] = time < first.time ? [time, first.time] : [first.time, time];
    timeline.drag = {
      range: { from: Math.floor(from), to: Math.max(Math.ceil(to), Math.floor(from) + 1) },
      lanes: lanes_between(timeline.layout, first.y, y),
    };
    timeline.hover = null;
    timeline.invalidate_overlay(event.timeStamp);
  };
  follow(overlay, start, move, (event, cancelled) => {
    const { drag } = timeline;
    timeline.drag = null;
    timeline.invalidate_overlay();
    if (cancelled) return;
    if (drag) actions.select(drag.lanes, drag.range, event.shiftKey || event.ctrlKey);
    else actions.click({ x: event.clientX - left, y: event.clientY - top });
  });
}

/** Lanes: wheel, selection, click, double click, hover. */
export function watch_lanes(
  timeline: TimelineView,
  overlay: HTMLElement,
  actions: Actions,
  on_hover: (event: PointerEvent | null) => void,
): Undo {
  const stop = [
    listen(overlay, "wheel", (event) => {
      on_hover(null);
      on_wheel(timeline, event, false);
    }),
    listen(overlay, "pointerdown", (event) => {
      if (event.button === 1 || (event.button === 0 && event.altKey)) {
        event.preventDefault();
        drag_view(timeline, overlay, event, { scrolls: true });
      } else if (event.button === 0) {
        drag_selection(timeline, overlay, actions, event);
      }
    }),
    listen(overlay, "dblclick", (event) =>
      actions.double_click({ x: event.offsetX, y: event.offsetY }),
    ),
    listen(overlay, "pointermove", (event) => {
      if (timeline.drag) return on_hover(null);
      timeline.hover = { x: event.offsetX, y: event.offsetY };
      timeline.invalidate_overlay(event.timeStamp);
      on_hover(event);
    }),
    listen(overlay, "pointerleave", () => {
      timeline.hover = null;
      timeline.invalidate_overlay();
      on_hover(null);
    }),
  ];
  return () => stop.forEach((undo) => undo());
}

/** Names beside the lanes: the wheel does the same as over the lanes. */
export function watch_names(timeline: TimelineView, names: HTMLElement): Undo {
  return listen(names, "wheel", (event) => on_wheel(timeline, event, false));
}

/**
 * Overview: drag zooms to what was dragged over, a click goes there. Axis: drag pans, a click on a
 * freeze tells about it.
 */
export function watch_overview(
  timeline: TimelineView,
  canvas: HTMLElement,
  actions: Actions,
): Undo {
  const { store, summary } = timeline;
  const time_of = (x: number) => (x / Math.max(1, timeline.width)) * summary.duration;
  const drag_overview = (start: PointerEvent) => {
    const { left } = canvas.getBoundingClientRect();
    const first = start.clientX - left;
    const span = store.state.view.to - store.state.view.from;
    const centre = (x: number) => {
      const middle = time_of(x);
      store.set({
        view: fit({ from: middle - span / 2, to: middle + span / 2 }, summary.duration),
      });
    };
    const { view } = store.state;
    const is_on_window =
      time_of(first) >= view.from && time_of(first) <= view.to && span < summary.duration;
    follow(
      canvas,
      start,
      (event) => {
        const x = event.clientX - left;
        if (is_on_window) {
          const by = time_of(x) - time_of(first);
          store.set({ view: fit({ from: view.from + by, to: view.to + by }, summary.duration) });
        } else if (Math.abs(x - first) >= DRAG_PIXELS) {
          const [from, to] = x < first ? [x, first] : [first, x];
          store.set({ view: fit({ from: time_of(from), to: time_of(to) }, summary.duration) });
        }
      },
      (event, cancelled) => {
        const far = Math.abs(event.clientX - left - first);
        if (!cancelled && far < DRAG_PIXELS && !is_on_window) centre(first);
      },
    );
  };
  const freeze_at = (event: PointerEvent) =>
    event.offsetY < OVERVIEW_HEIGHT
      ? null
      : timeline.overview.freeze_at(event.offsetX, store.state.view);
  const stop = [
    listen(canvas, "wheel", (event) => on_wheel(timeline, event, true)),
    listen(canvas, "pointerdown", (event) => {
      if (event.button !== 0) return;
      if (event.offsetY < OVERVIEW_HEIGHT) drag_overview(event);
      else
        drag_view(timeline, canvas, event, {
          on_click: () => {
            const index = freeze_at(event);
            if (index !== null) actions.open_freeze(index);
          },
        });
    }),
    listen(canvas, "pointermove", (event) => {
      const index = freeze_at(event);
      const freeze = index === null ? null : summary.freezes[index];
      canvas.title = freeze ? `Freeze of ${duration(freeze.length)}: ${title_of(freeze)}` : "";
    }),
  ];
  return () => stop.forEach((undo) => undo());
}
