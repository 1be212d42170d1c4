// What a lane did at the point that was clicked: state, reason, length; of a wait also the stack
// that blocked and who ended it, from where.

import type { Actions } from "./actions";
import { words_of } from "./classes";
import { duration, moment } from "./format";
import { Close } from "./icons";
import { frame_name } from "./panel_words";
import { name_of } from "./rows";
import type { At, Names, Summary } from "./source";
import { type Inspected, type Store, use_state } from "./state";

interface Props {
  store: Store;
  summary: Summary;
  names: Names;
  actions: Actions;
}

export function Details({ store, summary, names, actions }: Props) {
  const { inspected } = use_state(store, "inspected");
  if (!inspected) return null;
  const { view } = store.state;
  const is_right = inspected.time > (view.from + view.to) / 2;
  return (
    <aside
      class={`card details${is_right ? " on-left" : ""}`}
      aria-label="Details"
      aria-live="polite"
    >
      <button class="tool close" aria-label="Close" onClick={() => store.set({ inspected: null })}>
        <Close />
      </button>
      <h2>{name_of(summary.lanes[inspected.lane])}</h2>
      {inspected.at === null ? (
        <p class="faint">…</p>
      ) : (
        <Slice
          inspected={inspected}
          at={inspected.at}
          summary={summary}
          names={names}
          actions={actions}
        />
      )}
    </aside>
  );
}

interface SliceProps {
  inspected: Inspected;
  at: At;
  summary: Summary;
  names: Names;
  actions: Actions;
}

function Slice({ inspected, at, summary, names, actions }: SliceProps) {
  const { slice, waker, thread } = at;
  if (!slice) return <p>Nothing is known of this lane at {moment(inspected.time, 1e4)}.</p>;
  const { kind } = summary.classes[slice.class];
  const length = slice.end - slice.start;
  return (
    <>
      <p class="slice">
        <i class="swatch" style={{ background: `var(--class-${slice.class})` }} />
        <b>{words_of(summary.classes[slice.class])}</b>
        <b>{duration(length)}</b>
        {thread == null && slice.cpu !== null && (kind === "running" || kind === "stalled") && (
          <span class="faint">on CPU {slice.cpu}</span>
        )}
        <span class="faint">from {moment(slice.start, length / 100)}</span>
      </p>
      {thread != null && (
        <p class="waker">
          <span>thread</span>
          <button class="link" onClick={() => actions.go_to(thread, inspected.time)}>
            {name_of(summary.lanes[thread])} →
          </button>
        </p>
      )}
      <Stack
        title={kind === "waiting" ? "blocked in" : "stack"}
        node={slice.node}
        names={names}
        summary={summary}
      />
      {kind === "waiting" && (
        <Waker waker={waker} end={slice.end} summary={summary} names={names} actions={actions} />
      )}
    </>
  );
}

interface WakerProps {
  waker: At["waker"];
  end: number;
  summary: Summary;
  names: Names;
  actions: Actions;
}

function Waker({ waker, end, summary, names, actions }: WakerProps) {
  if (!waker) {
    const words =
      end >= summary.duration
        ? "It still waited when the capture ended."
        : "Who ended it is not recorded.";
    return <p class="faint">{words}</p>;
  }
  const { lane } = waker;
  const name = waker.name
    ? `${waker.name} ${waker.tid}`
    : waker.tid > 0
      ? `thread ${waker.tid}`
      : "an interrupt";
  return (
    <>
      <p class="waker">
        <span>woken by</span>
        {lane === null ? (
          <b>{name}</b>
        ) : (
          <button class="link" onClick={() => actions.go_to(lane, waker.time)}>
            {name} →
          </button>
        )}
        <span class="faint">at {moment(waker.time, 1e3)}</span>
      </p>
      <Stack title="from" node={waker.node} names={names} summary={summary} />
    </>
  );
}

interface StackProps {
  title: string;
  node: number;
  names: Names;
  summary: Summary;
}

/** Innermost function first, as in a debugger. */
function Stack({ title, node, names, summary }: StackProps) {
  if (node === 0) return null;
  const path = names.path(node).reverse();
  const frame = (one: number) => {
    const fn = names.functions[one];
    return (
      <li class={names.kernel[fn] ? "kernel" : undefined} title={names.modules[fn]}>
        {frame_name(names, summary, fn)}
        {names.lines[one] > 0 && <span class="faint"> :{names.lines[one]}</span>}
      </li>
    );
  };
  const of_program = path.findIndex((one) => !names.kernel[names.functions[one]]);
  // The program's own frames are what its author knows: the kernel's above them fold into one line.
  const folded = of_program > 1 ? path.slice(0, of_program) : [];
  return (
    <section class="stack">
      <h3>{title}</h3>
      {folded.length > 0 && (
        <details>
          <summary class="faint">{folded.length} frames in the kernel</summary>
          <ol>{folded.map(frame)}</ol>
        </details>
      )}
      <ol>{path.slice(folded.length).map(frame)}</ol>
    </section>
  );
}
