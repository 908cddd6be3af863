/** What a command ends with. Contract: scripts compare these. */
export const ExitCode = {
  ok: 0,
  /** Something that has no code of its own. */
  failed: 1,
  /** The command, an option or the configuration is wrong; nothing was begun. */
  usage: 2,
  /** Done, and what was compared is not equal. */
  differs: 3,
  /** Another process has the data folder. */
  dataInUse: 4,
  /** Postgres cannot be started, or the data folder not be used. */
  postgres: 5,
  /** The address to listen on is taken or not ours. */
  listen: 6,
  /** The disk or the database lost what it was given, or a check inside found a bug. */
  damaged: 7,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What each says, in a line; for `--help` and docs/cli.md. */
export const ABOUT_EXIT_CODES: Readonly<Record<keyof typeof ExitCode, string>> = {
  ok: 'done',
  failed: 'something that has no code of its own; the line on stderr says what',
  usage: 'the command, an option or the configuration is wrong; nothing was begun',
  differs: 'done, and what was compared is not equal',
  dataInUse: 'another process has the data folder',
  postgres: 'Postgres cannot be started or has ended, or the data folder cannot be used',
  listen: 'the address to listen on is taken or not ours',
  damaged: 'the disk or the database lost what it was given, or a check inside found a bug',
};
