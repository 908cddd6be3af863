import {
  type DestinationStream,
  destination,
  type Level,
  type LevelWithSilent,
  type Logger,
  pino,
} from 'pino';
import { assert } from '../shared/assert.js';

export type { Logger } from 'pino';

/** Names under which a secret might come along; what stands there is never written. */
const HIDDEN_NAMES = [
  'authorization',
  'cookie',
  'password',
  'secretAccessKey',
  'secret_access_key',
  'secretKey',
  'token',
];
/** Lines below an error are written together: a write a request would cost more than the line. */
const TOGETHER_BYTES = 8 * 1024;
const ERROR = 50;

/**
 * Returns a logger that writes one JSON a line; to stderr, where nothing else is told apart.
 *
 * @param to  left out: stderr. An error and worse is there when the call returns; the rest when
 *   enough has come together, or when somebody calls `flush`, which should be now and then
 */
export function newLogger(level: LevelWithSilent, to?: DestinationStream): Logger {
  const paths = HIDDEN_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const stream = to ?? stderrTogether();
  const logger = pino(
    { level, base: { service: SERVICE }, redact: { paths, censor: '[hidden]' } },
    stream,
  );
  streams.set(logger, stream);
  return logger;
}

/** Writes one line of a level; `fields` is the rest of its JSON, each field with a comma before. */
export type LineWriter = (level: Level, nowMs: number, fields: string) => void;

/** Returns what writes whole lines of who puts them together to where a logger writes its own. */
export function writerOf(logger: Logger): LineWriter {
  const stream: (DestinationStream & { lastLevel?: number }) | undefined = streams.get(logger);
  assert(stream, 'the logger is one of ours');
  return (level, nowMs, fields) => {
    const number = pino.levels.values[level] ?? 0;
    stream.lastLevel = number;
    stream.write(`{"level":${number},"time":${nowMs},"service":"${SERVICE}"${fields}}\n`);
  };
}

const SERVICE = 'moraine';
const streams = new WeakMap<Logger, DestinationStream>();

function stderrTogether(): DestinationStream {
  const stderr = destination({ dest: 2, sync: true });
  let waiting = '';
  const flush = (): void => {
    const lines = waiting;
    waiting = '';
    if (lines !== '') stderr.write(lines);
  };
  return {
    // By this mark pino says which level a line has.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string): void {
      waiting += line;
      if (this.lastLevel >= ERROR || waiting.length > TOGETHER_BYTES) flush();
    },
    flush,
    flushSync: flush,
  } as DestinationStream & { lastLevel: number };
}
