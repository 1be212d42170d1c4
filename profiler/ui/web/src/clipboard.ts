// Copying, in whatever way the browser lets the page.

import { useState } from "preact/hooks";

const SAID_MS = 1500;

/** `copied`: for a moment after copying, whether it could; else null. */
export function use_copy(): { copied: boolean | null; copy(text: string): Promise<void> } {
  const [copied, set_copied] = useState<boolean | null>(null);
  const copy = async (text: string) => {
    set_copied(await put_on_clipboard(text));
    setTimeout(() => set_copied(null), SAID_MS);
  };
  return { copied, copy };
}

async function put_on_clipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages of files and of plain HTTP have no clipboard object; the old way works there.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden-words";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
