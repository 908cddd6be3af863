/** What a client asks of the service. A body and a message stand in one operation only. */
export type Operation =
  | {
      readonly do: 'put';
      readonly branch: string;
      readonly path: string;
      readonly body: string;
      /** Only where no object is. */
      readonly isIfAbsent: boolean;
    }
  | { readonly do: 'delete'; readonly branch: string; readonly path: string }
  | { readonly do: 'stat'; readonly branch: string; readonly path: string }
  /** A page of what it shows. */
  | {
      readonly do: 'list';
      readonly branch: string;
      readonly after: string;
      readonly amount: number;
    }
  | { readonly do: 'diff'; readonly branch: string }
  | { readonly do: 'head'; readonly branch: string }
  /** Everything that a commit holds, which somebody has heard of. */
  | { readonly do: 'tree'; readonly commit: string }
  | { readonly do: 'commit'; readonly branch: string; readonly message: string }
  | {
      readonly do: 'merge';
      readonly branch: string;
      readonly source: string;
      readonly message: string;
      readonly strategy: Strategy;
    }
  /** Takes back on a branch what a commit changed, or brings it there. */
  | {
      readonly do: 'revert' | 'pick';
      readonly branch: string;
      readonly commit: string;
      readonly message: string;
    }
  /** Brings objects from elsewhere; it is begun, and asked about until it has ended. */
  | {
      readonly do: 'import';
      readonly branch: string;
      readonly message: string;
      readonly sources: readonly ImportedSource[];
      /** Whether its client takes it back as soon as it is begun. */
      readonly isCancelled: boolean;
    }
  | { readonly do: 'reset'; readonly branch: string }
  | { readonly do: 'create'; readonly branch: string; readonly source: string }
  | { readonly do: 'drop'; readonly branch: string };

/** One object, or a folder: its files by their names. Takes the place of what stands there. */
export type ImportedSource =
  | { readonly kind: 'object'; readonly path: string; readonly body: string }
  | {
      readonly kind: 'prefix';
      readonly prefix: string;
      readonly bodies: Readonly<Record<string, string>>;
    };

export type Strategy = 'default' | 'source-wins' | 'dest-wins';

/** Path → what identifies an object's bytes, or the kind of a difference. */
export type Entries = ReadonlyMap<string, string>;

export type Refusal =
  | 'not_found'
  | 'path_exists'
  | 'branch_exists'
  | 'no_changes'
  | 'dirty'
  | 'conflict'
  | 'no_merge_base'
  | 'cancelled'
  /** As none of these histories may end. */
  | 'broken';

/** What a client was told. After `unknown` it may have happened, or may happen yet, or never. */
export type Answer =
  | { readonly is: 'done'; readonly commit?: string }
  | { readonly is: 'value'; readonly value: string | undefined }
  | { readonly is: 'entries'; readonly entries: Entries | undefined }
  | { readonly is: 'refused'; readonly why: Refusal }
  | { readonly is: 'unknown'; readonly why: string };

/** One operation as its client saw it; times of one monotonic clock. */
export interface Recorded {
  readonly number: number;
  readonly client: number;
  readonly node: number;
  readonly operation: Operation;
  readonly invokedNs: bigint;
  readonly returnedNs: bigint;
  readonly answer: Answer;
  /** What the service calls the request, where that is known: names its events. */
  readonly requestId: string | undefined;
}

/** A node as clients reach it. */
export interface Target {
  /** Never rejects: what went wrong is an answer too. */
  send(operation: Operation): Promise<{ answer: Answer; requestId: string | undefined }>;
}

/** Returns an operation and its answer as a line. */
export function told({ operation, answer, ...of }: Recorded): string {
  const text = JSON.stringify(answer, (_, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value) : value,
  );
  const ms = (ns: bigint): string => (Number(ns) / 1e6).toFixed(2);
  const who = `#${of.number} client ${of.client} node ${of.node}`;
  const when = `${ms(of.invokedNs)}–${ms(of.returnedNs)} ms`;
  return `${who} ${when}: ${JSON.stringify(operation)} → ${text.slice(0, ANSWER_LENGTH_MAX)}`;
}

const ANSWER_LENGTH_MAX = 600;
