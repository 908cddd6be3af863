// The thread on which large ranges are built, and compared. It does no I/O: bytes in, bytes out.
import { parentPort } from 'node:worker_threads';
import type { RangeParameters } from '../ports/committed-store.js';
import { assert } from '../shared/assert.js';
import { compareCells } from './compare-blocks.js';
import { cellsOf, DifferenceWriter, type CellBatch } from './compare-codec.js';
import { MergeWriter } from './merge-writer.js';
import type { RecordCursor } from './merge-side.js';
import { RangeRewriter } from './range-rewriter.js';
import type { FromWorker, ToWorker } from './range-worker-messages.js';
import type { BuiltRange } from './range-writer.js';
import { countOf } from './rewrite-session.js';
import { TableCursor } from './table-cursor.js';
import { threeWayMerge, type MergeInput, type MergeSteps } from './three-way-merge.js';

interface Merge {
  readonly writer: MergeWriter;
  readonly steps: MergeSteps;
}

const port = parentPort;
const rewriters = new Map<number, RangeRewriter>();
const merges = new Map<number, Merge>();

port?.on('message', (message: ToWorker) => {
  const { session } = message;
  try {
    const said = handle(message);
    if (said)
      answer(said, said.kind === 'compared' ? [said.differences.buffer as ArrayBuffer] : []);
  } catch (error) {
    forget(session);
    const { name, message: text } = error instanceof Error ? error : new Error(String(error));
    answer({ session, kind: 'failed', name, message: text });
  }
});

function answer(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

function answerRange(session: number, range: BuiltRange, hasChanges: boolean): void {
  answer({ session, kind: 'range', range, hasChanges }, [range.file.buffer as ArrayBuffer]);
}

function forget(session: number): void {
  rewriters.delete(session);
  merges.delete(session);
}

function handle(message: ToWorker): FromWorker | undefined {
  const { session } = message;
  switch (message.kind) {
    case 'merge':
      return begun(session, message.input, message.parameters);
    case 'mergeFile':
      return goneOn(session, merges.get(session), new TableCursor(message.file));
    case 'compare':
      return compared(session, message.batch);
    case 'drop':
      forget(session);
      return { session, kind: 'done' };
    default:
      return rewritten(message);
  }
}

function begun(session: number, input: MergeInput, parameters: RangeParameters): FromWorker {
  const writer = new MergeWriter(parameters, (range) => answerRange(session, range, false));
  const merge = { writer, steps: threeWayMerge(input, writer) };
  merges.set(session, merge);
  return goneOn(session, merge, undefined);
}

/** Merges until a file is wanted. Nothing but messages waits here, so it takes no other turns. */
function goneOn(
  session: number,
  merge: Merge | undefined,
  file: RecordCursor | undefined,
): FromWorker {
  assert(merge, 'a merge is given files while it runs');
  let step = merge.steps.next(file);
  while (!step.done && !step.value) step = merge.steps.next(undefined);
  if (!step.done && step.value) return { session, kind: 'wanted', range: step.value };
  merges.delete(session);
  return { session, kind: 'merged', merged: merge.writer.finish() };
}

function compared(session: number, batch: CellBatch): FromWorker {
  const writer = new DifferenceWriter();
  compareCells(cellsOf(batch), batch, (key, left, right) => writer.add(key, left, right));
  return { session, kind: 'compared', differences: writer.toBytes() };
}

function rewritten(
  message: Exclude<ToWorker, { kind: 'merge' | 'mergeFile' | 'compare' | 'drop' }>,
): FromWorker {
  const { session } = message;
  const rewriter = rewriters.get(session);
  switch (message.kind) {
    case 'open':
      rewriters.set(session, opened(session, message.parameters));
      break;
    case 'openBase':
      rewriter?.openBase(message.base);
      break;
    case 'change':
      rewriter?.change(message.batch);
      break;
    case 'rows':
      rewriter?.rows(message.packed);
      break;
    case 'closeBase':
      rewriter?.closeBase();
      break;
    case 'end': {
      assert(rewriter, 'a session is ended once');
      const counts = rewriter.end();
      rewriters.delete(session);
      return { session, kind: 'ended', counts };
    }
  }
  return { session, kind: 'done' };
}

function opened(session: number, parameters: RangeParameters): RangeRewriter {
  const rewriter: RangeRewriter = new RangeRewriter(parameters, (range) => {
    answerRange(session, range, countOf(rewriter.counts) > 0);
  });
  return rewriter;
}
