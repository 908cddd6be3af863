import type { InForce } from '../config/read-config.js';
import type { ServerConfig } from '../config/server.config.js';
import type { ExitCode } from './exit-code.js';
import type { Output } from './output.js';
import type { Progress } from './progress.js';

export interface CliOption {
  readonly type: 'string' | 'boolean';
  readonly help: string;
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** One command of the command line. */
export interface CliCommand {
  readonly name: string;
  readonly summary: string;
  /** Beside the flags of the configuration, `--json` and `--help`, which every command takes. */
  readonly options: Readonly<Record<string, CliOption>>;
  run(options: OptionValues, services: CliServices): Promise<ExitCode>;
}

export interface ProjectionRow {
  readonly projection: string;
  /** Of this program. */
  readonly version: number;
  /** Of what is in use; undefined: nothing was ever written. */
  readonly storedVersion: number | undefined;
  readonly isBuilding: boolean;
}

export interface RebuildResult {
  readonly projection: string;
  /** Events read, rows written, and rows that differ from the view in use. */
  readonly events: number;
  readonly writes: number;
  readonly differing: number;
  /** The first of the rows that differ. */
  readonly rows: readonly DifferingName[];
}

export interface DifferingName {
  readonly partition: string;
  /** As text; bytes that are no UTF-8 as replacement characters. */
  readonly key: string;
  /** `missing` in the view in use, `extra` there, or there with another value. */
  readonly is: 'missing' | 'extra' | 'other';
}

/** Builds views anew; opened by the one who starts the command. */
export interface ProjectionRebuilder {
  list(): Promise<readonly ProjectionRow[]>;
  /** @param options.swap  false: build and compare, and leave the view in use */
  rebuild(
    projections: readonly string[],
    options: { readonly swap: boolean },
  ): Promise<readonly RebuildResult[]>;
}

/** Of a piece of work: events done, and the part of all of it, 0 to 1. */
export type OnProgress = (done: { readonly count: number; readonly part: number }) => void;

export interface VerifiedStreams {
  readonly events: number;
  /** The first event that differs, in words; undefined: none does. */
  readonly difference: string | undefined;
  /** Left out when events differ, or when the archive is not of all of a log. */
  readonly views: readonly {
    readonly view: string;
    readonly rows: number;
    readonly sha256: string;
    /** How it differs, with the first row that does; undefined: it does not. */
    readonly is: string | undefined;
  }[];
}

export type StreamsScope =
  { readonly kind: 'all' } | { readonly kind: 'repository'; readonly name: string };

/** Moves event streams between a log and a folder; opened by the one who starts the command. */
export interface StreamsMover {
  export(
    wish: { readonly folder: string; readonly scope: StreamsScope; readonly after: number },
    onProgress: OnProgress,
  ): Promise<{ readonly events: number; readonly parts: number; readonly position: number }>;
  import(
    wish: { readonly folder: string; readonly as?: string },
    onProgress: OnProgress,
  ): Promise<{ readonly written: number; readonly known: number }>;
  verify(
    wish: { readonly folder: string; readonly as?: string },
    onProgress: OnProgress,
  ): Promise<VerifiedStreams>;
  seal(note: string): Promise<void>;
  unseal(): Promise<void>;
}

/** Checks the index of the audit; opened by the one who starts the command. */
export interface AuditChecker {
  verify(
    options: { readonly repairs: boolean },
    onProgress: OnProgress,
  ): Promise<{
    /** Looked at, and what sums them up. */
    readonly events: number;
    readonly summaries: number;
    readonly faults: readonly {
      readonly partition: string;
      readonly key: string;
      readonly is: 'missing' | 'extra' | 'other';
    }[];
  }>;
}

export interface Versions {
  readonly moraine: string;
  /** Of lakeFS, whose API this program speaks. */
  readonly api: string;
  readonly node: string;
}

/** What a command may use. */
export interface CliServices {
  readonly out: Output;
  readonly inForce: InForce;
  readonly versions: Versions;
  /** Begins a line that tells how far a piece of work is. */
  progress(what: string): Progress;
  /** Returns after a while; false: somebody has asked the process to end. */
  waitForRound(): Promise<boolean>;
  /** Resolves with the code to exit with, when the server has stopped. */
  serve(config: ServerConfig): Promise<ExitCode>;
  /** The same, of a log without the rest. */
  serveLog(config: ServerConfig): Promise<ExitCode>;
  /** Opens the stores that the configuration names, and closes them after the work. */
  withRebuilder<Result>(
    config: ServerConfig,
    work: (rebuilder: ProjectionRebuilder) => Promise<Result>,
  ): Promise<Result>;
  /** Opens the log that the configuration names, and closes it after the work. */
  withStreams<Result>(
    config: ServerConfig,
    work: (streams: StreamsMover) => Promise<Result>,
  ): Promise<Result>;
  /** Opens log and index that the configuration names, and closes them after the work. */
  withAudit<Result>(
    config: ServerConfig,
    work: (audit: AuditChecker) => Promise<Result>,
  ): Promise<Result>;
}

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
