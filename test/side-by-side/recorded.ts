import { createHash } from 'node:crypto';
import type { Seen } from './run-history.js';
import { SideFault } from './side.js';
import type { Step } from './step.js';

/** What lakeFS answered to a step, with its listing as a hash: the whole would be megabytes. */
export interface RecordedStep {
  readonly step: Step;
  readonly status: number;
  readonly body?: unknown;
  readonly head?: number;
  readonly metaRange?: string;
  /** Of the rest of what the branch showed, SHA-256 of its JSON. */
  readonly shown?: string;
}

export interface RecordedHistory {
  readonly seed: number;
  readonly steps: readonly RecordedStep[];
}

export interface Recording {
  /** Where it comes from. */
  readonly origin: string;
  readonly histories: readonly RecordedHistory[];
}

export function recordedOf(step: Step, seen: Seen | SideFault | undefined): RecordedStep {
  if (!seen || seen instanceof SideFault) throw new Error(`nothing was seen: ${seen?.message}`);
  const { status, body, branch } = seen;
  if (!branch) return { step, status, ...(body === undefined ? {} : { body }) };
  const { head, metaRange, ...rest } = branch;
  const shown = createHash('sha256')
    .update(JSON.stringify(sorted(rest)))
    .digest('hex');
  return { step, status, head, metaRange, shown };
}

/** The same value for the same content, whatever order a server writes its fields in. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
