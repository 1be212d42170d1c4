// An answer that follows a question which changes while the user drags: asked when the question has
// stood still for a moment, answers to questions of before are dropped, and the last answer stays on
// the screen until the next is there. A failure is one sentence and can be retried.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

// Longer than the steps of a drag, shorter than a reader notices.
const STANDS_STILL_MS = 120;

export interface Answer<T> {
  /** Of the last question answered; null before the first. */
  value: T | null;
  /** The value is of a question of before. */
  is_old: boolean;
  error: string | null;
  retry(): void;
}

/** `key` says when the question is another one; null: nobody wants the answer now. */
export function use_answer<T>(key: string | null, ask: () => Promise<T>): Answer<T> {
  const [got, set_got] = useState<{ key: string | null; value: T | null; error: string | null }>({
    key: null,
    value: null,
    error: null,
  });
  const [attempt, set_attempt] = useState(0);
  const asked_before = useRef(false);

  useEffect(() => {
    if (key === null || (got.key === key && got.error === null)) return;
    let wanted = true;
    const start = () => {
      asked_before.current = true;
      ask().then(
        (value) => wanted && set_got({ key, value, error: null }),
        (error) => wanted && set_got((last) => ({ ...last, key, error: sentence_of(error) })),
      );
    };
    const timer = setTimeout(start, asked_before.current ? STANDS_STILL_MS : 0);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
    // `ask` is another function at every call: the key alone says whether the question is.
  }, [key, attempt]);

  const retry = useCallback(() => {
    set_got((last) => ({ ...last, key: null, error: null }));
    set_attempt((n) => n + 1);
  }, []);
  return {
    value: got.value,
    is_old: key !== null && got.key !== key,
    error: got.key === key ? got.error : null,
    retry,
  };
}

function sentence_of(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text || "the question was not answered";
}
