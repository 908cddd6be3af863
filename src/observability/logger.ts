import { type DestinationStream, destination, type LevelWithSilent, type Logger, pino } from 'pino';

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

/**
 * Returns a logger that writes one JSON a line; to stderr, where nothing else is told apart.
 *
 * @param to  left out: stderr, written at once, so that the last line before an exit is there
 */
export function newLogger(level: LevelWithSilent, to?: DestinationStream): Logger {
  const paths = HIDDEN_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    { level, base: { service: 'moraine' }, redact: { paths, censor: '[hidden]' } },
    to ?? destination({ dest: 2, sync: true }),
  );
}
