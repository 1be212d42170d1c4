// What all panels have: their frame with the words about what is shown and "copy as text", and the
// sentences for the times when there is nothing to show.

import { createContext, type ComponentChildren, type JSX } from "preact";
import { useContext } from "preact/hooks";
import { use_copy } from "./clipboard";
import type { Names, Summary } from "./source";
import type { Theme } from "./theme";
import type { Answer } from "./use_answer";

/** What every panel needs to show functions. */
export interface Shown {
  names: Names;
  summary: Summary;
  theme: Theme;
  highlight: number | null;
  on_highlight(fn: number | null): void;
}

/** Highlights a function, or no longer if it is; classes and the like never are. */
export function toggle_highlight(
  { highlight, on_highlight }: Pick<Shown, "highlight" | "on_highlight">,
  fn: number,
): void {
  on_highlight(fn < 0 || fn === highlight ? null : fn);
}

/** A function's name with what it is, not by colour alone. */
export function FrameName(props: {
  name: string;
  kernel: boolean;
  inlined?: boolean;
}): JSX.Element {
  return (
    <span class="frame-name">
      {props.kernel && <abbr title="in the kernel">k</abbr>}
      {props.inlined && <abbr title="inlined into its caller">i</abbr>}
      {props.name}
    </span>
  );
}

export function Bar(props: { children?: ComponentChildren; text?: () => string }): JSX.Element {
  return (
    <div class="panel-bar">
      {props.children}
      <span class="push" />
      {props.text && <CopyButton text={props.text} />}
    </div>
  );
}

/** Line above everything that is copied: of what it is. */
export const CopyHeading = createContext("");

export function CopyButton(props: { text: () => string }): JSX.Element {
  const heading = useContext(CopyHeading);
  const { copied, copy } = use_copy();
  return (
    <button
      type="button"
      class="copy"
      onClick={() => void copy(`${heading}\n\n${props.text()}`)}
      aria-live="polite"
    >
      {copied === null ? "Copy as text" : copied ? "Copied" : "The browser refused"}
    </button>
  );
}

interface ToggleProps<T extends string> {
  label: string;
  choices: { value: T; words: string; disabled?: string }[];
  chosen: T;
  on_choose(value: T): void;
}

/** A few choices of which one holds. */
export function Toggle<T extends string>(props: ToggleProps<T>): JSX.Element {
  return (
    <span class="toggle" role="group" aria-label={props.label}>
      {props.choices.map(({ value, words, disabled }) => (
        <button
          type="button"
          aria-pressed={value === props.chosen}
          disabled={disabled !== undefined}
          title={disabled}
          onClick={() => props.on_choose(value)}
        >
          {words}
        </button>
      ))}
    </span>
  );
}

export function Sentence(props: { children: ComponentChildren }): JSX.Element {
  return (
    <div class="panel-sentence" role="status">
      <p>{typeof props.children === "string" ? with_options(props.children) : props.children}</p>
    </div>
  );
}

/** Options of the command line stay on one line and are told from the words around them. */
function with_options(text: string): ComponentChildren[] {
  return text
    .split(/(--[a-z-]+(?: (?:none|auto))?)/)
    .map((part) => (part.startsWith("--") ? <code>{part}</code> : part));
}

interface AnsweredProps<T> {
  answer: Answer<T>;
  /** The sentence for a value that has nothing to show, else null. */
  empty(value: T): string | null;
  children(value: T): ComponentChildren;
}

/** The value, or in words why there is none. An old value stays, fainter, while the next is on its way. */
export function Answered<T>(props: AnsweredProps<T>): JSX.Element {
  const { value, error, is_old, retry } = props.answer;
  if (error !== null)
    return (
      <div class="panel-sentence" role="alert">
        <p>
          No answer: {error.replace(/\.$/, "")}.{" "}
          <button type="button" onClick={retry}>
            Try again
          </button>
        </p>
      </div>
    );
  if (value === null) return <Sentence>Adding up the stacks …</Sentence>;
  const words = props.empty(value);
  if (words !== null && !is_old) return <Sentence>{words}</Sentence>;
  return (
    <div class={is_old ? "panel-content old" : "panel-content"} aria-busy={is_old}>
      {words === null && props.children(value)}
    </div>
  );
}

/** Why a selection has no samples, and what to do. */
export function no_samples(summary: Summary, lanes: number): string {
  if (lanes === 0) return "Nothing is selected: drag over threads in the timeline.";
  if (!summary.has.samples && summary.clock === "none")
    return "This capture has no samples: it was recorded with --clock none. Record with --clock auto to see where time went.";
  if (!summary.has.samples)
    return "No sample of this capture has a stack: it was recorded with --stacks none, or nothing ran. Record with --stacks auto.";
  return "No sample is in this selection. Select a longer time, or threads that ran (green) in it.";
}

export function no_waits(summary: Summary, lanes: number): string {
  if (lanes === 0) return "Nothing is selected: drag over threads in the timeline.";
  if (!summary.has.waits)
    return "No wait of this capture has a stack: it was recorded with --no-switch-stacks or --stacks none. Record without them to see what threads wait for.";
  return "Nobody waits in this selection. Select a longer time or other threads.";
}

export function no_wakers(summary: Summary): string | undefined {
  if (summary.has.wakers) return undefined;
  return "This capture has no stacks of wakers: it was recorded with --no-waker-stacks";
}
