// What several elements do alike: keys of their own, and scrolling.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** A handler of keys; `act` is false for those that are not the element's: the page has them. */
export function own_keys<T extends HTMLElement>(
  act: (key: string, element: T) => boolean,
): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (!act(event.key, event.currentTarget as T)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

/** What is seen of an element that scrolls, in CSS pixels. */
interface Seen {
  top: number;
  width: number;
  height: number;
}

/** `look`: to be called when it was scrolled. */
export function use_scroller(): { scroller: RefObject<HTMLDivElement>; seen: Seen; look(): void } {
  const scroller = useRef<HTMLDivElement>(null);
  const [seen, set_seen] = useState<Seen>({ top: 0, width: 0, height: 0 });
  const look = () => {
    const { scrollTop: top, clientWidth: width, clientHeight: height } = scroller.current!;
    set_seen((last) =>
      last.top === top && last.width === width && last.height === height
        ? last
        : { top, width, height },
    );
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(scroller.current!);
    look();
    return () => observer.disconnect();
  }, []);
  return { scroller, seen, look };
}

/** Scrolls as little as is needed to have [top, top + height) of what it holds on the screen. */
export function scroll_into_view(element: HTMLElement, top: number, height: number): void {
  if (top < element.scrollTop) element.scrollTop = top;
  const least = top + height - element.clientHeight;
  if (least > element.scrollTop) element.scrollTop = least;
}
