/** The messages of the `.proto` files beside this one, as far as the server uses them. */

/** 64 bits. What a client sent is always the object; what we send may be a number. */
export interface Bits64 {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}
export type U64 = number | Bits64;

export type Empty = Readonly<Record<string, never>>;

export interface Uuid {
  readonly form?: 'structured' | 'string';
  readonly string?: string | null;
  readonly structured?: { readonly most: U64; readonly least: U64 } | null;
}

export interface StreamIdentifier {
  readonly name: Uint8Array;
}

export interface Position {
  readonly commit: U64;
  readonly prepare: U64;
}

export interface Timestamp {
  readonly seconds: U64;
  readonly nanos: number;
}

export interface ReadReq {
  readonly options: ReadOptions | null;
}

export interface ReadOptions {
  readonly what?: 'stream' | 'all';
  readonly stream: ReadOfStream | null;
  readonly all: ReadOfAll | null;
  /** 0 forwards, 1 backwards. */
  readonly direction: number;
  readonly resolveLinks: boolean;
  readonly extent?: 'count' | 'subscription';
  readonly count: Bits64;
  readonly filtering?: 'filter' | 'noFilter';
  readonly filter: Filter | null;
  readonly uuidForm: { readonly form?: 'structured' | 'string' } | null;
  readonly control: { readonly compatibility: number } | null;
}

export interface ReadOfStream {
  readonly stream: StreamIdentifier | null;
  readonly from?: 'revision' | 'start' | 'end';
  readonly revision: Bits64;
}

export interface ReadOfAll {
  readonly from?: 'position' | 'start' | 'end';
  readonly position: { readonly commit: Bits64; readonly prepare: Bits64 } | null;
}

export interface Filter {
  readonly by?: 'streamName' | 'eventType';
  readonly streamName: Expression | null;
  readonly eventType: Expression | null;
  readonly window?: 'max' | 'unbounded';
  readonly max: number;
  readonly checkpointIntervalMultiplier: number;
}

export interface Expression {
  readonly regex: string;
  readonly prefixes: readonly string[];
}

export interface ReadResp {
  readonly event?: ReadEvent;
  readonly confirmation?: { readonly subscriptionId: string };
  readonly checkpoint?: Position & { readonly at: Timestamp };
  readonly streamNotFound?: { readonly stream: StreamIdentifier };
  readonly firstRevision?: U64;
  readonly lastRevision?: U64;
  readonly caughtUp?: {
    readonly at: Timestamp;
    readonly revision?: number;
    readonly position?: Position;
  };
}

export interface ReadEvent {
  readonly event?: Recorded;
  readonly link?: Recorded;
  readonly commit?: U64;
  readonly noPosition?: Empty;
}

export interface Recorded {
  readonly id: Uuid;
  readonly stream: StreamIdentifier;
  readonly revision: U64;
  readonly prepare: U64;
  readonly commit: U64;
  readonly metadata: Readonly<Record<string, string>>;
  readonly customMetadata: Uint8Array;
  readonly data: Uint8Array;
}

export type ExpectedField = 'revision' | 'noStream' | 'any' | 'streamExists';

/** Which stream, and what it has to be. */
export interface Target {
  readonly stream: StreamIdentifier | null;
  readonly expected?: ExpectedField;
  readonly revision: Bits64;
}

export interface Proposed {
  readonly id: Uuid | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly customMetadata: Uint8Array;
  readonly data: Uint8Array;
}

export interface AppendReq {
  readonly content?: 'options' | 'event';
  readonly options: Target | null;
  readonly event: Proposed | null;
}

export interface Appended {
  readonly currentRevision?: U64;
  readonly noStream?: Empty;
  readonly position?: Position;
  readonly noPosition?: Empty;
}

export interface AppendResp {
  readonly success?: Appended;
  readonly wrongExpectedVersion?: object;
}

export interface BatchAppendReq {
  readonly correlationId: Uuid | null;
  readonly options:
    | (Target & {
        readonly until?: 'deadlineAt' | 'deadlineIn';
        readonly deadlineAt: { readonly seconds: Bits64; readonly nanos: number } | null;
        readonly deadlineIn: { readonly seconds: Bits64; readonly nanos: number } | null;
      })
    | null;
  readonly events: readonly Proposed[];
  readonly isFinal: boolean;
}

export interface Status {
  readonly code: number;
  readonly message: string;
  readonly details: { readonly typeUrl: string; readonly value: Uint8Array };
}

export interface BatchAppendResp {
  readonly correlationId: Uuid;
  readonly error?: Status;
  readonly success?: Appended;
  readonly stream?: StreamIdentifier;
  readonly revision?: U64;
  readonly noStream?: Empty;
  readonly any?: Empty;
  readonly streamExists?: Empty;
}

export interface DeleteReq {
  readonly options: Target | null;
}

export interface DeleteResp {
  readonly position?: Position;
  readonly noPosition?: Empty;
}
